"""The figures of identification, as ISO/IEC 19795-1 defines them, and how sure they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.evaluation.contract import Numbers
from engine.records.figures import Estimate, ReliabilityBin
from engine.records.types import Ids

Booleans = npt.NDArray[np.bool_]

NOWHERE = 1 << 30
"""Place of a right name that was not among the candidates."""

CMC_RANKS = 20
DET_POINTS = 200
BINS = 15


def places(labels: Ids, truth: Ids) -> Ids:
    """Place of the right name among the candidates, ``(m,)``, from 0.

    Args:
        labels: ``(m, r)``, best first, -1 where empty.
        truth: ``(m,)``; negative for people who are not enrolled.

    Returns:
        int64; :data:`NOWHERE` where it is not among them.

    >>> places(np.array([[7, 3], [2, 5]]), truth=np.array([3, 2])).tolist()
    [1, 0]
    """
    if not labels.shape[1]:
        return np.full(len(labels), NOWHERE, dtype=np.int64)
    right = (labels == truth[:, None]) & (truth[:, None] >= 0)
    return np.where(right.any(axis=1), right.argmax(axis=1), NOWHERE).astype(np.int64)


def cmc(places: Ids) -> tuple[float, ...]:
    """Cumulative match characteristic: share of right names among the first 1, 2, … 20."""
    return tuple(float((places < rank).mean()) for rank in range(1, CMC_RANKS + 1))


def threshold(scores: Numbers, fpir: float) -> float:
    """Score to exceed so that a non-mated search is named with probability ``fpir`` at most.

    The conformal quantile (Vovk et al. 2005, "Algorithmic Learning in a Random World"): of ``n``
    non-mated scores the ``floor(fpir (n + 1))``-th highest. Infinite where there are too few.

    Args:
        scores: best score of each non-mated calibration search ``(n,)``.

    >>> threshold(np.array([0.1, 0.9, 0.5, 0.7]), fpir=0.4)
    0.7
    """
    rank = math.floor(fpir * (len(scores) + 1) + 1e-9)
    if rank < 1:
        return math.inf
    return float(np.sort(scores)[len(scores) - min(rank, len(scores))])


def is_measurable(identities: Ids, fpir: float) -> bool:
    """Whether non-mated searches of these identities ``(n,)`` are enough to set a threshold.

    ``fpir (n + 1) >= 1`` must hold, with ``n`` the searches that count as independent. Of the
    ``f`` searches of one identity ``f / (1 + (f - 1) r)`` do (Kish 1965, "Survey Sampling", design
    effect); as in a gallery's calibration, the likeness ``r`` is the square root of the FPIR.
    """
    _, counts = np.unique(identities, return_counts=True)
    independent = float((counts / (1 + (counts - 1) * math.sqrt(fpir))).sum())
    return fpir * (independent + 1) >= 1 - 1e-9


def det(mated: Numbers, first: Booleans, non_mated: Numbers) -> tuple[tuple[float, float], ...]:
    """Detection error trade-off: (FPIR, FNIR) at every threshold, thinned evenly in log FPIR.

    Args:
        mated: best score of each mated search ``(m,)``.
        first: whether its right name came first.
        non_mated: best score of each non-mated search ``(n,)``, n at least 1.

    Returns:
        At most 200 points; FPIR ascending from 0 to 1, FNIR never rising.
    """
    thresholds = np.append(np.unique(non_mated)[::-1], -np.inf)
    named = np.sort(mated[first])
    above = len(non_mated) - np.searchsorted(np.sort(non_mated), thresholds, side="right")
    hits = len(named) - np.searchsorted(named, thresholds, side="right")
    fpir, fnir = above / len(non_mated), 1 - hits / len(mated)
    kept = _evenly(len(fpir))
    return tuple(zip(fpir[kept].tolist(), fnir[kept].tolist(), strict=True))


def _evenly(count: int) -> Ids:
    """At most 200 of ``count`` places, both ends among them, dense where FPIR is small."""
    if count <= DET_POINTS:
        return np.arange(count)
    steps = np.geomspace(1, count, DET_POINTS).round().astype(np.int64) - 1
    return np.unique(steps)


def calibration_error(confidence: Numbers, right: Booleans, identities: Ids) -> Estimate:
    """Expected calibration error over 15 bins of equal width.

    Mean distance between the stated confidence and the share of right answers, weighted by the
    bins' sizes (Naeini et al. 2015; Guo et al. 2017).

    Args:
        confidence: of the first candidate of each search ``(n,)``, in [0, 1].
        right: whether it is the right name; never for non-mated searches.
        identities: whom each search is of, for the interval.
    """
    return summed_gaps(confidence - right, _bins(confidence), BINS, identities)


def reliability(confidence: Numbers, right: Booleans) -> tuple[ReliabilityBin, ...]:
    """The bins of :func:`calibration_error` that hold something, by rising confidence."""
    bins = _bins(confidence)
    found = []
    for number in np.unique(bins):
        inside = bins == number
        found.append(
            ReliabilityBin(
                float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum())
            )
        )
    return tuple(found)


def _bins(confidence: Numbers) -> Ids:
    return np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)


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
        """The share with its percentile interval.

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
    """Share of hits over all queries ``(n,)``, each counting the same, ``n`` at least 1."""
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
    per_bin = [gaps * (bins == number) for number in range(count)]
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
