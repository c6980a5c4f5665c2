"""Several methods as one: their log-odds are the features of another conditional logit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.identification.logit import LogOdds, Numbers
from engine.identification.look import Look
from engine.identification.shortlist import Shortlist
from engine.records.types import Ids, Vectors

_BOUND = 30.0  # beyond these log-odds nothing more is said


def fuse(looks: Sequence[Look], model: LogOdds) -> Look:
    """One look of several; neighbours are those of the first.

    Args:
        model: over one feature for each look, in their order.
    """
    found = joined([(look.identities, look.joint) for look in looks])
    distances = _at(found.rows, looks[0].identities, looks[0].distances, np.nan)
    odds = model(found.features, found.filled)
    return Look(
        found.rows,
        odds,
        odds,
        distances.astype(np.float32),
        looks[0].neighbours,
        looks[0].owners,
    )


def joined(parts: Sequence[tuple[Ids, Numbers]]) -> Shortlist:
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
    return _at(rows, identities, np.where(present, kept, -_BOUND), floor[:, None])


def _at(
    rows: Ids, identities: Ids, values: Numbers | Vectors, otherwise: Numbers | float
) -> Numbers:
    """``values (m, c)`` of identities, put where the same identities stand in ``rows (m, r)``."""
    matches = (rows[:, :, None] == identities[:, None, :]) & (rows >= 0)[:, :, None]
    if not identities.shape[1]:
        return np.broadcast_to(np.asarray(otherwise, dtype=np.float64), rows.shape)
    found = np.take_along_axis(values, matches.argmax(axis=2), axis=1)
    return np.asarray(np.where(matches.any(axis=2), found, otherwise), dtype=np.float64)
