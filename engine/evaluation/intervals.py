"""How sure a figure is: bootstrap over identities, since the faces of one are no independent draws.

An identity is drawn with all its queries, those of every repeat together (cluster bootstrap:
Davison and Hinkley 1997, "Bootstrap Methods and their Application", sections 3.8 and 5.2). All
figures over the same identities share the same draws, so that their differences are paired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.evaluation.contract import Numbers
from engine.records.figures import Estimate
from engine.records.types import Ids

DRAWS = 1000
_SEED = 20
_LIMITS = (0.025, 0.975)
_Z = 1.959964
"""Of 95 % in a normal distribution."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A share and what it came to in each draw, ``(DRAWS,)``, of ``units`` identities."""

    value: float
    draws: Numbers
    units: int

    def estimate(self) -> Estimate:
        """With the percentile interval.

        Where every draw came out the same (nobody failed, or everybody), that interval would
        have no width; Wilson's with identities for trials takes its place, as if the queries of
        one identity were always right or wrong together. That errs on the wide side (Wilson 1927;
        on "nothing went wrong", Hanley and Lippman-Hand 1983).
        """
        if np.ptp(self.draws) < 1e-12:
            return Estimate(self.value, *wilson(self.value, self.units))
        low, high = np.quantile(self.draws, _LIMITS)
        return Estimate(self.value, min(float(low), self.value), max(float(high), self.value))

    def complement(self) -> Drawn:
        """The share of the others."""
        return Drawn(1 - self.value, 1 - self.draws, self.units)

    def exceeds(self, other: Drawn) -> bool:
        """Whether it is larger beyond noise: the 95 % interval of the paired difference says so.

        Both must be over the same identities.
        """
        return float(np.quantile(self.draws - other.draws, _LIMITS[0])) > 1e-12


def share(hits: npt.NDArray[np.bool_], identities: Ids) -> Drawn:
    """Of all queries ``(n,)``, each counting the same, ``n`` at least 1."""
    sums = _sums(identities, hits.astype(np.float64), np.ones(len(hits)))
    drawn = _weights(len(sums)) @ sums
    return Drawn(float(hits.mean()), drawn[:, 0] / drawn[:, 1], len(sums))


def balanced_share(hits: npt.NDArray[np.bool_], identities: Ids) -> Drawn:
    """The mean over identities of each one's share of its queries."""
    sums = _sums(identities, hits.astype(np.float64), np.ones(len(hits)))
    shares = sums[:, 0] / sums[:, 1]
    return Drawn(float(shares.mean()), _weights(len(shares)) @ shares / len(shares), len(shares))


def summed_gaps(gaps: Numbers, bins: Ids, count: int, identities: Ids) -> Estimate:
    """Sum over bins of the absolute sum of ``gaps`` ``(n,)``, as a mean over queries.

    Absolute sums grow with noise, in a draw more than in the sample. So the interval is the basic
    one, ``2 value - draw``, which mends that bias, not the percentile one (Davison and Hinkley
    1997, section 5.2); it is widened to hold the value itself.
    """
    per_bin = [gaps * (bins == one) for one in range(count)]
    sums = _sums(identities, *per_bin, np.ones(len(gaps)))
    totals = sums.sum(axis=0)
    value = float(np.abs(totals[:-1]).sum() / totals[-1])
    drawn = _weights(len(sums)) @ sums
    low, high = np.quantile(np.abs(drawn[:, :-1]).sum(axis=1) / drawn[:, -1], _LIMITS)
    return Estimate(
        value,
        min(max(2 * value - float(high), 0.0), value),
        max(min(2 * value - float(low), 1.0), value),
    )


def wilson(value: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share (Wilson 1927)."""
    middle = (value + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    spread = math.sqrt(value * (1 - value) / trials + _Z**2 / (4 * trials**2))
    half = _Z / (1 + _Z**2 / trials) * spread
    return min(max(0.0, middle - half), value), max(min(1.0, middle + half), value)


def _sums(identities: Ids, *columns: Numbers) -> Numbers:
    """Each column summed by identity, ``(I, columns)``."""
    _, units = np.unique(identities, return_inverse=True)
    return np.stack([np.bincount(units, column) for column in columns], axis=1)


@lru_cache(maxsize=4)
def _weights(units: int) -> Numbers:
    """How often each identity was drawn in each draw, ``(DRAWS, units)``; always the same."""
    chances = np.full(units, 1 / units)
    drawn = np.random.default_rng(_SEED).multinomial(units, chances, size=DRAWS)
    return drawn.astype(np.float64)
