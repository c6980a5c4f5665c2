"""Which vectors look like one person, where nobody says who they are.

Average linkage: the two groups whose vectors are nearest to one another on average are joined,
until no two are near enough. Near enough is told by the gallery's own faces: nearer than all but
one in ten thousand pairs of faces of two people; where people are further apart than that, half
the way to what is usual between the faces of one.

Measured on 4,432 faces of 2,795 strangers (2,044 of them with one face), against the sample
gallery: of the pairs of faces put together 94 % are of one person, and of the pairs of one person
74 % are put together (V-measure 0.99). Complete linkage finds 62 % at a precision of 93 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.progress import SILENT, Reporter
from engine.tools.distances import SquaresTable, between, prepare
from engine.types import Distance, Ids, Vectors

AT_ONCE = 4_000
"""Vectors whose distances to one another are held at a time: 64 MB, and twice that at work."""
_BLOCK = 1_000  # rows that are held against all groups at a time
_FALSE_PAIRS = 1e-4
_SAME = 0.95
_DEVIATIONS = 3.0
_SAMPLE = 2_000  # enrolled faces that the limit is taken from
_EACH = 10  # of one identity, at most
_SEED = 20_070
_STAGE = "Looking for who belongs together"


def near_enough(owners: Ids, vectors: Vectors, distance: Distance) -> float | None:
    """The mean distance up to which two groups of vectors are one person, by enrolled faces.

    Args:
        owners: identity of each of :func:`measured` faces, ``(n,)``.
        vectors: as they came, ``(n, d)``.

    Returns:
        None where no two faces are enrolled.
    """
    rows = prepare(vectors, distance)
    upper = np.triu_indices(len(rows), 1)
    away = between(rows, rows, distance)[upper]
    same = owners[upper[0]] == owners[upper[1]]
    own = float(np.quantile(away[same], _SAME)) if same.any() else None
    if same.all():
        return own
    others = float(np.quantile(away[~same], _FALSE_PAIRS))
    few = _far_below(away[~same])  # of some people only, the nearest pair is no rare one
    others = min(others, few) if few > 0 else others
    return others if own is None or own >= others else (own + others) / 2


def usual(vectors: Vectors, distance: Distance) -> float:
    """The same where nobody is enrolled: much nearer than vectors ``(n, d)`` usually are to one
    another, since most of them are of different people.
    """
    rows = prepare(vectors[:_SAMPLE], distance)
    away = between(rows, rows, distance)[np.triu_indices(len(rows), 1)]
    return max(_far_below(away), 0.0) if len(away) else 0.0


def groups(
    vectors: Vectors,
    distance: Distance,
    limit: float,
    reporter: Reporter = SILENT,
    known: Sequence[Ids] = (),
) -> list[Ids]:
    """Vectors ``(n, d)`` that look like one person, as rows; every row is in one group.

    Beyond :data:`AT_ONCE` vectors the next ones join the group they are nearest to, where that is
    near enough, and are only then held against one another: memory stays bounded.

    Args:
        known: groups that are made already. They come first, in their order; the other rows join
            them in the same way.

    Raises:
        CancelledError: stopped by the reporter.
    """
    rows = prepare(vectors, distance)
    found = list(known)
    rest = np.setdiff1d(np.arange(len(rows)), np.concatenate([np.empty(0, np.int64), *known]))
    for start in range(0, len(rest), AT_ONCE):
        reporter.progress(_STAGE, start, len(rest))
        part = rest[start : start + AT_ONCE]
        nearest = _nearest_groups(rows, part, found, distance, limit)
        for group in np.unique(nearest[nearest >= 0]).tolist():
            found[group] = np.concatenate([found[group], part[nearest == group]])
        left = part[nearest < 0]
        labels = _linked(rows[left], distance, limit)
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(labels))[:-1]
        found += [left[members] for members in np.split(order, ends) if len(members)]
    reporter.progress(_STAGE, len(rest), len(rest))
    return found


def _far_below(away: Vectors) -> float:
    return float(away.mean() - _DEVIATIONS * away.std())


def measured(owners: Ids) -> Ids:
    """Rows of the faces that say how near is near enough: of whole identities, by chance but
    always the same, up to a number of faces.
    """
    order = np.random.default_rng(_SEED).permutation(len(owners))
    _, where = np.unique(owners, return_inverse=True)
    shuffled = np.random.default_rng(_SEED).permutation(where.max(initial=-1) + 1)[where]
    order = order[np.argsort(shuffled[order], kind="stable")]
    _, first, place = np.unique(shuffled[order], return_index=True, return_inverse=True)
    return np.asarray(order[np.arange(len(order)) - first[place] < _EACH][:_SAMPLE])


def _linked(rows: Vectors, distance: Distance, limit: float) -> Ids:
    """A label from 0 for each prepared row."""
    if len(rows) < 2:
        return np.zeros(len(rows), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    linked = AgglomerativeClustering(
        n_clusters=None, distance_threshold=limit, metric=distance, linkage="average"
    )
    return np.asarray(linked.fit_predict(rows), dtype=np.int64)


def _nearest_groups(
    rows: Vectors, part: Ids, found: list[Ids], distance: Distance, limit: float
) -> Ids:
    """For some rows the group that is nearest, or -1 where none is near enough."""
    nearest = np.full(len(part), -1, dtype=np.int64)
    if not found:
        return nearest
    middles = np.stack([rows[members].mean(axis=0) for members in found])
    spread = np.array(
        [
            np.square(rows[members] - middle).sum(axis=1).mean()
            for members, middle in zip(found, middles, strict=True)
        ]
    )
    squares = SquaresTable(middles)
    for start in range(0, len(part), _BLOCK):
        block = rows[part[start : start + _BLOCK]]
        # mean over a group's members, from its mean alone; for euclidean that of the squares
        square = spread - squares.minus_squares(block)
        away = square / 2 if distance == "cosine" else np.sqrt(square)
        best = away.argmin(axis=1)
        close = away[np.arange(len(block)), best] <= limit
        nearest[start : start + _BLOCK][close] = best[close]
    return nearest
