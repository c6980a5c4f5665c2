"""What the eye thinks it sees on a map, in figures: how well people keep apart in a space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import between, prepare

Flags = npt.NDArray[np.bool_]
MOST_FACES = 4_000
"""Faces that are compared with one another; of more, a sample."""
_NEIGHBOURS = 5
_BINS = 60


@dataclass(frozen=True, eq=False)
class SeparationEstimate:
    """Distances within people and between them, in one space.

    Attributes:
        edges: of the bins, ``(b + 1,)``, in the space's distance.
        own, other: share of the pairs of one person, and of two people, in each bin ``(b,)``.
        own_median, other_median: of these distances.
        overlap: the error rate where a distance is judged alone, own and other equally often
            wrong (equal error rate), in [0, 1].
        knn: share of the faces that their five nearest other faces name rightly, by majority.
        faces: how many were compared.
        of: how many there are.
    """

    edges: Vectors
    own: Vectors
    other: Vectors
    own_median: float
    other_median: float
    overlap: float
    knn: float
    faces: int
    of: int


def separation(
    vectors: Vectors, owners: Ids, distance: Distance, *, of: int | None = None
) -> SeparationEstimate | None:
    """Compare faces with one another; None where nobody has two faces or all are one person's.

    Args:
        vectors: ``(n, d)`` as they came, at most :data:`MOST_FACES`.
        owners: identity ids ``(n,)``.
        of: how many faces there are, where these are a sample.
    """
    rows = prepare(vectors, distance)
    distances = between(rows, rows, distance)
    upper = np.triu_indices(len(owners), 1)
    same = owners[upper[0]] == owners[upper[1]]
    if not same.any() or same.all():
        return None
    apart = distances[upper]
    own, other = np.sort(apart[same]), np.sort(apart[~same])
    edges = np.linspace(0.0, float(apart.max()), _BINS + 1, dtype=np.float32)
    return SeparationEstimate(
        edges,
        _shares(own, edges),
        _shares(other, edges),
        float(np.median(own)),
        float(np.median(other)),
        _equal_error_rate(own, other),
        float(named_rightly(distances, owners).mean()),
        len(owners),
        len(owners) if of is None else of,
    )


def _shares(distances: Vectors, edges: Vectors) -> Vectors:
    return np.asarray(np.histogram(distances, edges)[0] / len(distances), dtype=np.float32)


def _equal_error_rate(own: Vectors, other: Vectors) -> float:
    """Both sorted. Pairs of one person at or above a distance are missed, others below let in."""
    at = np.unique(np.concatenate([own, np.quantile(other, np.linspace(0, 1, 10_001))]))
    missed = 1.0 - np.searchsorted(own, at, side="left") / len(own)
    let_in = np.searchsorted(other, at, side="left") / len(other)
    nearest = int(np.abs(missed - let_in).argmin())
    return float((missed[nearest] + let_in[nearest]) / 2)


def named_rightly(distances: Vectors, owners: Ids) -> Flags:
    """Whether the five nearest other faces name each face rightly, ``(n,)``; the nearest decides
    between as many votes.

    Args:
        distances: ``(n, n)``.
    """
    apart = distances.copy()
    np.fill_diagonal(apart, np.inf)
    wanted = min(_NEIGHBOURS, len(owners) - 1)
    near = np.argpartition(apart, wanted - 1, axis=1)[:, :wanted]
    order = np.argsort(np.take_along_axis(apart, near, axis=1), axis=1)
    named = owners[np.take_along_axis(near, order, axis=1)]
    votes = (named[:, :, None] == named[:, None, :]).sum(axis=2)
    return np.asarray(named[np.arange(len(named)), votes.argmax(axis=1)] == owners)
