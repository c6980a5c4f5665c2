"""What one method sees in a set of queries, and the scores of several methods fused into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.recognition.logit import LogOdds, Numbers
from engine.recognition.shortlist import Shortlist
from engine.records.types import Ids, Neighbours, Vectors


@dataclass(frozen=True, eq=False)
class MethodScores:
    """Identities in question for ``m`` queries, ``c`` places each, in no order.

    Attributes:
        identities: identity ids ``(m, c)``, -1 where a place is empty.
        log_odds: calibrated, against "none of them", ``(m, c)``; minus infinity where empty.
        joint: the same as a fusion has learned to take them, ``(m, c)``.
        distances: to the template of the identity, in the method's own space, ``(m, c)``; NaN
            where the method measures none.
        neighbours: the nearest faces, for methods that have them.
        owners: identity ids of the neighbours ``(m, n)``.
    """

    identities: Ids
    log_odds: Numbers
    joint: Numbers
    distances: Vectors
    neighbours: Neighbours
    owners: Ids

    def __len__(self) -> int:
        return len(self.identities)

    def without(self, refused: Sequence[frozenset[int]] | None) -> MethodScores:
        """Scores without the identities that each query is known not to be."""
        rows = [row for row, identities in enumerate(refused or ()) if identities]
        if not rows:
            return self
        log_odds = self.log_odds.copy()
        for row in rows:
            log_odds[row, np.isin(self.identities[row], list((refused or ())[row]))] = -np.inf
        identities = np.where(np.isneginf(log_odds), -1, self.identities)
        return replace(self, identities=identities, log_odds=log_odds)


_BOUND = 30.0  # beyond these log-odds nothing more is said


def fuse(parts: Sequence[MethodScores], model: LogOdds) -> MethodScores:
    """Fuse the scores of several methods; neighbours are those of the first.

    Args:
        model: over one feature for each method, in their order.
    """
    found = joined_log_odds([(part.identities, part.joint) for part in parts])
    distances = _align(found.rows, parts[0].identities, parts[0].distances, np.nan)
    odds = model(found.features, found.filled)
    return MethodScores(
        found.rows,
        odds,
        odds,
        distances.astype(np.float32),
        parts[0].neighbours,
        parts[0].owners,
    )


def joined_log_odds(parts: Sequence[tuple[Ids, Numbers]]) -> Shortlist:
    """All identities that any method has in question, with each method's log-odds.

    An identity that a method does not have in question gets the lowest log-odds that the method
    gave to any of this query.

    Args:
        parts: identities ``(m, c)``, -1 where empty, and log-odds ``(m, c)`` of each method.

    Returns:
        identity ids as ``rows``, ``(m, sum of c)``, and a feature for each method.
    """
    rows = np.sort(np.hstack([identities for identities, _ in parts]), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
    features = [_bounded(rows, identities, odds) for identities, odds in parts]
    stacked = np.stack(features, axis=2)
    return Shortlist(rows, np.where(rows[:, :, None] >= 0, stacked, 0.0))


def _bounded(rows: Ids, identities: Ids, odds: Numbers) -> Numbers:
    present = identities >= 0
    kept = np.clip(odds, -_BOUND, _BOUND)
    floor = np.where(present, kept, np.inf).min(axis=1, initial=_BOUND)
    floor = np.where(present.any(axis=1), floor, -_BOUND)
    return _align(rows, identities, np.where(present, kept, -_BOUND), floor[:, None])


def _align(
    rows: Ids, identities: Ids, values: Numbers | Vectors, otherwise: Numbers | float
) -> Numbers:
    """``values (m, c)`` of identities, put where the same identities stand in ``rows (m, r)``."""
    matches = (rows[:, :, None] == identities[:, None, :]) & (rows >= 0)[:, :, None]
    if not identities.shape[1]:
        return np.broadcast_to(np.asarray(otherwise, dtype=np.float64), rows.shape)
    found = np.take_along_axis(values, matches.argmax(axis=2), axis=1)
    return np.asarray(np.where(matches.any(axis=2), found, otherwise), dtype=np.float64)
