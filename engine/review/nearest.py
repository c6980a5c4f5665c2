"""The nearest faces of every face: searched once, exactly, and used by all finders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.distances import between
from engine.identification.shortlist import NEIGHBOURS
from engine.progress import Reporter
from engine.review.faces import Faces
from engine.types import Ids, Vectors

_KEPT = 3 * NEIGHBOURS
"""So many that there are still enough when those of doubtful names are taken out."""
_BLOCK = 8_000_000
"""Distances held in memory at once (32 MB)."""
_STAGE = "Searching for the nearest faces"


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest faces of each face but itself, nearest first.

    Attributes:
        rows: rows of faces, ``(n, k)``.
        distances: ``(n, k)``.
    """

    rows: Ids
    distances: Vectors


def search(faces: Faces, reporter: Reporter) -> Nearest:
    """Searches all faces among all, in blocks of bounded memory.

    Raises:
        CancelledError: stopped by the reporter.
    """
    count = len(faces)
    kept = min(_KEPT, count - 1)
    rows = np.empty((count, kept), dtype=np.int64)
    distances = np.empty((count, kept), dtype=np.float32)
    block = max(1, _BLOCK // count)
    for start in range(0, count, block):
        reporter.progress(_STAGE, start, count)
        part = slice(start, min(start + block, count))
        away = between(faces.rows[part], faces.rows, faces.distance)
        away[np.arange(len(away)), np.arange(part.start, part.stop)] = np.inf
        rows[part], distances[part] = _smallest(away, kept)
    reporter.progress(_STAGE, count, count)
    return Nearest(rows, distances)


def _smallest(away: Vectors, kept: int) -> tuple[Ids, Vectors]:
    """Places and values of the smallest of each row, in order; of equals the first places.

    Much faster than numpy.argpartition, whose plain sibling is vectorised.
    """
    if not kept:
        return np.empty((len(away), 0), dtype=np.int64), away[:, :0]
    edge = np.partition(away, kept - 1, axis=1)[:, kept - 1 : kept]
    row, place = np.nonzero(away <= edge)
    order = np.lexsort((place, away[row, place], row))
    first = np.searchsorted(row, np.arange(len(away)))
    chosen = order[first[:, None] + np.arange(kept)]
    return place[chosen], away[row[chosen], place[chosen]]
