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
from engine.recognition.calibration.gains import FEWEST_PEOPLE, TrialFigures, beats, gains
from engine.recognition.logit import LogOdds
from engine.records.changes import event


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


_SEED = 0
_UNTRIED = MethodChoice(("knn",), None, event("untested"))
_TOO_FEW = MethodChoice(("knn",), None, event("too-few-people", FEWEST_PEOPLE))


def trial_figures(trials: Sequence[Trials]) -> TrialFigures:
    """How a method, or the fusion of several, does in trials of the same faces in one order."""
    searches, first = as_searches(trials), trials[0]
    unfitted = _mean_of(len(trials))
    learned = fit_scores(searches, np.random.default_rng(_SEED), unfitted)
    calibration = as_calibration(
        learned,
        searches,
        identities=first.identities,
        unmet=first.unmet,
        features=features_of(len(trials)),
        unfitted=unfitted,
    )
    searched = ~searches.alone
    return TrialFigures.of(calibration, learned.mated[searched], searches.own[searched])


def _mean_of(methods: int) -> LogOdds:
    return LogOdds((0.0,) * methods, (1.0,) * methods, (1.0 / methods,) * methods, 0.0)


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
        better = sum(tried.value for tried in gains(shown, knn))
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


def _selection_reason(members: tuple[str, ...], shown: TrialFigures, knn: TrialFigures) -> str:
    if members == ("knn",):
        return event("not-better")
    figures = (shown.rank1, shown.fnir, knn.rank1, knn.fnir)
    return event("better", " + ".join(members), *(f"{figure:.6f}" for figure in figures))
