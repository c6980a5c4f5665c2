"""The readers of a gallery's database and of its lock: through the store and through the façade."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from engine.errors import FaceGalleryError, GalleryBusyError, GalleryError, UnknownIdentityError
from engine.gallery import Gallery
from engine.records.types import FaceBatch
from engine.store import Store
from engine.store.cipher import Key
from engine.store.lifecycle import WriterLock
from engine.utils.gallery_folder import LOCK_HOLDER
from tests.fuzz.databases import compact, edit_database
from tests.fuzz.forms import DOCUMENT, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.reading_faces import rows
from tests.fuzz.reading_models import made_up_version
from tests.fuzz.typed import require_typed


def _read_database(data: bytes, folder: Path) -> None:
    (folder / "gallery.db").write_bytes(data)
    ask_everything(folder)


def ask_everything(folder: Path, key: Key | None = None) -> None:
    """Everything that can be asked of a gallery, for reading and then for writing."""
    for write in (False, True):
        with Store.open(folder, write=write, passphrase=key) as store:
            require(isinstance(store.dimension, int), "a dimension that is no number")
            require(store.distance in ("cosine", "euclidean"), "a distance that is none")
            for ask in _QUESTIONS:
                _refused_at_most(ask, store)
            if write:
                _refused_at_most(_change, store)


def _refused_at_most(ask: Callable[[Store], object], store: Store) -> None:
    try:
        ask(store)
    except GalleryError as error:
        require(error.problem and error.remedy, "a refusal that says too little")


def _ask_people(store: Store) -> None:
    for one in store.people.all():
        require_typed(one)
        require(store.people.find(one.name) is not None, "an identity that is not there")
        for face in store.faces.of_identity(one.id):
            require_typed(face)
            photo = store.faces.thumbnail(face.id)
            require(photo is None or isinstance(photo, bytes), "a photo of another type")


def _ask_vectors(store: Store) -> None:
    faces, owners, found = store.faces.vectors()
    require(found.shape == (len(faces), store.dimension), "vectors of another shape")
    require(len(owners) == len(faces), "columns of different length")
    some = store.faces.vectors(np.array([3, 1, 99], dtype=np.int64))[2]
    require(some.shape[1:] == (store.dimension,), "vectors of another shape")


def _ask_models(store: Store) -> None:
    for one in store.models.all():
        require_typed(one)
        require(Path(one.id).name == one.id, "a version that leads out of the gallery")


def _ask_history(store: Store) -> None:
    for entry in store.history.entries():
        require_typed(entry)


def _ask_rest(store: Store) -> None:
    require(
        all(isinstance(count, int) for count in store.people.counts()), "a count that is no number"
    )
    require(isinstance(store.settings.get("fingerprint"), str | None), "a setting of another type")


def _ask_decisions(store: Store) -> None:
    rejected, owners = store.decisions.rejected_vectors()
    require(rejected.shape == (len(owners), store.dimension), "vectors of another shape")
    if store.dimension <= 64:
        store.decisions.rejections(np.ones((2, store.dimension), np.float32))
        store.faces.find_exact(np.ones((2, store.dimension), np.float32))


def _ask_soundness(store: Store) -> None:
    require(all(isinstance(one, str) for one in store.checks.problems()), "a sentence that is none")


def _change(store: Store) -> None:
    if store.dimension <= 64:
        store.faces.add(_batch(store.dimension, "Zoë"))


_QUESTIONS: tuple[Callable[[Store], object], ...] = (
    *(_ask_people, _ask_vectors, _ask_models, _ask_history),
    *(_ask_rest, _ask_decisions, _ask_soundness),
    lambda store: store.history.last_change(),
    lambda store: store.faces.membership(),
    lambda store: store.people.match_names(["ann", "Zoë"]),
    lambda store: store.faces.by_ids([2, 1, 77]),
)


def _batch(dimension: int, *names: str) -> FaceBatch:
    made = np.random.default_rng(len(names)).standard_normal((len(names), dimension))
    files = [f"{name}.npy" for name in names]
    return FaceBatch(made.astype(np.float32), names, files, [0] * len(names), [None] * len(names))


def _read_gallery(data: bytes, folder: Path) -> None:
    """What the window asks of it at its start, and a query."""
    (folder / "gallery.db").write_bytes(data)
    with Gallery.open(folder, write=False) as gallery:
        for ask in _WISHES:
            try:
                ask(gallery)
            except UnknownIdentityError:
                continue  # there is no face 1, and nothing to do about it
            except FaceGalleryError as error:
                require(error.problem and error.remedy, "a refusal that says too little")


def _see_people(gallery: Gallery) -> None:
    for person in gallery.people.all("faces"):
        faces = [face.id for face in gallery.faces.of(person.id)]
        if faces:
            traits = gallery.faces.traits(faces)
            require(np.isfinite(traits).all(), "a trait that is no number")
            gallery.recogniser.identify_enrolled(faces[0])
        gallery.people.nearest(person.id)


def _identify(gallery: Gallery) -> None:
    if gallery.dimension <= 64:
        for answer in gallery.identify(np.ones((2, gallery.dimension), np.float32)):
            require_typed(answer)


_WISHES: tuple[Callable[[Gallery], object], ...] = (
    *(_see_people, _identify, Gallery.check),
    lambda gallery: gallery.people.counts(),
    lambda gallery: gallery.recogniser.methods(),
    lambda gallery: gallery.faces.vector(1),
    lambda gallery: gallery.enrolment.check("Ann", np.ones((1, gallery.dimension), np.float32)),
    lambda gallery: gallery.models.all(),
)


def _databases() -> Iterable[bytes]:
    with tempfile.TemporaryDirectory() as place:
        for folder in made_up_galleries(Path(place)):
            yield compact(folder / "gallery.db")


def made_up_galleries(place: Path) -> Iterator[Path]:
    """The folder of one that is empty, then of one that is not; closed."""
    for name in ("empty", "seed"):
        folder = place / f"{name}.gallery"
        with Store.create(folder, dimension=8) as store:
            if name == "seed":
                batch = _batch(8, "Ann", "Ann", "Bob", "Éva")
                store.faces.add(batch, thumbnails={0: b"\xff\xd8", 2: b"\xff\xd8"})
                store.settings.set("fingerprint", "{}")
                store.decisions.reject(rows()[0], 1)
                store.models.add(made_up_version(), activate=True)
                store.faces.remove([2])
        yield folder


def _read_holder(data: bytes, folder: Path) -> None:
    holder = WriterLock(folder)
    holder.acquire()
    try:
        (folder / LOCK_HOLDER).write_bytes(data)
        WriterLock(folder).acquire()
    finally:
        holder.release()


READERS = (
    Reader(
        "database",
        _read_database,
        (FaceGalleryError,),
        mixed(edit_database),
        _databases,
        largest=1 << 17,
        weight=0.3,
    ),
    Reader(
        "gallery",
        _read_gallery,
        (FaceGalleryError,),
        mixed(edit_database),
        _databases,
        largest=1 << 17,
        weight=0.1,
    ),
    Reader(
        "lock", _read_holder, (GalleryBusyError,), DOCUMENT, lambda: [b'{"pid": 7, "host": "a"}']
    ),
)
