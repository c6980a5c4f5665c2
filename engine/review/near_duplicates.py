"""Faces that are nearly the same picture as another one, enrolled or about to be."""

from __future__ import annotations

import numpy as np

from engine.progress import SILENT, Reporter
from engine.recognition.logit import Flags, Numbers
from engine.records.findings import Finding
from engine.records.types import Distance, Ids, Vectors
from engine.review.review_faces import FaceNeighbours, ReviewFaces
from engine.utils.distances import between

_SAME = 0.004
"""Difference, by the length of a vector, below which two are the same face: what rounding to
three digits makes of an embedding."""
_FAR_OUT = 3.0
_FEWEST = 20


def duplicates(faces: ReviewFaces, nearest: FaceNeighbours) -> list[Finding]:
    """Near-duplicates: across identities first, then the nearest first.

    One finding a face: the later one of a pair (or the one that was not confirmed), beside the
    nearest earlier one.
    """
    limit, same = limits(faces, nearest)
    pairs, away = _pairs(faces, nearest, limit)
    across = faces.owners[pairs[:, 0]] != faces.owners[pairs[:, 1]]
    order = np.lexsort((away, ~across))
    _, first = np.unique(pairs[order, 0], return_index=True)
    found = []
    for row in order[np.sort(first)]:
        face, other = (int(face) for face in pairs[row])
        score = 1.0 if away[row] <= same else 1 - float(away[row]) / limit
        suggestion = int(faces.owners[other]) if across[row] else None
        shown = (faces.evidence(other, float(away[row])),)
        found.append(
            faces.finding("duplicates", score, int(faces.owners[face]), face, suggestion, shown)
        )
    return found


def limits(faces: ReviewFaces, nearest: FaceNeighbours) -> tuple[float, float]:
    """Distances up to which two faces are near-duplicates, and the same vector."""
    mine = faces.owners[nearest.rows] == faces.owners[:, None]
    face, place = np.nonzero(mine & (nearest.rows >= 0))
    _, first = np.unique(face, return_index=True)
    return limits_of(nearest.distances[face[first], place[first]], faces.rows, faces.distance)


def limits_of(own: Vectors, rows: Vectors, distance: Distance) -> tuple[float, float]:
    """Limits learned from the distances of faces to the nearest face of their identity.

    A distance is too small for two pictures when its logarithm lies far out among these: three
    times the interquartile range below the first quartile (Tukey 1977, "Exploratory Data
    Analysis"). Where under 20 faces have such a neighbour that is not the same vector, the first
    limit is the second.

    Args:
        own: of each face that has one, ``(m,)``.
        rows: prepared vectors of faces, ``(n, d)``.
    """
    length = float(np.linalg.norm(rows, axis=1).mean()) if len(rows) else 1.0
    same = _SAME**2 / 2 if distance == "cosine" else _SAME * length
    logs = np.log(own[own > same])
    if len(logs) < _FEWEST:
        return same, same
    low, high = np.quantile(logs, [0.25, 0.75])
    return max(float(np.exp(low - _FAR_OUT * (high - low))), same), same


def _pairs(faces: ReviewFaces, nearest: FaceNeighbours, limit: float) -> tuple[Ids, Numbers]:
    """Pairs of rows within the limit, the one to be told of first, and their distances.

    A pair of which both were confirmed is not told of.
    """
    face, place = np.nonzero(nearest.distances <= 2 * limit)  # they are rounded to float32
    other = nearest.rows[face, place]
    settled = faces.confirmed
    turned = (settled[face] & ~settled[other]) | (
        (settled[face] == settled[other]) & (face < other)
    )
    pairs = np.stack([np.where(turned, other, face), np.where(turned, face, other)], axis=1)
    away = exactly(faces.rows[pairs[:, 0]], faces.rows[pairs[:, 1]], faces.distance)
    kept = (away <= limit) & ~settled[pairs[:, 0]]
    return pairs[kept], away[kept]


def exactly(first: Vectors, second: Vectors, distance: Distance) -> Numbers:
    """Distances of pairs of prepared vectors ``(m, d)``, also very small ones."""
    lengths = np.linalg.norm(first.astype(np.float64) - second, axis=1)
    return np.asarray(lengths**2 / 2 if distance == "cosine" else lengths)


_ROWS_AT_ONCE = 256
_BLOCK = 4_000_000
"""Distances held in memory at once (16 MB)."""
_PROBES = 64
_OTHERS = 2_000
"""Faces of one identity that are measured, and with how many others, at most."""


def twins(
    rows: Vectors, distance: Distance, limit: float, reporter: Reporter = SILENT
) -> dict[int, int]:
    """Near-duplicates among the faces of one person: of each the earlier face that says as much.

    A face is compared only with those that are no near-duplicates themselves, so that no chain of
    small steps joins two different pictures.

    Args:
        rows: prepared vectors ``(n, d)``.
        limit: distance up to which two are near-duplicates, see :func:`limits_of`; never less
            than what it calls the same vector.

    Returns:
        rows by row.

    Raises:
        CancelledError: stopped by the reporter.
    """
    found: dict[int, int] = {}
    kept: list[int] = []
    step = max(1, min(_ROWS_AT_ONCE, _BLOCK // max(len(rows), 1)))
    for start in range(0, len(rows), step):
        reporter.check()
        block = np.arange(start, min(start + step, len(rows)))
        near = _near(rows[block], rows[kept], distance, limit)
        before = near.any(axis=1)
        found |= {int(block[at]): kept[int(near[at].argmax())] for at in np.flatnonzero(before)}
        fresh = block[~before]
        close = _near(rows[fresh], rows[fresh], distance, limit)
        stays = np.zeros(len(fresh), dtype=bool)
        for at, row in enumerate(fresh.tolist()):
            earlier = np.flatnonzero(close[at] & stays)
            stays[at] = not len(earlier)
            if len(earlier):
                found[row] = int(fresh[earlier[0]])
        kept += fresh[stays].tolist()
    return found


def _near(first: Vectors, second: Vectors, distance: Distance, limit: float) -> Flags:
    """Which pairs of prepared vectors ``(m, d)`` and ``(n, d)`` are within the limit."""
    near = between(first, second, distance) <= 2 * limit  # they are rounded to float32
    left, right = np.nonzero(near)
    near[left, right] = exactly(first[left], second[right], distance) <= limit
    return near


def nearest_own(rows: Vectors, owners: Ids, distance: Distance) -> Vectors:
    """Distances of faces to the nearest of their identity ``(m,)``; a sample of large ones.

    Args:
        rows: prepared vectors ``(n, d)``.
        owners: a number for the identity of each, ``(n,)``.
    """
    order = np.argsort(owners, kind="stable")
    ends = np.flatnonzero(np.diff(owners[order])) + 1
    found = [np.empty(0, dtype=np.float32)]
    for group in np.split(order, ends):
        if len(group) < 2:
            continue
        probes = _even(group, _PROBES)
        others = np.union1d(probes, _even(group, _OTHERS))
        away = between(rows[probes], rows[others], distance)
        away[probes[:, None] == others] = np.inf
        found.append(away.min(axis=1))
    return np.concatenate(found)


def _even(group: Ids, most: int) -> Ids:
    return group[np.unique(np.linspace(0, len(group) - 1, most).astype(np.int64))]
