"""What a gallery needs to tell who a face is, kept up to date with its store.

Joins the index, the templates and the calibration; all of them are derived from the store and
can be made anew from it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from engine.calibrating import CalibrationKeeper
from engine.errors import SnapshotError, UnknownIdentityError
from engine.identification import Knn, Templates, disagreeing
from engine.index import IndexKeeper, load_snapshot
from engine.progress import Listener
from engine.store import Store
from engine.types import Added, Identification, Identity, Ids, Vectors


class Recogniser:
    """Index, templates and calibration of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store, *, listener: Listener | None, background: bool) -> None:
        self._store = store
        self._listener = listener
        self._background = background
        self._lock = threading.RLock()
        self._folder = store.folder / "index"
        self._keeper: IndexKeeper | None = None
        self._templates = Templates(store.dimension, store.distance)
        self._owners: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._calibration = CalibrationKeeper(store)
        self._change = -1

    # -- questions ---------------------------------------------------------------------------

    def identify(
        self, queries: Vectors, *, k: int = 5, top: int = 5, fpir: float = 0.01
    ) -> list[Identification]:
        """See :meth:`engine.gallery.Gallery.identify`."""
        with self._lock:  # a face removed half-way would have neighbours without an owner
            return self._knn().identify(queries, k=k, top=top, fpir=fpir)

    def identify_enrolled(
        self, face: int, *, k: int = 5, top: int = 5, fpir: float = 0.01
    ) -> Identification:
        """See :meth:`engine.gallery.Gallery.identify_enrolled`."""
        with self._lock:
            ids, owners, vectors = self._store.vectors(np.array([face], dtype=np.int64))
            if not len(ids):
                raise UnknownIdentityError(f"Face {face} is not enrolled")
            return self._knn().identify_enrolled(ids, owners, vectors, k=k, top=top, fpir=fpir)[0]

    def missed(self, fpir: float) -> float | None:
        """See :meth:`engine.gallery.Gallery.missed`."""
        self._knn()
        return self._calibration.latest.missed(fpir)

    def disagreeing(self, vectors: Vectors) -> list[int]:
        """Rows that look unlike the others of their group, by this gallery's own measure."""
        self._knn()
        return disagreeing(vectors, self._store.distance, self._calibration.latest)

    def nearest_identity(self, identity: int) -> Identity | None:
        """The identity with the nearest template, or None where there is no other."""
        with self._lock:
            self._follow_store()
            nearest = self._templates.table().nearest(identity)
            return None if nearest is None else self._store.identity(self._names[nearest])

    def index_status(self) -> str:
        """One sentence on the index."""
        keeper = self._keeper
        if keeper is None:
            return ""
        return "index up to date" if keeper.state == "ready" else "index being rebuilt"

    # -- soundness ---------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """What is wrong with the saved index, one sentence each; it is not loaded for use.

        An index that was never saved is no problem: it is made when it is first needed.
        """
        return self._problems() and self._problems()  # a writer may have replaced it meanwhile

    def _problems(self) -> list[str]:
        if not (self._folder / "faces.json").exists():
            return []
        try:
            index, change = load_snapshot(
                self._folder, dimension=self._store.dimension, distance=self._store.distance
            )
        except SnapshotError as error:
            return [f"Index: {error}"]
        if change != self._store.change():
            return []  # merely old: it is caught up when the gallery is next used
        faces, _ = self._store.membership()
        if not np.array_equal(index.ids(), faces):
            return [f"Index: holds {len(index):,} faces, the database {len(faces):,}"]
        return []

    def rebuild(self) -> None:
        """Makes the index anew from the store and saves it."""
        with self._lock:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._calibration = CalibrationKeeper(self._store)
            self._take_up(None)
            self.save()

    @property
    def unsaved(self) -> bool:
        """Whether the index was made anew and this reader may not save it."""
        keeper = self._keeper
        return keeper is not None and keeper.unsaved and not self._store.writable

    def prepare(self) -> None:
        """Makes whatever is missing or old and saves it."""
        self._knn()
        self.save()

    # -- changes -----------------------------------------------------------------------------

    def added(self, added: Added, vectors: Vectors) -> None:
        """The store holds these faces now; from here on they are found."""
        with self._lock:
            if self._keeper is None:
                first = len(added.face_ids) == self._store.counts()[1]
                self._take_up(None if first else self._listener)  # a first index is no news
                return
            if int(added.face_ids[0]) in self._owners:
                return  # taken up from the store meanwhile, for a question
            self._keeper.add(added.face_ids, vectors, self._store.change())
            self._learn(added.face_ids, added.identity_ids, vectors)
            self._change = self._store.change()

    def remove(self, faces: Sequence[int]) -> int:
        """Removes faces from the store, then from what is derived from it."""
        with self._lock:
            ids, owners, vectors = self._store.vectors(np.array(faces, dtype=np.int64))
            removed = self._store.remove_faces([int(face) for face in ids])
            if self._keeper is not None and removed:
                self._keeper.remove(ids, self._store.change())
                self._templates.remove(owners, vectors)
                self._change = self._store.change()
            return removed

    def save(self) -> None:
        """Writes the index snapshot where it changed."""
        if self._keeper is not None:
            self._keeper.save()

    def close(self) -> None:
        """Ends a rebuild under way and saves the index. May be called twice."""
        with self._lock:
            if self._keeper is not None:
                self._keeper.close()
                self._keeper = None

    # -- keeping up --------------------------------------------------------------------------

    def _knn(self) -> Knn:
        """The method, ready to answer for the gallery as it is on disk now."""
        with self._lock:
            self._follow_store()
            assert self._keeper is not None
            calibration = self._calibration.current(self._keeper.ids, self._change)
            return Knn(
                self._keeper,
                self._templates,
                identity_of=partial(_owners_of, self._owners),
                names=partial(_names_of, self._names),
                calibration=calibration,
                distance=self._store.distance,
            )

    def _follow_store(self) -> None:
        """Takes up everything anew where another process moved the store on.

        A writer is alone: what changes in its store comes through here.
        """
        with self._lock:
            moved_on = not self._store.writable and self._store.change() != self._change
            if self._keeper is None or moved_on:
                self._take_up(self._listener)

    def _take_up(self, listener: Listener | None) -> None:
        self.close()
        change, ids, owners, vectors, names = self._read()
        self._templates = Templates(self._store.dimension, self._store.distance)
        self._templates.add(owners, vectors)
        self._owners = dict(zip(ids.tolist(), owners.tolist(), strict=True))
        self._names = names  # a question under way keeps the old ones
        self._keeper = IndexKeeper(
            self._folder,
            dimension=self._store.dimension,
            distance=self._store.distance,
            writable=self._store.writable,
        )
        self._keeper.start(
            change,
            lambda: ids,
            partial(_rows_of, ids, vectors),  # the store may have moved on meanwhile
            background=self._background,
            listener=listener,
        )
        self._change = change

    def _read(self) -> tuple[int, Ids, Ids, Vectors, dict[int, str]]:
        """All of the store at one moment, though another process may be writing it."""
        while True:
            change = self._store.change()
            ids, owners, vectors = self._store.vectors()
            names = {identity.id: identity.name for identity in self._store.identities()}
            if self._store.change() == change:
                return change, ids, owners, vectors, names

    def _learn(self, faces: Ids, owners: Ids, vectors: Vectors) -> None:
        self._templates.add(owners, vectors)
        self._owners.update(zip(faces.tolist(), owners.tolist(), strict=True))
        self._names.update((one.id, one.name) for one in self._store.identities())


def _owners_of(owners: Mapping[int, int], faces: Ids) -> Ids:
    flat = [owners[face] for face in faces.ravel().tolist()]
    return np.array(flat, dtype=np.int64).reshape(faces.shape)


def _names_of(names: Mapping[int, str], identities: Sequence[int]) -> list[str]:
    return [names[identity] for identity in identities]


def _rows_of(ids: Ids, vectors: Vectors, wanted: Ids | None) -> tuple[Ids, Vectors]:
    """Of faces read in ascending order, the wanted ones, or all for None."""
    return (ids, vectors) if wanted is None else (wanted, vectors[np.searchsorted(ids, wanted)])
