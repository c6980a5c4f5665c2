"""What one method sees in a set of queries, before anybody decides whether that is a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.identification.logit import Numbers
from engine.records.types import Ids, Neighbours, Vectors


@dataclass(frozen=True, eq=False)
class Look:
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

    def without(self, refused: Sequence[frozenset[int]]) -> Look:
        """The same without the identities that each query is known not to be."""
        rows = [row for row, identities in enumerate(refused) if identities]
        if not rows:
            return self
        log_odds = self.log_odds.copy()
        for row in rows:
            log_odds[row, np.isin(self.identities[row], list(refused[row]))] = -np.inf
        identities = np.where(np.isneginf(log_odds), -1, self.identities)
        return replace(self, identities=identities, log_odds=log_odds)
