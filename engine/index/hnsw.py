"""The VectorIndex on hnswlib.

Hierarchical navigable small world graphs: Malkov and Yashunin, "Efficient and robust approximate
nearest neighbor search using hierarchical navigable small world graphs", TPAMI 2020.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import hnswlib
import numpy as np

from engine.index.base import Nearest, merged, nearest_first, no_neighbours, plain, prepared
from engine.index.exact import ExactIndex
from engine.index.graph import FIRST_CAPACITY, SPACES, Graph
from engine.index.parameters import HnswParameters as HnswParameters
from engine.records.types import Distance, Ids, Neighbours, Vectors
from engine.utils.distances import between
from engine.utils.trim_heap import large_pages


@dataclass(frozen=True, eq=False)
class Written:
    """What was written to a graph file: its length in bytes, and which faces are in it."""

    length: int
    count: int
    removed: Ids
    aside: Ids


class HnswIndex(Graph):
    """A VectorIndex on hnswlib: its answers and its files; see :class:`engine.index.graph.Graph`.

    Searches share a lock; a change takes it alone, a chunk at a time.
    """

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
        distances = np.maximum(scores, 0, out=scores)
        if self.distance == "euclidean":
            np.sqrt(distances, out=distances)
        near = nearest_first(labels.view(np.int64), distances)
        return self._with_aside(near, rows) if len(self._aside) else near

    def nearest(self, row: Vectors, k: int) -> Nearest:
        rows = row[None]
        with self._lock.read:
            k = min(k, len(self._live))
            found = self._query(rows, k) if k > 0 else None
        if found is None:
            return plain(self.search(rows, k))
        scores = [score if score > 0.0 else 0.0 for score in found[1][0].tolist()]
        distances = scores if self.distance == "cosine" else list(map(math.sqrt, scores))
        if self._aside.any_within(row, distances[-1]):
            return plain(self.search(rows, k))
        ids = found[0][0].tolist()
        if len({*distances}) < k:  # equal distances stand in the order of ids
            in_order = sorted(zip(distances, ids, strict=True))
            return [face for _, face in in_order], [distance for distance, _ in in_order]
        return ids, distances

    def _query(self, rows: Vectors, k: int) -> tuple[Ids, Vectors] | None:
        """Labels and scores as hnswlib gives them; None where its graph does not reach k faces."""
        threads = 1 if len(rows) == 1 else self._threads
        broad = k if 4 * k <= self._ef else min(4 * k, len(self._live))
        try:
            labels, scores = self._graph.knn_query(rows, k=broad, num_threads=threads)
        except RuntimeError:
            try:
                labels, scores = self._graph.knn_query(rows, k=k, num_threads=threads)
            except RuntimeError:
                return None
        return labels[:, :k], scores[:, :k]

    def _with_aside(self, near: Neighbours, rows: Vectors) -> Neighbours:
        """The same with the faces to which no link leads, where one of them is nearer."""
        blocks = self._aside.blocks
        least = [between(rows, table, self.distance).min(axis=1) for _, table in blocks]
        if not (np.min(least, axis=0) <= near.distances[:, -1]).any():
            return near
        k = near.ids.shape[1]
        return merged([near, self._aside.search(rows, k)], k)

    def _exactly(self) -> ExactIndex:
        ids = self._live.ids()
        exact = ExactIndex(self.dimension, self.distance)
        exact.add(ids, np.asarray(self._graph.get_items(ids)))
        return exact

    # -- files, for engine.index.snapshot only -----------------------------------------------

    def write(self, path: Path) -> Written:
        """Writes the graph over ``path``. hnswlib reports no failure: check the length.

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
        process. Raises RuntimeError where hnswlib notices.

        Args:
            labels: of all faces in the file; those ``removed`` are marked there.
        """
        index = cls(dimension, distance, parameters=parameters)
        graph = hnswlib.Index(space=SPACES[distance], dim=dimension)
        room = len(labels) + len(labels) // 20 + FIRST_CAPACITY  # to grow without moving it all
        with large_pages(4 * dimension * room):
            graph.load_index(os.fsencode(path), max_elements=room)
        index._graph = graph
        index.ef = parameters.ef
        index._live.add(labels)
        index._live.discard(removed)
        index._removed.add(np.intersect1d(labels, removed))
        return index
