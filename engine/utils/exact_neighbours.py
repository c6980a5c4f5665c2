"""The nearest of many faces, found exactly a few thousand at a time, in bounded memory.

A block of similarities is looked at once, for the maxima of its groups of columns; only what may be
among the nearest is looked at again. On 100,000 faces that costs a third of numpy.argpartition.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import SquaresTable

Numbers = npt.NDArray[np.float32]

AT_ONCE = 4_096
"""Faces that queries are compared with at a time."""
ASKED_AT_ONCE = 1_024
"""Queries that are compared with them at a time: 16 MB, and some times that at work."""
_GROUP = 64
"""Columns of which only the largest is looked at first."""


class ExactNeighbours:
    """The ``k`` nearest so far of each of ``m`` queries, of equals those that came first.

    Attributes:
        labels: what was offered with each, ``(m, k)``, nearest first; -1 where there are fewer.
        closeness: see :func:`closeness`, ``(m, k)``; minus infinity where there are fewer.
    """

    def __init__(self, queries: int, k: int) -> None:
        self.labels: Ids = np.full((queries, k), -1, dtype=np.int64)
        self.closeness: Numbers = np.full((queries, k), -np.inf, dtype=np.float32)

    def offer(self, start: int, near: Numbers, labels: Ids) -> None:
        """Compare the queries from ``start`` with more faces.

        Args:
            near: their closeness, ``(q, n)``; minus infinity for what is not to be met.
            labels: of the faces, ``(n,)``.
        """
        least = self.closeness[start : start + len(near), -1]
        row, column = _promising(near, least, self.closeness.shape[1])
        self.offer_pairs(start + row, near[row, column], labels[column])

    def offer_pairs(self, queries: Ids, near: Numbers, labels: Ids) -> None:
        """Offer single pairs of a query and a face, ``(p,)``, in rising order of queries."""
        k = self.closeness.shape[1]
        touched, first, count = np.unique(queries, return_index=True, return_counts=True)
        width = int(count.max(initial=0))
        place = (
            np.arange(len(queries)) - np.repeat(first, count),
            np.repeat(np.arange(len(touched)), count),
        )
        values = np.full((len(touched), k + width), -np.inf, dtype=np.float32)
        names = np.full((len(touched), k + width), -1, dtype=np.int64)
        values[:, :k], names[:, :k] = self.closeness[touched], self.labels[touched]
        values[place[1], k + place[0]], names[place[1], k + place[0]] = near, labels
        best = np.argsort(-values, axis=1, kind="stable")[:, :k]
        self.closeness[touched] = np.take_along_axis(values, best, axis=1)
        self.labels[touched] = np.take_along_axis(names, best, axis=1)

    def with_others(self, other: ExactNeighbours) -> ExactNeighbours:
        """The nearest of what this one and another of the same queries were offered."""
        made = ExactNeighbours(*self.labels.shape)
        values = np.hstack([self.closeness, other.closeness])
        best = np.argsort(-values, axis=1, kind="stable")[:, : self.labels.shape[1]]
        made.closeness = np.take_along_axis(values, best, axis=1)
        made.labels = np.take_along_axis(np.hstack([self.labels, other.labels]), best, axis=1)
        return made

    def distances(self, distance: Distance) -> Vectors:
        """Distances to what is kept, ``(m, k)``; infinity where there are fewer."""
        near = self.closeness
        away = np.maximum(1.0 - near, 0.0) if distance == "cosine" else np.sqrt(-near)
        return np.where(np.isfinite(near), away, np.inf).astype(np.float32)


def closeness(queries: Vectors, faces: Vectors, distance: Distance) -> Numbers:
    """How near prepared queries and faces are: higher is nearer, for one query ``(m, n)``."""
    if distance == "euclidean":
        return SquaresTable(faces).minus_squares(queries)
    return np.asarray(queries @ faces.T, dtype=np.float32)


def nearest(
    queries: Vectors,
    faces: Vectors,
    k: int,
    distance: Distance,
    *,
    itself: Ids | None = None,
    check: Callable[[int], None] = lambda done: None,
) -> tuple[Ids, Vectors]:
    """The nearest of prepared faces ``(n, d)`` to prepared queries ``(m, d)``.

    Args:
        itself: row of each query among the faces, which it is not to meet, ``(m,)``.
        check: called between blocks with the number of queries that are done.

    Returns:
        rows and distances ``(m, min(k, n))``, nearest first; -1 and infinity where there are fewer.
    """
    k = min(k, len(faces))
    if k < 1:
        return np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
    found = ExactNeighbours(len(queries), k)
    for start in range(0, len(queries), ASKED_AT_ONCE):
        asked = queries[start : start + ASKED_AT_ONCE]
        for first in range(0, len(faces), AT_ONCE):
            check(start)
            part = faces[first : first + AT_ONCE]
            near = closeness(asked, part, distance)
            if itself is not None:
                own = itself[start : start + ASKED_AT_ONCE] - first
                met = np.flatnonzero((own >= 0) & (own < len(part)))
                near[met, own[met]] = -np.inf
            found.offer(start, near, np.arange(first, first + len(part)))
    return found.labels, found.distances(distance)


def _promising(near: Numbers, least: Numbers, k: int) -> tuple[Ids, Ids]:
    """Rows and columns, in rising order, of all that may be among a row's ``k`` largest and is
    above ``least``.
    """
    groups = near.shape[1] // _GROUP
    if groups < k:
        row, column = np.nonzero(near > least[:, None])
        return row, column
    whole = groups * _GROUP
    tops = near[:, :whole].reshape(len(near), _GROUP, groups).max(axis=1)
    row, group = np.nonzero((tops > least[:, None]) & (tops >= _bound(tops, least, k)))
    columns = group[:, None] + groups * np.arange(_GROUP)
    at, place = np.nonzero(near[row[:, None], columns] > least[row, None])
    late, last = np.nonzero(near[:, whole:] > least[:, None])
    rows = np.concatenate([row[at], late])
    found = np.concatenate([columns[at, place], whole + last])
    order = np.argsort(rows * near.shape[1] + found)
    return rows[order], found[order]


def _bound(tops: Numbers, least: Numbers, k: int) -> Numbers:
    """What the k-th largest cannot be below, as far as that is not known yet, ``(m, 1)``."""
    if np.isfinite(least).all():
        return least[:, None]
    return np.partition(tops, -k, axis=1)[:, -k, None]
