"""What is thought of every face: that it is its identity's, somebody else's, or nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.identification.logit import Flags, LogOdds, Numbers
from engine.records.types import Ids
from engine.review.faces import Faces

FINE, ELSEWHERE, NOBODY = range(3)
"""What may be true of a face."""
_PRIORS = np.log([[0.99], [0.009], [0.001]])
"""Before it is looked at: 1 face in 100 is under a wrong name, 9 of 10 of these are of somebody
who is enrolled. With more for the others, vectors that tell nobody apart put half of a gallery
under suspicion."""
LITTLE = 3.0
"""Log-odds, 1 to 20, by which two identities may differ and still be taken for one another."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was found for each face.

    Attributes:
        model: log-odds of a candidate; None where the gallery is too small to learn it, and
            then nobody is doubted.
        own: log-odds of the own identity, minus infinity for a face alone, ``(n,)``.
        rows: other identities in question, -1 where a place is empty, ``(n, c)``.
        odds: their log-odds, ``(n, c)``.
        alone: True for a face that has nobody trusted beside it in its identity, ``(n,)``.
    """

    model: LogOdds | None
    own: Numbers
    rows: Ids
    odds: Numbers
    alone: Flags

    @cached_property
    def other(self) -> Numbers:
        """Log-odds of the best other identity, ``(n,)``."""
        return np.asarray(self.odds.max(axis=1, initial=-np.inf))

    @cached_property
    def suggestion(self) -> Ids:
        """Row of that identity, -1 where there is none, ``(n,)``."""
        if not self.rows.shape[1]:
            return np.full(len(self.own), -1, dtype=np.int64)
        return np.take_along_axis(self.rows, self.odds.argmax(axis=1)[:, None], axis=1)[:, 0]

    @cached_property
    def chances(self) -> Numbers:
        """Probability of FINE, ELSEWHERE and NOBODY, ``(3, n)``; of a face alone nothing is
        doubted, for there is nothing left to compare it with."""
        odds = np.stack([self.own, self.other, np.zeros(len(self.own))])
        odds[1:, self.alone] = -np.inf
        odds[0, self.alone] = 0.0
        shares = np.exp(odds + _PRIORS - (odds + _PRIORS).max(axis=0))
        return np.asarray(shares / shares.sum(axis=0))

    @property
    def doubted(self) -> Flags:
        """Faces that are likelier not their identity's, ``(n,)``."""
        return np.asarray(self.chances[FINE] < 0.5)

    @property
    def elsewhere(self) -> Flags:
        """Those of them that are likelier somebody else's than nobody's, ``(n,)``."""
        return np.asarray(self.doubted & (self.chances[ELSEWHERE] > self.chances[NOBODY]))

    def shares(self, faces: Faces, weights: Numbers | Flags) -> Iterator[tuple[int, int, float]]:
        """How much of an identity looks like another one.

        Args:
            weights: how much each face does like each candidate, in [0, 1], ``(n, c)``.

        Yields:
            rows of two identities, the one with fewer faces (or else the later) first, and the
            mean weight of its faces for the other; only where that is above one half.
        """
        face, place = np.nonzero(weights)
        pairs, pair = np.unique(
            np.stack([faces.owners[face], self.rows[face, place]], axis=1),
            axis=0,
            return_inverse=True,
        )
        sums = np.bincount(pair.ravel(), weights[face, place], len(pairs))
        means = sums / faces.counts[pairs[:, 0]]
        for (one, other), mean in zip(pairs.tolist(), means.tolist(), strict=True):
            if mean > 0.5 and (faces.counts[one], -one) < (faces.counts[other], -other):
                yield one, other, mean

    @cached_property
    def as_near(self) -> Flags:
        """Where a candidate is not much less likely than the own identity, ``(n, c)``."""
        return np.asarray((self.rows >= 0) & (self.odds > self.own[:, None] - LITTLE))
