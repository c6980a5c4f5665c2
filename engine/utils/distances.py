"""The one place that decides what a distance is: for search, templates and calibration alike.

``cosine``: 1 - cosine similarity, in [0, 2]. ``euclidean``: the L2 norm of the difference.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from engine.records.types import Distance, Ids, Vectors

_FEW = 32
"""Queries for which moving all faces to a centre costs more than the distances."""
_CANCELLED = 1e-2
"""Of its terms; a smaller square has lost two of seven digits."""
_MANY = 1e-2
"""Share of squares that are taken from differences one by one."""
_NUMBERS = 1 << 18  # of differences held at once
_SAMPLE = 64


def prepare(vectors: Vectors, distance: Distance) -> Vectors:
    """Vectors as they are searched: unit length for cosine, as they came for euclidean.

    Args:
        vectors: ``(n, d)``, finite, no row all zeros for cosine.

    Returns:
        float32 ``(n, d)``, C-contiguous.
    """
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if distance == "euclidean":
        return rows
    norms = np.sqrt(np.vecdot(rows, rows))  # for one row in half the time of np.linalg.norm
    return np.asarray(rows / np.maximum(norms, np.float32(1e-12))[:, None], dtype=np.float32)


def prepare_row(vector: Vectors, distance: Distance) -> Vectors:
    """Prepare one vector ``(d,)``, in a third of the time of :func:`prepare`."""
    if distance == "euclidean":
        return vector
    row: Vectors = vector * np.float32(1 / max(math.sqrt(vector.dot(vector)), 1e-12))
    return row


def between(queries: Vectors, faces: Vectors, distance: Distance) -> Vectors:
    """All distances between two sets of *prepared* vectors.

    Args:
        queries: ``(m, d)``.
        faces: ``(n, d)``.

    Returns:
        float32 ``(m, n)``.
    """
    if distance == "euclidean":
        found = SquaresTable(faces).minus_squares(queries)  # may be large: in place from here on
        return np.sqrt(np.negative(found, out=found), out=found)
    found = np.asarray(queries @ faces.T, dtype=np.float32)
    np.subtract(1.0, found, out=found)
    return np.maximum(found, 0.0, out=found)


class SquaresTable:
    """Squared Euclidean distances to faces ``(n, d)``, exact however far they are from the origin.

    ``2ab - a² - b²`` cancels where two vectors are near one another and far from the origin. What
    is small against its terms is therefore taken from the difference of the two vectors; where
    that is much, or where there are so many queries that it costs nothing, a common centre is
    subtracted first.
    """

    def __init__(self, faces: Vectors) -> None:
        self._faces = faces

    def minus_squares(self, queries: Vectors) -> Vectors:
        """For queries ``(m, d)``, negated so that higher is nearer; float32 ``(m, n)``."""
        few = len(queries) <= _FEW and "_centred" not in vars(self)
        if few or not len(self._faces):
            own = np.einsum("ij,ij->i", queries, queries)
            found = np.asarray((queries + queries) @ self._faces.T, dtype=np.float32)
            found -= own[:, None]
            found -= self._lengths
            cancelled = _cancelled(found, own, self._lengths)
            if len(cancelled) <= _MANY * found.size:
                return self._mended(found, queries, cancelled)
        centre, table, lengths = self._centred
        count, dimension = queries.shape
        rows = np.empty((count, dimension + 2), dtype=np.float32)
        moved = np.subtract(queries, centre, out=rows[:, :dimension])
        own = np.einsum("ij,ij->i", moved, moved)
        moved *= 2.0
        rows[:, dimension] = -own
        rows[:, dimension + 1] = -1.0
        found = np.asarray(rows @ table.T, dtype=np.float32)
        return self._mended(found, queries, _cancelled(found, own, lengths))

    def _mended(self, found: Vectors, queries: Vectors, cancelled: Ids) -> Vectors:
        """With the differences in place of what cancelled."""
        step = max(1, _NUMBERS // queries.shape[1])
        for start in range(0, len(cancelled), step):
            row, column = np.divmod(cancelled[start : start + step], found.shape[1])
            difference = queries[row] - self._faces[column]
            found[row, column] = -np.einsum("ij,ij->i", difference, difference)
        return found

    @cached_property
    def _lengths(self) -> Vectors:
        return np.asarray(np.einsum("ij,ij->i", self._faces, self._faces))

    @cached_property
    def _centred(self) -> tuple[Vectors, Vectors, Vectors]:
        """Centre, factors of the product, and squared lengths about the centre.

        One product sums all three terms: (2a, -a², -1) · (b, 1, b²).
        """
        count, dimension = self._faces.shape
        sample = self._faces[:: max(1, count // _SAMPLE)]
        centre = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        table = np.empty((count, dimension + 2), dtype=np.float32)
        moved = np.subtract(self._faces, centre, out=table[:, :dimension])
        lengths = np.einsum("ij,ij->i", moved, moved)
        table[:, dimension] = 1.0
        table[:, dimension + 1] = lengths
        return centre, table, lengths


def _cancelled(found: Vectors, own: Vectors, lengths: Vectors) -> Ids:
    """Places in ``found``, flat, of squares that are small against their terms."""
    widest = lengths.max(initial=0.0)
    places = np.flatnonzero(found > (own + widest)[:, None] * np.float32(-_CANCELLED))
    if not len(places):
        return places
    row, column = np.divmod(places, found.shape[1])
    return places[found.ravel()[places] > -_CANCELLED * (own[row] + lengths[column])]
