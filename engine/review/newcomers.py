"""Near-duplicates among faces that are not enrolled yet."""

from __future__ import annotations

import numpy as np

from engine.identification.logit import Flags
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.review.duplicates import exactly
from engine.utils.distances import between

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


def _near(one: Vectors, other: Vectors, distance: Distance, limit: float) -> Flags:
    """Which pairs of prepared vectors ``(m, d)`` and ``(n, d)`` are within the limit."""
    near = between(one, other, distance) <= 2 * limit  # they are rounded to float32
    left, right = np.nonzero(near)
    near[left, right] = exactly(one[left], other[right], distance) <= limit
    return near


def nearest_own(rows: Vectors, owners: Ids, distance: Distance) -> Vectors:
    """Distances of faces to their nearest own one, ``(m,)``; of large identities an even choice.

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
