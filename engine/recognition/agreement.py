"""Whether the faces of a group look like one person, by a measure learned from enrolled ones."""

from __future__ import annotations

import numpy as np

from engine.recognition.logit import Numbers
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import between, prepare

_SHARE = 0.005
_FEWEST_PAIRS = 20
_COMPANY = 256
"""Others that a face is compared with, at most."""
_ROWS_AT_ONCE = 8_192


def disagreeing(
    vectors: Vectors, distance: Distance, widest: float | None, beside: Vectors | None = None
) -> list[int]:
    """Rows of a group ``(n, d)`` that look unlike the others.

    A row disagrees when its median distance to the others, or to an even choice of them where
    they are many, is one that only 1 pair of faces of one identity in 200 exceeds.

    Args:
        widest: that distance, see :func:`widest_agreement`; None says nothing of any row.
        beside: more faces of the group ``(m, d)``, of which nothing is to be said.
    """
    count = len(vectors)
    others = vectors[:0] if beside is None else beside
    if widest is None or not count or count + len(others) < 2:
        return []
    faces = prepare(np.concatenate([vectors, others]), distance)
    company = np.unique(np.linspace(0, len(faces) - 1, _COMPANY).astype(np.int64))
    found: list[int] = []
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = np.arange(start, min(start + _ROWS_AT_ONCE, count))
        away = between(faces[rows], faces[company], distance).astype(np.float64)
        away[rows[:, None] == company] = np.nan
        found += rows[_medians(away) > widest].tolist()
    return found


def _medians(distances: Numbers) -> Numbers:
    """Median of each row without its NaN; numpy.nanmedian takes eight times as long."""
    ordered = np.sort(distances, axis=1)  # NaN last
    count = np.count_nonzero(~np.isnan(ordered), axis=1)[:, None]
    middle = np.hstack([(count - 1) // 2, count // 2])
    return np.asarray(np.take_along_axis(ordered, middle, axis=1).mean(axis=1))


def widest_agreement(
    faces: Vectors, owners: Ids, probes: Ids, distance: Distance, random: np.random.Generator
) -> float | None:
    """Distance that 99.5 % of the pairs of faces of one identity stay within; see
    :func:`pairs_of` and :func:`widest`.

    Args:
        faces: prepared, ``(n, d)``.
        owners: a number for the identity of each face, ``(n,)``.
        probes: rows of ``faces``.
    """
    first, second = pairs_of(owners, probes, random)
    return widest(faces[first], faces[second], distance)


def pairs_of(owners: Ids, probes: Ids, random: np.random.Generator) -> tuple[Ids, Ids]:
    """For each probe that is not alone another face of its identity, drawn at random.

    Args:
        owners: a number for the identity of each face, ``(n,)``.
        probes: rows of faces.

    Returns:
        rows of the probes and of the others, ``(m,)``.
    """
    order = np.argsort(owners, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    _, first, count = np.unique(owners[order], return_index=True, return_counts=True)
    group = np.searchsorted(first, place[probes], side="right") - 1
    start, size = first[group], count[group]
    paired = size > 1
    if not paired.any():
        return probes[:0], probes[:0]
    shift = 1 + random.integers(0, np.maximum(size - 1, 1))
    partner = order[start + (place[probes] - start + shift) % size]
    return probes[paired], partner[paired]


def widest(first: Vectors, second: Vectors, distance: Distance) -> float | None:
    """Distance that 99.5 % of pairs of prepared faces ``(m, d)`` stay within.

    Where there are under 200 pairs it is the widest of them, and None under 20.
    """
    if len(first) < _FEWEST_PAIRS:
        return None
    lengths = np.linalg.norm(first - second, axis=1)
    distances = lengths**2 / 2 if distance == "cosine" else lengths
    return float(np.quantile(distances, 1 - _SHARE, method="higher"))
