"""Which index answers now: the saved one, exact search while it is rebuilt, then the new one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from engine.errors import CancelledError, FaceGalleryError, SnapshotError
from engine.index.base import VectorIndex
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.snapshot import (
    drop_leftovers,
    has_snapshot,
    load_snapshot,
    save_snapshot,
)
from engine.progress import SILENT, CancelToken, Listener, Reporter
from engine.types import Distance, Ids, Neighbours, Vectors

Membership = Callable[[], Ids]
Fetch = Callable[[Ids | None], tuple[Ids, Vectors]]

_QUICK = 500
"""Faces that may be caught up while somebody waits (some 50 ms)."""
_SAMPLE = 64


class IndexKeeper:
    """Keeps one gallery's index findable, up to date and saved. Safe to use from several threads.

    It relies on the store: an id is never given to another face, and the vector of a face never
    changes. So the difference of two sets of ids says all that an index lacks.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        dimension: int,
        distance: Distance,
        writable: bool,
        parameters: HnswParameters | None = None,
    ) -> None:
        """
        Args:
            folder: the gallery's ``index/``; None never saves nor builds anything, and answers
                from memory by exact search.
            writable: False never saves.
        """
        self._folder = folder
        self._dimension = dimension
        self._distance: Distance = distance
        self._writable = writable
        self._parameters = parameters or HnswParameters()
        self._live: VectorIndex = ExactIndex(dimension, distance)
        self._change = 0
        self._dirty = False
        self._changing = threading.Lock()
        self._ready = threading.Event()
        self._ready.set()
        self._builder: threading.Thread | None = None
        self._cancel = CancelToken()
        self._reporter = SILENT
        self._background = False

    # -- opening and closing -----------------------------------------------------------------

    def start(
        self,
        change: int,
        membership: Membership,
        vectors: Fetch,
        *,
        background: bool = True,
        listener: Listener | None = None,
    ) -> None:
        """Takes the snapshot up, or builds the index anew where there is no sound one.

        Args:
            change: the store's change counter.
            membership: ids of all faces in the store.
            vectors: ids and vectors of these faces, or of all for None.
            background: build in a thread while exact search answers; else before returning.
            listener: is told how far a rebuild is, and once why it was needed.
        """
        self._reporter = Reporter(listener, self._cancel)
        self._background = background
        self._change = change
        if self._folder is None:
            self._live.add(*vectors(None))
            return
        if self._writable:
            drop_leftovers(self._folder)
        wanted = membership()
        index, reason = self._take_up(self._folder, change, wanted, vectors)
        gone, missing = _difference(index, wanted)
        if background and len(missing) > _QUICK:
            self._live.add(*vectors(None))
            self._build(index, reason)
            return
        index.remove(gone)
        if len(missing):
            index.add(*vectors(None if not len(index) else missing), reporter=self._reporter)
        self._live = index
        self._dirty = self._dirty or bool(len(gone) + len(missing))
        if reason and (len(wanted) or has_snapshot(self._folder)):
            self.save()
            self._reporter.message(reason)
        self._compact_if_due()

    def close(self) -> None:
        """Stops a rebuild, waits for its thread, saves. May be called twice."""
        self._cancel.cancel()
        if self._builder is not None:
            self._builder.join()
        self.save()

    def save(self) -> None:
        """Saves what changed since the last time. A failure is told, never raised: what is
        saved here can be rebuilt.
        """
        with self._changing:
            if self._folder is None or not (self._writable and self._dirty):
                return
            if not isinstance(self._live, HnswIndex):
                return
            try:
                save_snapshot(self._live, self._folder, change=self._change)
                self._dirty = False
            except FaceGalleryError as error:
                self._reporter.message(str(error))

    # -- in use --------------------------------------------------------------------------------

    @property
    def state(self) -> Literal["ready", "building"]:
        return "ready" if self._ready.is_set() else "building"

    @property
    def unsaved(self) -> bool:
        """Whether what answers now differs from what is on disk."""
        return self._dirty and self._folder is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for a rebuild to end; False when it still runs after ``timeout`` seconds."""
        return self._ready.wait(timeout)

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> Ids:
        """Ids of the faces that can be found, ascending."""
        return self._live.ids()

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The nearest faces, as :meth:`VectorIndex.search`; never waits for a rebuild."""
        return self._live.search(queries, k)

    def add(self, ids: Ids, vectors: Vectors, change: int, *, reporter: Reporter = SILENT) -> None:
        """Makes faces findable that the store holds since ``change``. Raises as
        :meth:`VectorIndex.add`.
        """
        with self._changing:
            self._live.add(ids, vectors, reporter=reporter)
            self._change, self._dirty = change, True

    def remove(self, ids: Ids, change: int) -> None:
        """Makes faces unfindable. Raises UnknownIdentityError when one is not there."""
        nothing = np.empty((0, self._dimension), dtype=np.float32)
        self.exchange(ids, np.empty(0, dtype=np.int64), nothing, change)

    def exchange(self, gone: Ids, ids: Ids, vectors: Vectors, change: int) -> None:
        """Makes faces unfindable and others findable, as one: in between, nothing is saved.

        Raises as :meth:`remove` and :meth:`VectorIndex.add`.
        """
        with self._changing:
            self._live.remove(gone)
            self._live.add(ids, vectors)
            self._change, self._dirty = change, True
        self._compact_if_due()

    # -- building ------------------------------------------------------------------------------

    def _take_up(
        self, folder: Path, change: int, wanted: Ids, vectors: Fetch
    ) -> tuple[HnswIndex, str]:
        """The saved index and "", or an empty one and why."""
        try:
            index, saved = load_snapshot(
                folder,
                dimension=self._dimension,
                distance=self._distance,
                parameters=self._parameters,
            )
            if saved > change or not self._same_faces(index, wanted, vectors):
                raise SnapshotError("Belongs to another gallery or state", file=folder)
            self._dirty = saved != change
            return index, ""
        except SnapshotError as error:
            place = Path(error.file or folder).name
            problem = error.problem[:1].lower() + error.problem[1:]
            self._dirty = True
            return self._fresh(), f"The search index was rebuilt: {place} {problem}."

    def _same_faces(self, index: HnswIndex, wanted: Ids, vectors: Fetch) -> bool:
        """Whether the index holds the vectors of this store, by a sample.

        The newest are always in it: where a store was put back to an older state and went on from
        there, it is the newest that differ.
        """
        common = np.intersect1d(index.ids(), wanted)
        some = np.unique(np.r_[common[-_SAMPLE:], common[:: max(1, len(common) // _SAMPLE)]])
        if not len(some):
            return True
        ids, rows = vectors(some)
        reference = ExactIndex(self._dimension, self._distance)
        reference.add(ids, rows)
        return np.allclose(reference.get(some), index.get(some), rtol=1e-4, atol=1e-6)

    def _fresh(self) -> HnswIndex:
        return HnswIndex(self._dimension, self._distance, parameters=self._parameters)

    def _compact_if_due(self) -> None:
        with self._changing:
            live = self._live
            due = isinstance(live, HnswIndex) and live.needs_rebuild and self._ready.is_set()
            if due:
                self._ready.clear()
        if due:
            self._build(self._fresh(), "")

    def _build(self, target: HnswIndex, reason: str) -> None:
        self._ready.clear()
        if not self._background:
            self._replace_live(target, reason)
            return
        self._builder = threading.Thread(
            target=self._replace_live, args=(target, reason), name="index-builder"
        )
        self._builder.start()

    def _replace_live(self, target: HnswIndex, reason: str) -> None:
        """Brings the target to what is live, also to what changes meanwhile, and swaps them."""
        try:
            while not self._swapped(target):
                pass
            self.save()
            if reason:
                self._reporter.message(reason)
        except CancelledError:
            pass
        except (FaceGalleryError, RuntimeError, MemoryError) as error:
            self._reporter.message(f"The search index could not be rebuilt: {error}")
        finally:
            self._ready.set()

    def _swapped(self, target: HnswIndex) -> bool:
        """One round; the last one, with little to do, keeps changes out."""
        with self._changing:
            gone, missing = _difference(target, self._live.ids())
            rows = self._live.get(missing)
            if len(gone) + len(missing) <= _QUICK:
                target.remove(gone)
                target.add(missing, rows, reporter=self._reporter)
                self._live, self._dirty = target, True
                return True
        target.remove(gone)
        target.add(missing, rows, reporter=self._reporter)
        return False


def _difference(index: VectorIndex, wanted: Ids) -> tuple[Ids, Ids]:
    """Ids to remove from an index and ids to add to it, so that it holds the wanted ones."""
    held = index.ids()
    return np.setdiff1d(held, wanted), np.setdiff1d(wanted, held)
