"""The VectorIndex on hnswlib, which itself checks almost nothing."""

from __future__ import annotations

import math
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import hnswlib
import numpy as np

from engine.index.base import (
    IdBitmap,
    Nearest,
    VectorIndex,
    checked_ids,
    merged,
    nearest_first,
    no_neighbours,
    prepared,
    refuse_known,
    refuse_unknown,
)
from engine.index.exact import ExactIndex
from engine.index.shared_lock import SharedLock
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Neighbours, Vectors
from engine.utils.distances import between
from engine.utils.trim_heap import large_pages


@dataclass(frozen=True)
class HnswParameters:
    """How the graph is built and searched.

    Attributes:
        M: links of a face on each layer above the lowest (twice as many there).
        ef_construction: breadth of the search for a new face's links.
        ef: breadth of a query until it is chosen by measurement; one with k above ``ef / 4`` is
            as broad as ``4 k``.
        seed: of the faces' layers. Adding with one thread, the same seed gives the same graph.
    """

    M: int = 16
    ef_construction: int = 100
    ef: int = 100
    seed: int = 1


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


@dataclass(frozen=True, eq=False)
class Written:
    """What was written to a graph file: its length in bytes, and which faces are in it."""

    length: int
    count: int
    removed: Ids
    aside: Ids


