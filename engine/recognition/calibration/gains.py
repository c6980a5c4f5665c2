"""Whether one way to recognise people is better than another, beyond noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.recognition.calibration.calibration import Calibration
from engine.recognition.logit import Flags, Numbers
from engine.records.types import Ids

FPIR = 0.01
FEWEST_PEOPLE = 7
"""With fewer people nothing is taken for better: where chance alone decides who fares better, all
of n people do once in 2^n times, and of six or fewer that is more often than once in 100."""
_DRAWS = 1_000
_DRAWS_AT_ONCE = 50
_SEED = 0
_EASY = 0.98


@dataclass(frozen=True, eq=False)
class TrialFigures:
    """How a method did in its trials.

    Attributes:
        calibration: of its log-odds.
        own: identity of each mated search, ``(n,)``.
        first: whether the right identity came first.
        found: whether it also passed the threshold for an FPIR of 1 %.
    """

    calibration: Calibration
    own: Ids
    first: Flags
    found: Flags

    @classmethod
    def of(cls, calibration: Calibration, mated: Numbers, own: Ids) -> TrialFigures:
        """From the scores of mated searches ``(n,)`` for identities ``(n,)``; minus infinity where
        another identity came first.
        """
        return cls(calibration, own, ~np.isneginf(mated), mated > calibration.threshold(FPIR))

    @property
    def people(self) -> int:
        """Identities that were searched for."""
        return len(np.unique(self.own))

    @property
    def rank1(self) -> float:
        return float(self.first.mean())

    @property
    def balanced_rank1(self) -> float:
        """Mean over identities."""
        _, group = np.unique(self.own, return_inverse=True)
        return float((np.bincount(group, self.first) / np.bincount(group)).mean())

    @property
    def is_hard(self) -> bool:
        """Whether so many faces are taken for somebody else that more than k-NN may help."""
        return self.people >= FEWEST_PEOPLE and self.rank1 < _EASY

    @property
    def fnir(self) -> float:
        return 1.0 - float(self.found.mean())


@dataclass(frozen=True)
class Gain:
    """How much better a method is than another, as shares; beyond noise where ``low`` > 0."""

    value: float
    low: float
    high: float


def gain(new: Flags, other: Flags, own: Ids, *, balanced: bool = False) -> Gain:
    """Difference of two shares over the same searches, with its 98 % interval.

    By bootstrap over identities: faces of one person are no independent searches (Bolle et al.
    2004, "Error analysis of pattern recognition systems: the subsets bootstrap").

    Args:
        balanced: every identity counts the same, else every face.
    """
    _, group, count = np.unique(own, return_inverse=True, return_counts=True)
    differences = np.bincount(group, new.astype(float) - other.astype(float))
    weight = count.astype(float)
    if balanced:
        differences, weight = differences / weight, np.ones(len(weight))
    random = np.random.default_rng(_SEED)
    shares = np.empty(_DRAWS)
    for start in range(0, _DRAWS, _DRAWS_AT_ONCE):
        draws = random.integers(0, len(count), (_DRAWS_AT_ONCE, len(count)))
        drawn = differences[draws].sum(axis=1) / weight[draws].sum(axis=1)
        shares[start : start + _DRAWS_AT_ONCE] = drawn
    low, high = np.percentile(shares, [1, 99])
    return Gain(float(differences.sum() / weight.sum()), float(low), float(high))


def beats(new: TrialFigures, other: TrialFigures) -> bool:
    """Whether a method is better beyond noise in one figure and not worse in any.

    The figures are rank-1, rank-1 balanced over identities, and what passes the threshold. Of fewer
    than FEWEST_PEOPLE people none is beyond noise.
    """
    if new.people < FEWEST_PEOPLE:
        return False
    found = gains(new, other)
    return any(figure.low > 0 for figure in found) and all(figure.high >= 0 for figure in found)


def gains(new: TrialFigures, other: TrialFigures) -> tuple[Gain, Gain, Gain]:
    """In rank-1, in rank-1 balanced over identities, and in what passes the threshold."""
    return (
        gain(new.first, other.first, new.own),
        gain(new.first, other.first, new.own, balanced=True),
        gain(new.found, other.found, new.own),
    )
