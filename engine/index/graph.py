"""An hnswlib graph that faces come into and go from; hnswlib itself checks almost nothing."""

from __future__ import annotations

import threading
import time

import hnswlib
import numpy as np
from numpy.typing import NDArray

from engine.index.base import checked_ids, prepared, refuse_known, refuse_unknown
from engine.index.exact import ExactIndex
from engine.index.faceset import FaceSet
from engine.index.locks import SharedLock
from engine.index.parameters import HnswParameters
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.utils.trim_heap import large_pages

SPACES: dict[Distance, str] = {"cosine": "ip", "euclidean": "l2"}
FIRST_CAPACITY = 1024
_CHUNK = 512
"""Rows added or read at a time at first; as many as take _PAUSE from then on."""
_PAUSE = 0.04
"""Seconds after which searches get their turn and a cancel is seen."""
_LEAST = 128
"""Rows added at a time at least: fewer do not keep several threads at work."""
_ALONE = 10_000
"""Faces up to which one thread builds, so that the same faces give the same graph."""
_TOLERABLE_REMOVED = 0.3


class Graph:
    """The part of an :class:`engine.index.hnsw.HnswIndex` that changes.

    Removed faces are only marked: their vectors stay in memory and in the file until they are
    copied into another index. Searches share a lock; a change takes it alone, a chunk at a time.

    Attributes:
        ef: breadth of a query.
        recall: recall@5 measured at this breadth; None where it was not measured.
        measured: how many faces there were then.
        pace: how many faces are added while a search may have to wait.
    """

    def __init__(
        self,
        dimension: int,
        distance: Distance,
        *,
        parameters: HnswParameters | None = None,
        threads: int = 0,
    ) -> None:
        """
        Args:
            threads: for batches of queries and for large additions; 0 means all cores. Single
                queries and small indexes always run in one.
        """
        self.dimension = dimension
        self.distance: Distance = distance
        self.parameters = parameters or HnswParameters()
        self.recall: float | None = None
        self.measured = 0
        self.pace = _CHUNK
        self._threads = threads
        self._live = FaceSet()
        self._removed = FaceSet()
        self._aside = ExactIndex(dimension, distance)
        self._changing = threading.Lock()
        self._lock = SharedLock()
        self._graph = hnswlib.Index(space=SPACES[distance], dim=dimension)
        self._graph.init_index(
            max_elements=FIRST_CAPACITY,
            M=self.parameters.M,
            ef_construction=self.parameters.ef_construction,
            random_seed=self.parameters.seed,
        )
        self.ef = self.parameters.ef

    @property
    def ef(self) -> int:
        return self._ef

    @ef.setter
    def ef(self, breadth: int) -> None:
        self._ef = breadth
        self._graph.set_ef(breadth)

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> Ids:
        return self._live.ids()

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        return self._live.holds(np.asarray(ids, dtype=np.int64))

    @property
    def needs_rebuild(self) -> bool:
        """Whether removed faces are more than 30 % of what searches wade through."""
        return len(self._removed) > _TOLERABLE_REMOVED * (len(self._live) + len(self._removed))

    def get(self, ids: Ids) -> Vectors:
        keys = np.asarray(ids, dtype=np.int64)
        found = np.empty((len(keys), self.dimension), dtype=np.float32)
        for at in range(0, len(keys), _CHUNK):
            chunk = keys[at : at + _CHUNK]
            with self._lock.read:
                refuse_unknown(chunk[~self._live.holds(chunk)])
                found[at : at + _CHUNK] = self._graph.get_items(chunk)
        return found

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        rows = prepared(vectors, self.dimension, self.distance)
        keys = checked_ids(ids, len(rows))
        with self._changing:
            refuse_known(keys[self._live.holds(keys)])
            self._make_room(len(keys))
            try:
                self._add_chunks(keys, rows, reporter)
            except BaseException:
                self._take_back(keys)
                raise

    def reserve(self, count: int) -> None:
        """Makes room for that many faces in all, so that growing does not move them."""
        with self._changing:
            self._make_room(count - self._graph.element_count)

    def _add_chunks(self, keys: Ids, rows: Vectors, reporter: Reporter) -> None:
        at = 0
        while at < len(keys):
            reporter.progress("Indexing faces", at, len(keys))
            with self._lock.write:
                started = time.perf_counter()
                some = keys[at : at + self.pace]
                self._put(some, rows[at : at + self.pace])
                taken = time.perf_counter() - started
            at += len(some)
            if len(some) == self.pace:
                self.pace = int(min(max(self.pace * _PAUSE / taken, _LEAST), 2 * self.pace, 4096))
        reporter.progress("Indexing faces", len(keys), len(keys))

    def _put(self, keys: Ids, rows: Vectors) -> None:
        back = self._removed.holds(keys)
        if back.any():
            self._restore(keys[back], rows[back])
        if not back.all():
            # several threads can leave a face that nobody finds: see engine.index.polish
            threads = 1 if self._graph.element_count < _ALONE else self._threads
            self._graph.add_items(rows[~back], keys[~back], num_threads=threads)
        self._live.add(keys)
        self._removed.discard(keys)

    def _restore(self, labels: Ids, rows: Vectors) -> None:
        """Lifts the mark of removed faces; hnswlib moves those whose vector is another now."""
        for label in labels.tolist():
            self._graph.unmark_deleted(label)
        moved = ~np.isclose(self._graph.get_items(labels), rows, 1e-6, 1e-7).all(axis=1)
        if moved.any():
            self._graph.add_items(rows[moved], labels[moved], num_threads=1)

    def _take_back(self, keys: Ids) -> None:
        """Marks as removed whatever part of an addition came in before it failed."""
        with self._lock.write:
            known = keys[np.isin(keys, self._graph.get_ids_list())]
            for key in known[~self._removed.holds(known)].tolist():
                self._graph.mark_deleted(key)
            self._removed.add(known)
            self._live.discard(known)

    def _make_room(self, more: int) -> None:
        needed, capacity = self._graph.element_count + more, self._graph.max_elements
        if needed > capacity:
            room = max(needed, capacity * 3 // 2)
            with large_pages(4 * self.dimension * room), self._lock.write:
                self._graph.resize_index(room)

    def remove(self, ids: Ids) -> None:
        keys = np.unique(np.asarray(ids, dtype=np.int64))
        with self._changing:
            refuse_unknown(keys[~self._live.holds(keys)])
            with self._lock.write:
                for key in keys.tolist():
                    self._graph.mark_deleted(key)
                self._live.discard(keys)
                self._removed.add(keys)
                self._aside.remove(keys[self._aside.holds(keys)])

    def relink(self, ids: Ids) -> None:
        """Searches the links of faces anew, which lets links lead to them again."""
        with self._changing:
            keys = ids[self._live.holds(ids)]
            for at in range(0, len(keys), 16):
                with self._lock.write:
                    some = keys[at : at + 16]
                    rows = np.asarray(self._graph.get_items(some))
                    self._graph.add_items(rows, some, num_threads=1)

    def set_aside(self, ids: Ids) -> None:
        """These faces, and no others, are compared with one by one at each search."""
        keys = ids[self._live.holds(ids)]
        aside = ExactIndex(self.dimension, self.distance)
        aside.add(keys, self.get(keys))
        self._aside = aside

    @property
    def aside(self) -> int:
        """How many faces no chain of links leads to."""
        return len(self._aside)
