"""The nearest faces of every face: searched once, and used by all finders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.identification.shortlist import NEIGHBOURS
from engine.progress import Reporter
from engine.records.types import Ids, Neighbours, Vectors
from engine.review.faces import Faces
from engine.utils.exact_neighbours import nearest

EXACT = 20_000
"""Up to so many faces all are compared with all; beyond, the gallery's index is asked."""
_KEPT = 3 * NEIGHBOURS
"""So many that there are still enough when those of doubtful names are taken out."""
_AT_ONCE = 200
"""Faces that the index is asked for between two looks at the reporter (some 0.1 s)."""
_STAGE = "Searching for the nearest faces"

Search = Callable[[Vectors, int], Neighbours]
"""The ``k`` nearest enrolled faces of vectors ``(m, d)``, all but a few of them."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest faces of each face but itself, nearest first.

    Attributes:
        rows: rows of faces, ``(n, k)``; -1 where there are fewer.
        distances: ``(n, k)``; infinity where there are fewer.
    """

    rows: Ids
    distances: Vectors


def search(faces: Faces, reporter: Reporter, index: Search | None = None) -> Nearest:
    """Searches all faces among all.

    Args:
        index: of a gallery in which all of these faces are.

    Raises:
        CancelledError: stopped by the reporter.
    """
    count = len(faces)
    if index is not None and count > EXACT:
        found = _by_index(faces, reporter, index)
    else:
        found = Nearest(
            *nearest(
                faces.rows,
                faces.rows,
                min(_KEPT, count - 1),
                faces.distance,
                itself=np.arange(count),
                check=lambda done: reporter.progress(_STAGE, done, count),
            )
        )
    reporter.progress(_STAGE, count, count)
    return found


def _by_index(faces: Faces, reporter: Reporter, index: Search) -> Nearest:
    count = len(faces)
    rows = np.full((count, _KEPT), -1, dtype=np.int64)
    distances = np.full((count, _KEPT), np.inf, dtype=np.float32)
    for start in range(0, count, _AT_ONCE):
        reporter.progress(_STAGE, start, count)
        part = slice(start, min(start + _AT_ONCE, count))
        found = index(faces.rows[part], _KEPT + 1)
        place = np.minimum(np.searchsorted(faces.ids, found.ids), count - 1)
        there = faces.ids[place] == found.ids  # no face that is to be left out
        there &= place != np.arange(part.start, part.stop)[:, None]
        order = np.argsort(~there, axis=1, kind="stable")[:, :_KEPT]
        width = order.shape[1]
        kept = np.take_along_axis(there, order, axis=1)
        rows[part, :width] = np.where(kept, np.take_along_axis(place, order, axis=1), -1)
        near = np.take_along_axis(found.distances, order, axis=1)
        distances[part, :width] = np.where(kept, near, np.inf)
    return Nearest(rows, distances)
