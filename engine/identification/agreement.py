"""Whether the faces of a group look like one person, by the measure of the gallery's own."""

from __future__ import annotations

import numpy as np

from engine.distances import between, prepare
from engine.identification.calibration import Calibration
from engine.types import Distance, Ids, Vectors

_SHARE = 0.005
_FEWEST_PAIRS = 20


def disagreeing(vectors: Vectors, distance: Distance, calibration: Calibration | None) -> list[int]:
    """Rows of a group ``(n, d)`` that look unlike the others.

    A row disagrees when its median distance to the others is one that in the gallery only 1 pair
    of faces of one identity in 200 exceeds. Empty where the gallery has too few pairs to say.
    """
    if calibration is None or calibration.agreement is None or len(vectors) < 2:
        return []
    rows = prepare(vectors, distance)
    distances = between(rows, rows, distance).astype(np.float64)
    np.fill_diagonal(distances, np.nan)
    medians = np.nanmedian(distances, axis=1)
    return [int(row) for row in np.flatnonzero(medians > calibration.agreement)]


def widest_agreement(
    faces: Vectors, owners: Ids, probes: Ids, distance: Distance, random: np.random.Generator
) -> float | None:
    """Distance that 99.5 % of the pairs of faces of one identity stay within.

    One pair for each probe, with another face of its identity drawn at random. Where there are
    under 200 pairs it is the widest of them, and None under 20.

    Args:
        faces: prepared, ``(n, d)``.
        owners: a number for the identity of each face, ``(n,)``.
        probes: rows of ``faces``.
    """
    order = np.argsort(owners, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    _, first, count = np.unique(owners[order], return_index=True, return_counts=True)
    group = np.searchsorted(first, place[probes], side="right") - 1
    start, size = first[group], count[group]
    paired = size > 1
    if paired.sum() < _FEWEST_PAIRS:
        return None
    shift = 1 + random.integers(0, np.maximum(size - 1, 1))
    partner = order[start + (place[probes] - start + shift) % size]
    gaps = faces[probes[paired]] - faces[partner[paired]]
    lengths = np.linalg.norm(gaps, axis=1)
    distances = lengths**2 / 2 if distance == "cosine" else lengths
    return float(np.quantile(distances, 1 - _SHARE, method="higher"))
