"""The readers of a gallery's own folder: database, lock, index and the folders of models."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

from engine.errors import (
    FaceGalleryError,
    GalleryBusyError,
    GalleryError,
    ModelError,
    SnapshotError,
    UnknownIdentityError,
)
from engine.gallery import Gallery
from engine.identification import Trials
from engine.index import HnswIndex, load_snapshot, save_snapshot
from engine.jobs import ModelVersion, TripletParameters, as_json
from engine.models import (
    Layer,
    Network,
    VersionContent,
    load_curves,
    load_faces,
    load_network,
    load_version,
    write_version,
)
from engine.progress import Measured
from engine.store import Store
from engine.store.lock import HOLDER_NAME, WriterLock
from engine.types import FaceBatch
from tests.fuzz.databases import compact, edit_database
from tests.fuzz.forms import deepened, edit_document, edit_npy, edit_npz, mixed
from tests.fuzz.judging import Reader, require
from tests.fuzz.mutating import Mutate, edit_bytes
from tests.fuzz.reading_faces import rows
from tests.fuzz.typed import require_typed

_ID = "triplet-20261124-153012-3f2a"
DOCUMENT = mixed(*(edit_document,) * 12, deepened)

# -- database ----------------------------------------------------------------------------------


def _read_database(data: bytes, folder: Path) -> None:
    """Everything that can be asked of it, for reading and then for writing."""
    (folder / "gallery.db").write_bytes(data)
    for write in (False, True):
        with Store.open(folder, write=write) as store:
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
    for one in store.identities():
        require_typed(one)
        require(store.identity(one.name) is not None, "an identity that is not there")
        for face in store.faces(one.id):
            require_typed(face)
            photo = store.photo(face.id)
            require(photo is None or isinstance(photo, bytes), "a photo of another type")


def _ask_vectors(store: Store) -> None:
    faces, owners, found = store.vectors()
    require(found.shape == (len(faces), store.dimension), "vectors of another shape")
    require(len(owners) == len(faces), "columns of different length")
    some = store.vectors(np.array([3, 1, 99], dtype=np.int64))[2]
    require(some.shape[1:] == (store.dimension,), "vectors of another shape")


def _ask_models(store: Store) -> None:
    for one in store.models():
        require_typed(one)


def _ask_history(store: Store) -> None:
    for entry in store.history():
        require_typed(entry)


def _ask_rest(store: Store) -> None:
    require(all(isinstance(count, int) for count in store.counts()), "a count that is no number")
    require(isinstance(store.setting("fingerprint"), str | None), "a setting of another type")


def _ask_decisions(store: Store) -> None:
    rejected, owners = store.rejected()
    require(rejected.shape == (len(owners), store.dimension), "vectors of another shape")
    if store.dimension <= 64:
        store.rejections(np.ones((2, store.dimension), np.float32))
        store.find(np.ones((2, store.dimension), np.float32))


def _ask_soundness(store: Store) -> None:
    require(all(isinstance(one, str) for one in store.integrity()), "a sentence that is none")


def _change(store: Store) -> None:
    if store.dimension <= 64:
        store.add(_batch(store.dimension, "Zoë"), keys=str.casefold)


_QUESTIONS: tuple[Callable[[Store], object], ...] = (
    *(Store.change, Store.membership, _ask_people, _ask_vectors, _ask_models, _ask_history),
    *(_ask_rest, _ask_decisions, _ask_soundness),
    lambda store: store.names_like("ann"),
    lambda store: store.faces_by_id([2, 1, 77]),
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
    for person in gallery.people("faces"):
        faces = [face.id for face in gallery.faces(person.id)]
        if faces:
            traits = gallery.traits(faces)
            require(np.isfinite(traits).all(), "a trait that is no number")
            gallery.identify_enrolled(faces[0])
        gallery.nearest_identity(person.id)


def _identify(gallery: Gallery) -> None:
    if gallery.dimension <= 64:
        for answer in gallery.identify(np.ones((2, gallery.dimension), np.float32)):
            require_typed(answer)


_WISHES: tuple[Callable[[Gallery], object], ...] = (
    *(_see_people, _identify, Gallery.counts, Gallery.methods, Gallery.check),
    lambda gallery: gallery.vector(1),
    lambda gallery: gallery.check_enrolment("Ann", np.ones((1, gallery.dimension), np.float32)),
    lambda gallery: gallery.learning.models(),
)


def _databases() -> Iterable[bytes]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "seed.gallery"
        with Store.create(folder, dimension=8) as store:
            yield compact(folder / "gallery.db")
            batch = _batch(8, "Ann", "Ann", "Bob", "Éva")
            store.add(batch, keys=str.casefold, thumbnails={0: b"\xff\xd8", 2: b"\xff\xd8"})
            store.set_setting("fingerprint", "{}")
            store.reject(rows()[0], 1)
            store.add_model(_record(), activate=True)
            store.remove_faces([2])
            yield compact(folder / "gallery.db")


def _read_holder(data: bytes, folder: Path) -> None:
    holder = WriterLock(folder)
    holder.acquire()
    try:
        (folder / HOLDER_NAME).write_bytes(data)
        WriterLock(folder).acquire()
    finally:
        holder.release()


# -- index -------------------------------------------------------------------------------------


def _read_snapshot(data: bytes, folder: Path) -> None:
    """Length of the sidecar, the sidecar, the graph. hnswlib must see none but a sound graph."""
    length = int.from_bytes(data[:4], "little")
    sidecar, graph = data[4 : 4 + length], data[4 + length :]
    (folder / "faces.json").write_bytes(sidecar)
    (folder / _graph_name(sidecar)).write_bytes(graph)

    def guarded(path: Path, *arguments: object, **options: object) -> HnswIndex:
        sound = hashlib.blake2b(path.read_bytes(), digest_size=32).hexdigest()
        require(sound == _record_of(sidecar)["hash"], "a damaged file was handed to hnswlib")
        return read(path, *arguments, **options)  # type: ignore[arg-type]

    read = HnswIndex.read
    with patch.object(HnswIndex, "read", guarded):
        index, change = load_snapshot(folder, dimension=8, distance="cosine")
    require(type(change) is int, "a change that is no number")
    require(len(index.ids()) == len(index), "ids of another number")
    index.search(rows(), 2)


def _graph_name(sidecar: bytes) -> str:
    try:
        digest = _record_of(sidecar)["hash"][:16]
        return f"faces-{digest}.bin" if digest.isalnum() else "faces-.bin"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "faces-.bin"


def _record_of(sidecar: bytes) -> dict[str, str]:
    record: dict[str, str] = json.loads(json.loads(sidecar)["snapshot"])
    return record


def _edit_snapshot(data: bytes, rng: random.Random) -> bytes:
    length = int.from_bytes(data[:4], "little")
    sidecar, graph = data[4 : 4 + length], data[4 + length :]
    match rng.randrange(4):
        case 0:
            return edit_bytes(data, rng)
        case 1:
            graph = edit_bytes(graph, rng)
        case 2:
            sidecar = DOCUMENT(sidecar, rng)
        case _:
            sidecar = _resealed(sidecar, rng)
    return len(sidecar).to_bytes(4, "little") + sidecar + graph


def _resealed(sidecar: bytes, rng: random.Random) -> bytes:
    """A record of other content under a seal that fits."""
    try:
        body = json.loads(sidecar)["snapshot"].encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return edit_bytes(sidecar, rng)
    body = DOCUMENT(body, rng).decode("utf-8", "replace")
    seal = hashlib.blake2b(body.encode("utf-8", "replace"), digest_size=32).hexdigest()
    return json.dumps({"seal": seal, "snapshot": body}).encode()


def _snapshots() -> Iterable[bytes]:
    """Made anew each time: a snapshot is only good for the hnswlib that wrote it."""
    index = HnswIndex(8, "cosine")
    index.add(np.arange(1, 4, dtype=np.int64), rows())
    for removed in ([], [2]):
        index.remove(np.array(removed, dtype=np.int64))
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            save_snapshot(index, folder, change=7)
            sidecar = (folder / "faces.json").read_bytes()
            (graph,) = folder.glob("*.bin")
            yield len(sidecar).to_bytes(4, "little") + sidecar + graph.read_bytes()


# -- models ------------------------------------------------------------------------------------


def _record() -> ModelVersion:
    return ModelVersion(
        _ID,
        "triplet",
        "default",
        *(1, 1_795_534_212.5, 3.5, False, False),
        "It was not better; the old one stays.",
        {"rank1": 0.5},
        as_json(TripletParameters()),
        *(2, 3),
    )


def _network(whitened: bool) -> Network:
    scale = np.eye(8, dtype=np.float32) if whitened else np.ones(8, np.float32)
    layer = Layer(np.ones((8, 3), np.float32), np.zeros(3, np.float32), relu=True)
    last = Layer(np.ones((3, 8), np.float32), np.zeros(8, np.float32), relu=False)
    return Network("cosine", rows()[0], scale, (layer, last), residual=True, unit=whitened)


@cache
def _version_files() -> dict[str, bytes]:
    """What :func:`write_version` leaves in a folder, by name."""
    curves = [Measured("triplet", step, 2, {"loss": 0.25, "active": 0.5}) for step in (1, 2)]
    ids = np.array([1, 2, 3], dtype=np.int64)
    trials = Trials(
        *(ids, np.array([1, 1, 2]), np.array([True, True, False])),
        *(np.array([[1], [1], [-1]]), np.array([[2.0], [1.0], [-np.inf]], np.float32)),
        *(np.array([[2], [2], [1]]), np.array([[-1.0], [-2.0], [0.0]], np.float32), 2, 1),
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "models" / _ID
        content = VersionContent(
            _record(),
            _network(True),
            ids,
            np.array([1, 1, 2]),
            curves,
            [1, 2],
            files={"trials.npz": trials.save},
        )
        write_version(folder, content)
        _network(False).save(folder / "other.npz")
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def _version_reader(
    name: str, load: Callable[[Path], object], mutate: Mutate, *more: str
) -> Reader:
    """A file of a version, the others beside it sound."""

    def read(data: bytes, folder: Path) -> None:
        place = folder / _ID
        place.mkdir()
        (place / "version.json").write_bytes(_version_files()["version.json"])
        (place / name).write_bytes(data)
        load(place)

    def seeds() -> Iterable[bytes]:
        return [_version_files()[one] for one in (name, *more)]

    short = f"model-{Path(name).stem}"
    return Reader(short, read, (ModelError,), mutate, seeds)


def _load_network(folder: Path) -> None:
    network = load_network(folder)
    if network.dimension <= 64:
        with np.errstate(all="ignore"):
            made = network(np.ones((2, network.dimension), np.float32))
        require(made.shape == (2, network.outputs), "outputs of another shape")


def _load_version(folder: Path) -> None:
    version = load_version(folder)
    require_typed(version.record)
    require(version.identity_ids.dtype == np.int64, "ids of another type")
    json.dumps(version.record.to_json())


def _load_faces(folder: Path) -> None:
    faces, owners = load_faces(folder)
    require(faces.dtype == owners.dtype == np.int64, "ids of another type")
    require(faces.shape == owners.shape, "ids of another number")


def _load_curves(folder: Path) -> None:
    for point in load_curves(folder):
        require_typed(point)


def _load_trials(folder: Path) -> None:
    trials = Trials.load(folder / "trials.npz")
    trials.of(trials.faces[:1])


_PACKED = mixed(edit_npz)
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
    Reader("snapshot", _read_snapshot, (SnapshotError,), _edit_snapshot, _snapshots),
    _version_reader("network.npz", _load_network, _PACKED, "other.npz"),
    _version_reader("version.json", _load_version, DOCUMENT),
    _version_reader("faces.npy", _load_faces, mixed(edit_npy, edit_bytes)),
    _version_reader("curves.json", _load_curves, DOCUMENT),
    _version_reader("trials.npz", _load_trials, _PACKED),
)
