"""The guard around hnswlib, which checks almost nothing itself.

Hierarchical navigable small world graphs: Malkov and Yashunin, "Efficient and robust approximate
nearest neighbor search using hierarchical navigable small world graphs", TPAMI 2020.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import hnswlib
import numpy as np

from engine.index.base import (
    checked_ids,
    nearest_first,
    no_neighbours,
    prepared,
    refuse_known,
    refuse_unknown,
)
from engine.index.exact import ExactIndex
from engine.index.locks import SharedLock
from engine.progress import SILENT, Reporter
from engine.types import Distance, Ids, Neighbours, Vectors

_SPACES: dict[Distance, str] = {"cosine": "ip", "euclidean": "l2"}
_FIRST_CAPACITY = 1024
_CHUNK = 512
"""Rows added at a time: some 40 ms, after which searches get their turn and a cancel is seen."""
_TOLERABLE_REMOVED = 0.3


@dataclass(frozen=True)
class HnswParameters:
    """How the graph is built and searched.

    Attributes:
        M: links of a face on each layer above the lowest (twice as many there).
        ef_construction: breadth of the search for a new face's links.
        ef: breadth of a query; one with k above ``ef / 4`` is as broad as ``4 k``.
        seed: of the faces' layers. Adding with one thread, the same seed gives the same graph.
    """

    M: int = 16
    ef_construction: int = 100
    ef: int = 50
    seed: int = 1


@dataclass(frozen=True)
class GraphFile:
    """What was written to a graph file: its length in bytes, and which faces are in it."""

    length: int
    count: int
    removed: tuple[int, ...]


class HnswIndex:
    """A VectorIndex on hnswlib.

    Removed faces are only marked: their vectors stay in memory and in the file until
    :meth:`compacted`. Searches share a lock; a change takes it alone, a chunk at a time.
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
            threads: for batches of queries; 0 means all cores. Additions and single queries
                always run in one, so that the same faces give the same graph.
        """
        self.dimension = dimension
        self.distance: Distance = distance
        self.parameters = parameters or HnswParameters()
        self._threads = threads
        self._live: set[int] = set()
        self._removed: set[int] = set()
        self._changing = threading.Lock()
        self._lock = SharedLock()
        self._graph = hnswlib.Index(space=_SPACES[distance], dim=dimension)
        self._graph.init_index(
            max_elements=_FIRST_CAPACITY,
            M=self.parameters.M,
            ef_construction=self.parameters.ef_construction,
            random_seed=self.parameters.seed,
        )
        self._graph.set_ef(self.parameters.ef)

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> Ids:
        with self._lock.read:
            found = np.fromiter(self._live, dtype=np.int64, count=len(self._live))
        found.sort()
        return found

    @property
    def needs_rebuild(self) -> bool:
        """Whether removed faces are more than 30 % of what searches wade through."""
        return len(self._removed) > _TOLERABLE_REMOVED * (len(self._live) + len(self._removed))

    # -- searching --------------------------------------------------------------------------

    def search(self, queries: Vectors, k: int) -> Neighbours:
        rows = prepared(queries, self.dimension, self.distance)
        with self._lock.read:
            k = min(k, len(self._live))
            if k < 1 or not len(rows):
                return no_neighbours(len(rows))
            found = self._query(rows, k)
            if found is None:
                return self._exactly().search(queries, k)
        labels, scores = found
        distances = np.maximum(scores, np.float32(0))
        if self.distance == "euclidean":
            np.sqrt(distances, out=distances)
        return nearest_first(labels.astype(np.int64), distances)

    def _query(self, rows: Vectors, k: int) -> tuple[Ids, Vectors] | None:
        """Labels and scores as hnswlib gives them; None where its graph does not reach k faces."""
        threads = 1 if len(rows) == 1 else self._threads
        broad = k if 4 * k <= self.parameters.ef else min(4 * k, len(self._live))
        for asked in dict.fromkeys((broad, k)):
            with contextlib.suppress(RuntimeError):
                labels, scores = self._graph.knn_query(rows, k=asked, num_threads=threads)
                return labels[:, :k], scores[:, :k]
        return None

    def _exactly(self) -> ExactIndex:
        ids = np.array(sorted(self._live), dtype=np.int64)
        exact = ExactIndex(self.dimension, self.distance)
        exact.add(ids, self._graph.get_items(ids))
        return exact

    def get(self, ids: Ids) -> Vectors:
        keys = np.asarray(ids, dtype=np.int64)
        found = np.empty((len(keys), self.dimension), dtype=np.float32)
        for at in range(0, len(keys), _CHUNK):
            chunk = keys[at : at + _CHUNK]
            with self._lock.read:
                refuse_unknown(set(chunk.tolist()) - self._live)
                found[at : at + _CHUNK] = self._graph.get_items(chunk)
        return found

    # -- changing ---------------------------------------------------------------------------

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        rows = prepared(vectors, self.dimension, self.distance)
        keys = checked_ids(ids, len(rows))
        with self._changing:
            refuse_known(self._live.intersection(keys))
            self._make_room(len(keys))
            try:
                self._add_chunks(keys, rows, reporter)
            except BaseException:
                self._take_back(keys)
                raise

    def _add_chunks(self, keys: list[int], rows: Vectors, reporter: Reporter) -> None:
        for at in range(0, len(keys), _CHUNK):
            reporter.progress("Indexing faces", at, len(keys))
            with self._lock.write:
                self._put(keys[at : at + _CHUNK], rows[at : at + _CHUNK])
        reporter.progress("Indexing faces", len(keys), len(keys))

    def _put(self, keys: list[int], rows: Vectors) -> None:
        back = np.array([key in self._removed for key in keys])
        labels = np.array(keys, dtype=np.int64)
        if back.any():
            self._restore(labels[back], rows[back])
        if not back.all():
            # with more threads, about 1 build in 20 of the sample left a face that nobody finds
            self._graph.add_items(rows[~back], labels[~back], num_threads=1)
        self._live.update(keys)
        self._removed.difference_update(keys)

    def _restore(self, labels: Ids, rows: Vectors) -> None:
        """Lifts the mark of removed faces; hnswlib moves those whose vector is another now."""
        for label in labels.tolist():
            self._graph.unmark_deleted(label)
        moved = ~np.isclose(self._graph.get_items(labels), rows, 1e-6, 1e-7).all(axis=1)
        if moved.any():
            self._graph.add_items(rows[moved], labels[moved], num_threads=1)

    def _take_back(self, keys: list[int]) -> None:
        """Marks as removed whatever part of an addition came in before it failed."""
        with self._lock.write:
            for key in set(keys).intersection(self._graph.get_ids_list()):
                with contextlib.suppress(RuntimeError):  # already marked
                    self._graph.mark_deleted(key)
                self._removed.add(key)
            self._live.difference_update(keys)

    def _make_room(self, more: int) -> None:
        needed, capacity = self._graph.element_count + more, self._graph.max_elements
        if needed > capacity:
            with self._lock.write:
                self._graph.resize_index(max(needed, capacity * 3 // 2))

    def remove(self, ids: Ids) -> None:
        keys = set(np.asarray(ids, dtype=np.int64).tolist())
        with self._changing:
            refuse_unknown(keys - self._live)
            with self._lock.write:
                for key in keys:
                    self._graph.mark_deleted(key)
                self._live -= keys
                self._removed |= keys

    def compacted(self, *, reporter: Reporter = SILENT) -> HnswIndex:
        """A new index of the same faces in which nothing is left of the removed ones."""
        fresh = HnswIndex(
            self.dimension, self.distance, parameters=self.parameters, threads=self._threads
        )
        ids = self.ids()
        fresh.add(ids, self.get(ids), reporter=reporter)
        return fresh

    # -- files, for engine.index.snapshot only -----------------------------------------------

    def write(self, path: Path) -> GraphFile:
        """Writes the graph over ``path``. hnswlib reports no failure: check the length."""
        with self._changing:
            self._graph.save_index(os.fsencode(path))
            return GraphFile(
                self._graph.index_file_size(), len(self._live), tuple(sorted(self._removed))
            )

    @classmethod
    def read(
        cls,
        path: Path,
        dimension: int,
        distance: Distance,
        *,
        parameters: HnswParameters,
        removed: Collection[int],
    ) -> HnswIndex:
        """An index from a graph file that is known to be whole: a damaged one can kill the
        process. Raises RuntimeError where hnswlib notices.
        """
        index = cls(dimension, distance, parameters=parameters)
        graph = hnswlib.Index(space=_SPACES[distance], dim=dimension)
        graph.load_index(os.fsencode(path))
        graph.set_ef(parameters.ef)
        index._graph = graph
        index._removed = set(removed)
        index._live = set(graph.get_ids_list()) - index._removed
        return index