class HnswIndex(VectorIndex):
    """A VectorIndex on hnswlib.

    Hierarchical navigable small world graphs (Malkov and Yashunin 2020, "Efficient and robust
    approximate nearest neighbor search using hierarchical navigable small world graphs", TPAMI).

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
        super().__init__(dimension, distance)
        self.parameters = parameters or HnswParameters()
        self.recall: float | None = None
        self.measured = 0
        self.pace = _CHUNK
        self._threads = threads
        self._removed = IdBitmap()
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

    @property
    def needs_rebuild(self) -> bool:
        """Whether removed faces are more than 30 % of what searches wade through."""
        return len(self._removed) > _TOLERABLE_REMOVED * (len(self._held) + len(self._removed))

    def get(self, ids: Ids) -> Vectors:
        keys = np.asarray(ids, dtype=np.int64)
        found = np.empty((len(keys), self.dimension), dtype=np.float32)
        for at in range(0, len(keys), _CHUNK):
            chunk = keys[at : at + _CHUNK]
            with self._lock.read:
                refuse_unknown(chunk[~self._held.holds(chunk)])
                found[at : at + _CHUNK] = self._graph.get_items(chunk)
        return found

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        rows = prepared(vectors, self.dimension, self.distance)
        keys = checked_ids(ids, len(rows))
        with self._changing:
            refuse_known(keys[self._held.holds(keys)])
            self._make_room(len(keys))
            try:
                self._add_chunks(keys, rows, reporter)
            except BaseException:
                self._take_back(keys)
                raise

    def reserve(self, count: int) -> None:
        """Make room for this many faces in all, so that growing does not move them."""
        with self._changing:
            self._make_room(count - self._graph.element_count)

    def _add_chunks(self, keys: Ids, rows: Vectors, reporter: Reporter) -> None:
        at = 0
        while at < len(keys):
            reporter.progress("Indexing faces", at, len(keys))
            with self._lock.write:
                started = time.perf_counter()
                chunk = keys[at : at + self.pace]
                self._put(chunk, rows[at : at + self.pace])
                taken = time.perf_counter() - started
            at += len(chunk)
            if len(chunk) == self.pace:
                self.pace = int(min(max(self.pace * _PAUSE / taken, _LEAST), 2 * self.pace, 4096))
        reporter.progress("Indexing faces", len(keys), len(keys))

    def _put(self, keys: Ids, rows: Vectors) -> None:
        back = self._removed.holds(keys)
        if back.any():
            self._restore(keys[back], rows[back])
        if not back.all():
            # several threads can leave a face that nobody finds: see engine.index.tuning
            threads = 1 if self._graph.element_count < _ALONE else self._threads
            self._graph.add_items(rows[~back], keys[~back], num_threads=threads)
        self._held.add(keys)
        self._removed.discard(keys)

    def _restore(self, labels: Ids, rows: Vectors) -> None:
        """Lift the mark of removed faces; hnswlib moves those whose vector is another now."""
        for label in labels.tolist():
            self._graph.unmark_deleted(label)
        moved = ~np.isclose(self._graph.get_items(labels), rows, 1e-6, 1e-7).all(axis=1)
        if moved.any():
            self._graph.add_items(rows[moved], labels[moved], num_threads=1)

    def _take_back(self, keys: Ids) -> None:
        """Mark as removed whatever part of a failed addition came in."""
        with self._lock.write:
            known = keys[np.isin(keys, self._graph.get_ids_list())]
            for key in known[~self._removed.holds(known)].tolist():
                self._graph.mark_deleted(key)
            self._removed.add(known)
            self._held.discard(known)

    def _make_room(self, more: int) -> None:
        needed, capacity = self._graph.element_count + more, self._graph.max_elements
        if needed > capacity:
            room = max(needed, capacity * 3 // 2)
            with large_pages(4 * self.dimension * room), self._lock.write:
                self._graph.resize_index(room)

    def remove(self, ids: Ids) -> None:
        keys = np.unique(np.asarray(ids, dtype=np.int64))
        with self._changing:
            refuse_unknown(keys[~self._held.holds(keys)])
            with self._lock.write:
                for key in keys.tolist():
                    self._graph.mark_deleted(key)
                self._held.discard(keys)
                self._removed.add(keys)
                self._aside.remove(keys[self._aside.holds(keys)])

    def relink(self, ids: Ids) -> None:
        """Search the links of faces ``(n,)`` anew, so that links lead to them again."""
        with self._changing:
            keys = ids[self._held.holds(ids)]
            for at in range(0, len(keys), 16):
                with self._lock.write:
                    chunk = keys[at : at + 16]
                    rows = np.asarray(self._graph.get_items(chunk))
                    self._graph.add_items(rows, chunk, num_threads=1)

    def set_aside(self, ids: Ids) -> None:
        """Compare each query with these faces ``(n,)``, and no others, one by one."""
        keys = ids[self._held.holds(ids)]
        aside = ExactIndex(self.dimension, self.distance)
        aside.add(keys, self.get(keys))
        self._aside = aside

    @property
    def aside(self) -> int:
        """How many faces no chain of links leads to."""
        return len(self._aside)

    # -- searching ---------------------------------------------------------------------------

    def search(self, queries: Vectors, k: int) -> Neighbours:
        rows = prepared(queries, self.dimension, self.distance)
        with self._lock.read:
            k = min(k, len(self._held))
            if k < 1 or not len(rows):
                return no_neighbours(len(rows))
            found = self._query(rows, k)
            if found is None:
                return self._exactly().search(queries, k)
        labels, scores = found
        distances = np.maximum(scores, 0, out=scores)
        if self.distance == "euclidean":
            np.sqrt(distances, out=distances)
        near = nearest_first(labels.view(np.int64), distances)
        return self._with_aside(near, rows) if len(self._aside) else near

    def nearest(self, row: Vectors, k: int) -> Nearest:
        rows = row[None]
        with self._lock.read:
            k = min(k, len(self._held))
            found = self._query(rows, k) if k > 0 else None
        if found is None:
            return super().nearest(row, k)
        scores = [score if score > 0.0 else 0.0 for score in found[1][0].tolist()]
        distances = scores if self.distance == "cosine" else list(map(math.sqrt, scores))
        if self._aside.any_within(row, distances[-1]):
            return super().nearest(row, k)
        ids = found[0][0].tolist()
        if len({*distances}) < k:  # equal distances stand in the order of ids
            in_order = sorted(zip(distances, ids, strict=True))
            return [face for _, face in in_order], [distance for distance, _ in in_order]
        return ids, distances

    def _query(self, rows: Vectors, k: int) -> tuple[Ids, Vectors] | None:
        """Labels and scores as hnswlib gives them; None where its graph does not reach k faces."""
        threads = 1 if len(rows) == 1 else self._threads
        broad = k if 4 * k <= self._ef else min(4 * k, len(self._held))
        try:
            labels, scores = self._graph.knn_query(rows, k=broad, num_threads=threads)
        except RuntimeError:  # ordinary: fewer faces than that are within reach
            try:
                labels, scores = self._graph.knn_query(rows, k=k, num_threads=threads)
            except RuntimeError:  # ordinary: fewer faces than that are within reach
                return None
        return labels[:, :k], scores[:, :k]

    def _with_aside(self, near: Neighbours, rows: Vectors) -> Neighbours:
        """Neighbours with the faces to which no link leads, where one of them is nearer."""
        blocks = self._aside.blocks
        least = [between(rows, table, self.distance).min(axis=1) for _, table in blocks]
        if not (np.min(least, axis=0) <= near.distances[:, -1]).any():
            return near
        k = near.ids.shape[1]
        return merged([near, self._aside.search(rows, k)], k)

    def _exactly(self) -> ExactIndex:
        ids = self._held.ids()
        exact = ExactIndex(self.dimension, self.distance)
        exact.add(ids, np.asarray(self._graph.get_items(ids)))
        return exact

    # -- files, for engine.index.snapshot only -----------------------------------------------

    def write(self, path: Path) -> Written:
        """Write the graph over ``path``. hnswlib reports no failure: check the length.

        hnswlib keeps Python's lock meanwhile, some 0.3 s for a million faces.
        """
        with self._changing:
            self._graph.save_index(os.fsencode(path))
            length = self._graph.index_file_size()
            return Written(length, len(self), self._removed.ids(), self._aside.ids())

    @classmethod
    def read(
        cls,
        path: Path,
        dimension: int,
        distance: Distance,
        *,
        parameters: HnswParameters,
        labels: Ids,
        removed: Ids,
    ) -> HnswIndex:
        """An index from a graph file that is known to be whole: a damaged one can kill the
        process. Raise RuntimeError where hnswlib notices.

        Args:
            labels: ``(n,)``, of all faces in the file; those ``removed`` are marked there.
        """
        index = cls(dimension, distance, parameters=parameters)
        graph = hnswlib.Index(space=SPACES[distance], dim=dimension)
        room = len(labels) + len(labels) // 20 + FIRST_CAPACITY  # to grow without moving it all
        with large_pages(4 * dimension * room):
            graph.load_index(os.fsencode(path), max_elements=room)
        index._graph = graph
        index.ef = parameters.ef
        index._held.add(labels)
        index._held.discard(removed)
        index._removed.add(np.intersect1d(labels, removed))
        return index
