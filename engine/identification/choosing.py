"""Which method, or fusion of methods, to trust on a gallery; and whether one beats another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.identification.auto import Auto, features_of
from engine.identification.calibration import Calibration
from engine.identification.learning import as_calibration, learn
from engine.identification.logit import Flags, LogOdds
from engine.identification.trials import Trials, as_searches, on_common_ground
from engine.records.types import Ids

FPIR = 0.01
_DRAWS = 1_000
_DRAWS_AT_ONCE = 50
_SEED = 0
_UNTRIED = Auto(
    ("knn",), None, "No model in use could be tried on people it does not know, so auto is k-NN."
)
_NAMES = {"knn": "k-NN", "triplet": "triplet", "mlp": "MLP"}


@dataclass(frozen=True, eq=False)
class Showing:
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


def show(trials: Sequence[Trials]) -> Showing:
    """How a method, or the fusion of several, does in trials of the same faces in one order."""
    searches, first = as_searches(trials), trials[0]
    unfitted = _mean_of(len(trials))
    learned = learn(searches, np.random.default_rng(_SEED), unfitted)
    calibration = as_calibration(
        learned,
        searches,
        identities=first.identities,
        unmet=first.unmet,
        features=features_of(len(trials)),
        unfitted=unfitted,
    )
    asked = ~searches.alone
    mated = learned.mated[asked]
    threshold = calibration.threshold(FPIR)
    return Showing(calibration, searches.own[asked], ~np.isneginf(mated), mated > threshold)


def _mean_of(methods: int) -> LogOdds:
    return LogOdds((0.0,) * methods, (1.0,) * methods, (1.0 / methods,) * methods, 0.0)


def gain(ours: Flags, theirs: Flags, own: Ids, *, balanced: bool = False) -> Gain:
    """Difference of two shares over the same searches, with its 98 % interval.

    By bootstrap over identities: faces of one person are no independent searches (Bolle et al.
    2004, "Error analysis of pattern recognition systems: the subsets bootstrap").

    Args:
        balanced: every identity counts the same, else every face.
    """
    _, group, count = np.unique(own, return_inverse=True, return_counts=True)
    differences = np.bincount(group, ours.astype(float) - theirs.astype(float))
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


def beats(ours: Showing, theirs: Showing) -> bool:
    """Whether a method is better beyond noise in one figure and not worse in any.

    The figures are rank-1, rank-1 balanced over identities, and what passes the threshold.
    """
    gains = _gains(ours, theirs)
    return any(one.low > 0 for one in gains) and all(one.high >= 0 for one in gains)


def choose(trials: Mapping[str, Trials]) -> Auto:
    """What ``auto`` shall stand for: k-NN unless something beats it.

    Args:
        trials: by method, ``knn`` among them.
    """
    if len(trials) < 2:
        return _UNTRIED
    alike = dict(zip(trials, on_common_ground(list(trials.values())), strict=True))
    if not alike["knn"].searched.any():
        return _UNTRIED
    knn = show([alike["knn"]])
    best: tuple[str, ...] = ("knn",)
    most, chosen = 0.0, knn
    for members in _fusions(list(alike)):
        shown = show([alike[name] for name in members])
        better = sum(one.value for one in _gains(shown, knn))
        if beats(shown, knn) and better > most:
            best, most, chosen = members, better, shown
    rest = {name: one for name, one in trials.items() if name != "mlp"}
    return Auto(
        best,
        chosen.calibration if len(best) > 1 else None,
        _reason(best, chosen, knn),
        otherwise=choose(rest) if "mlp" in best else None,
    )


def _fusions(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Every choice of methods but k-NN alone, the simplest first."""
    sizes = range(1, len(names) + 1)
    all_of_them = [members for size in sizes for members in combinations(names, size)]
    return [members for members in all_of_them if members != ("knn",)]


def _gains(ours: Showing, theirs: Showing) -> tuple[Gain, Gain, Gain]:
    return (
        gain(ours.first, theirs.first, ours.own),
        gain(ours.first, theirs.first, ours.own, balanced=True),
        gain(ours.found, theirs.found, ours.own),
    )


def _reason(members: tuple[str, ...], shown: Showing, knn: Showing) -> str:
    if members == ("knn",):
        return "No trained model, alone or together with k-NN, is measurably better than k-NN."
    names = " + ".join(_NAMES.get(name, name) for name in members)
    return (
        f"On this gallery {names} names {_percent(shown.rank1)} of the faces right "
        f"(k-NN {_percent(knn.rank1)}) and misses {_percent(shown.fnir)} of the known people "
        f"at 1 stranger in 100 (k-NN {_percent(knn.fnir)})."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
