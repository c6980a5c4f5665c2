"""The nearest neighbours of faces: where UMAP and t-SNE start, and where new faces are placed."""

from __future__ import annotations

import numpy as np

from engine.index.base import VectorIndex
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex
from engine.progress import Reporter
from engine.records.types import Distance, Ids, Neighbours, Vectors

NEIGHBOURS = 5
_CLOSEST = 1e-6


def beside_neighbours(neighbours: Neighbours, points: Vectors) -> Vectors:
    """The middle of each face's neighbours, the nearer the heavier.

    Args:
        neighbours: of ``m`` faces; ``ids`` are rows of ``points``.
        points: ``(n, dimensions)``.

    Returns:
        ``(m, dimensions)``.
    """
    weights = 1.0 / np.maximum(neighbours.distances.astype(np.float64), _CLOSEST)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("mk,mkd->md", weights, points[neighbours.ids]), dtype=np.float32)


_EXACT = 20_000
"""Up to so many faces each is compared with every other."""
_AT_ONCE = 1_000


def index_of(vectors: Vectors, distance: Distance) -> VectorIndex:
    """An index of rows ``(n, d)``; their ids are their row numbers."""
    make = ExactIndex if len(vectors) <= _EXACT else HnswIndex
    index: VectorIndex = make(vectors.shape[1], distance)
    index.add(np.arange(len(vectors), dtype=np.int64), vectors)
    return index


def nearest(
    index: VectorIndex, vectors: Vectors, count: int, reporter: Reporter, stage: str
) -> Neighbours:
    """The nearest rows of the index for each of ``(m, d)``, with progress."""
    found = []
    for start in range(0, len(vectors), _AT_ONCE):
        reporter.progress(stage, start, len(vectors))
        found.append(index.search(vectors[start : start + _AT_ONCE], count))
    return Neighbours(
        np.concatenate([part.ids for part in found]),
        np.concatenate([part.distances for part in found]),
    )


def neighbours_of_all(
    vectors: Vectors, distance: Distance, count: int, reporter: Reporter
) -> Neighbours:
    """The nearest other rows of each row ``(n, min(count, n - 1))``."""
    index = index_of(vectors, distance)
    found = nearest(index, vectors, count + 1, reporter, "Finding neighbours")
    itself = found.ids == np.arange(len(vectors))[:, None]
    missed = ~itself.any(axis=1)  # equal vectors can crowd it out
    itself[missed, -1] = True
    others: Ids = found.ids[~itself].reshape(len(vectors), -1)
    return Neighbours(others, found.distances[~itself].reshape(others.shape))
