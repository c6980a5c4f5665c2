"""Exact search by comparing with every face: the reference, and the stand-in during a rebuild."""

from __future__ import annotations

import threading

import numpy as np

from engine.distances import between
from engine.index.base import (
    checked_ids,
    nearest_first,
    no_neighbours,
    prepared,
    refuse_known,
    refuse_unknown,
)
from engine.progress import SILENT, Reporter
from engine.types import Distance, Ids, Neighbours, Vectors

_BLOCK = 4_000_000
"""Distances held in memory at once (16 MB)."""


class ExactIndex:
    """A VectorIndex that never misses. A change copies the table, so a search takes no lock."""

    def __init__(self, dimension: int, distance: Distance) -> None:
        self.dimension = dimension
        self.distance: Distance = distance
        self._changing = threading.Lock()
        self._table: tuple[Ids, Vectors] = (
            np.empty(0, dtype=np.int64),
            np.empty((0, dimension), dtype=np.float32),
        )

    def __len__(self) -> int:
        return len(self._table[0])

    def ids(self) -> Ids:
        return self._table[0]

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        rows = prepared(vectors, self.dimension, self.distance)
        keys = np.array(checked_ids(ids, len(rows)), dtype=np.int64)
        with self._changing:
            known, table = self._table
            refuse_known(set(np.intersect1d(known, keys).tolist()))
            reporter.progress("Loading faces", 0, len(keys))
            merged = np.concatenate([known, keys])
            order = np.argsort(merged, kind="stable")
            self._table = merged[order], np.concatenate([table, rows])[order]
        reporter.progress("Loading faces", len(keys), len(keys))

    def remove(self, ids: Ids) -> None:
        with self._changing:
            known, table = self._table
            refuse_unknown(set(np.setdiff1d(ids, known).tolist()))
            kept = ~np.isin(known, ids)
            self._table = known[kept], table[kept]

    def get(self, ids: Ids) -> Vectors:
        known, table = self._table
        refuse_unknown(set(np.setdiff1d(ids, known).tolist()))
        found: Vectors = table[np.searchsorted(known, ids)]
        return found

    def search(self, queries: Vectors, k: int) -> Neighbours:
        rows = prepared(queries, self.dimension, self.distance)
        ids, table = self._table
        k = min(k, len(ids))
        if k < 1 or not len(rows):
            return no_neighbours(len(rows))
        step = max(1, _BLOCK // max(len(ids), k * self.dimension))
        blocks = [self._nearest(rows[at : at + step], table, k) for at in range(0, len(rows), step)]
        places = np.concatenate([place for place, _ in blocks])
        return nearest_first(ids[places], np.concatenate([distances for _, distances in blocks]))

    def _nearest(self, rows: Vectors, table: Vectors, k: int) -> tuple[Ids, Vectors]:
        """Places in the table and distances of the k nearest, in any order."""
        distances = between(rows, table, self.distance)
        places = np.argpartition(distances, k - 1, axis=1)[:, :k]
        if self.distance == "cosine":
            return places, np.take_along_axis(distances, places, axis=1)
        # a² + b² - 2ab cancels where two faces are near: measure the winners by their difference
        difference = rows[:, None, :] - table[places]
        return places, np.asarray(np.linalg.norm(difference, axis=2), dtype=np.float32)
