"""What the method ``auto`` stands for on one gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.cross_validation import Trials, as_searches, in_common
from engine.recognition.calibration.fitting import as_calibration, fit_scores
from engine.recognition.logit import Flags, LogOdds
from engine.records.changes import event
from engine.records.types import Ids


@dataclass(frozen=True)
class MethodChoice:
    """A choice among the methods.

    Attributes:
        members: the method, or those that are fused.
        calibration: of the fusion; None for a single method, which has its own.
        reason: why, as :func:`engine.records.changes.event` makes it: ``no-model``, ``untested``
            or ``not-better``, or ``better`` with the members, their rank-1 and FNIR, and those of
            k-NN. Or a sentence, of an earlier version.
        otherwise: the choice without the MLP, for queries that look most like somebody whom the
            MLP has never seen; None where the MLP is no member.
    """

    members: tuple[str, ...]
    calibration: Calibration | None
    reason: str
    otherwise: MethodChoice | None = None

    @property
    def all_members(self) -> frozenset[str]:
        """The members, with those of ``otherwise``."""
        return frozenset(self.members) | (self.otherwise.all_members if self.otherwise else set())

    def grown(self, identities: int) -> MethodChoice:
        """This choice in a larger gallery, see :meth:`Calibration.grown`."""
        return replace(
            self,
            calibration=self.calibration and self.calibration.grown(identities),
            otherwise=self.otherwise and self.otherwise.grown(identities),
        )

    def to_json(self) -> dict[str, Any]:
        """This choice as plain values, for a file."""
        return {
            "members": list(self.members),
            "calibration": self.calibration.to_json() if self.calibration else None,
            "reason": self.reason,
            "otherwise": self.otherwise.to_json() if self.otherwise else None,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> MethodChoice:
        """Read what :meth:`to_json` made. Raises ValueError, KeyError, TypeError: damaged."""
        members = tuple(map(str, record["members"]))
        if not members:
            raise ValueError("auto stands for nothing")
        calibration = None
        if len(members) > 1:
            calibration = Calibration.from_json(record["calibration"], features_of(len(members)))
        otherwise = record["otherwise"]
        return cls(
            members,
            calibration,
            str(record["reason"]),
            cls.from_json(otherwise) if otherwise is not None else None,
        )


def features_of(methods: int) -> tuple[str, ...]:
    """What a fusion of so many methods is calibrated on."""
    return tuple(f"method {number}" for number in range(methods))


KNN_ALONE = MethodChoice(("knn",), None, event("no-model"))


FPIR = 0.01
FEWEST_PEOPLE = 7
"""With fewer people nothing is taken for better: where chance alone decides who fares better, all
of n people do once in 2^n times, and of six or fewer that is more often than once in 100."""
_DRAWS = 1_000
_DRAWS_AT_ONCE = 50
_BOOTSTRAP_SEED = 0
_UNTRIED = MethodChoice(("knn",), None, event("untested"))
_TOO_FEW = MethodChoice(("knn",), None, event("too-few-people", FEWEST_PEOPLE))


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
    def fnir(self) -> float:
        return 1.0 - float(self.found.mean())


@dataclass(frozen=True)
class Gain:
    """How much better a method is than another, as shares; beyond noise where ``low`` > 0."""

    value: float
    low: float
    high: float


def trial_figures(trials: Sequence[Trials]) -> TrialFigures:
    """How a method, or the fusion of several, does in trials of the same faces in one order."""
    searches, first = as_searches(trials), trials[0]
    unfitted = _mean_of(len(trials))
    learned = fit_scores(searches, np.random.default_rng(_BOOTSTRAP_SEED), unfitted)
    calibration = as_calibration(
        learned,
        searches,
        identities=first.identities,
        unmet=first.unmet,
        features=features_of(len(trials)),
        unfitted=unfitted,
    )
    searched = ~searches.alone
    mated = learned.mated[searched]
    threshold = calibration.threshold(FPIR)
    return TrialFigures(calibration, searches.own[searched], ~np.isneginf(mated), mated > threshold)


def _mean_of(methods: int) -> LogOdds:
    return LogOdds((0.0,) * methods, (1.0,) * methods, (1.0 / methods,) * methods, 0.0)


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
    random = np.random.default_rng(_BOOTSTRAP_SEED)
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
    gains = _gains(new, other)
    return any(figure.low > 0 for figure in gains) and all(figure.high >= 0 for figure in gains)


def select_methods(trials: Mapping[str, Trials]) -> MethodChoice:
    """What ``auto`` shall stand for: k-NN unless something beats it.

    Args:
        trials: by method, ``knn`` among them.
    """
    if len(trials) < 2:
        return _UNTRIED
    alike = dict(zip(trials, in_common(list(trials.values())), strict=True))
    if not alike["knn"].searched.any():
        return _UNTRIED
    knn = trial_figures([alike["knn"]])
    if knn.people < FEWEST_PEOPLE:
        return _TOO_FEW
    best: tuple[str, ...] = ("knn",)
    most, chosen = 0.0, knn
    for members in _fusions(list(alike)):
        shown = trial_figures([alike[name] for name in members])
        better = sum(tried.value for tried in _gains(shown, knn))
        if beats(shown, knn) and better > most:
            best, most, chosen = members, better, shown
    rest = {name: tried for name, tried in trials.items() if name != "mlp"}
    return MethodChoice(
        best,
        chosen.calibration if len(best) > 1 else None,
        _selection_reason(best, chosen, knn),
        otherwise=select_methods(rest) if "mlp" in best else None,
    )


def _fusions(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Every choice of methods but k-NN alone, the simplest first."""
    sizes = range(1, len(names) + 1)
    all_of_them = [members for size in sizes for members in combinations(names, size)]
    return [members for members in all_of_them if members != ("knn",)]


def _gains(new: TrialFigures, other: TrialFigures) -> tuple[Gain, Gain, Gain]:
    return (
        gain(new.first, other.first, new.own),
        gain(new.first, other.first, new.own, balanced=True),
        gain(new.found, other.found, new.own),
    )


def _selection_reason(members: tuple[str, ...], shown: TrialFigures, knn: TrialFigures) -> str:
    if members == ("knn",):
        return event("not-better")
    figures = (shown.rank1, shown.fnir, knn.rank1, knn.fnir)
    return event("better", " + ".join(members), *(f"{figure:.6f}" for figure in figures))
