"""The figures of identification, as ISO/IEC 19795-1 defines them, from plain arrays."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.evaluation.contract import Numbers
from engine.evaluation.intervals import summed_gaps
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
    """
    rank = math.floor(fpir * (len(scores) + 1) + 1e-9)
    if rank < 1:
        return math.inf
    return float(np.sort(scores)[len(scores) - min(rank, len(scores))])


def is_measurable(identities: Ids, fpir: float) -> bool:
    """Whether non-mated searches of these identities ``(n,)`` are enough to set a threshold.

    ``fpir (n + 1) >= 1`` must hold, with ``n`` the searches that count as independent. Of the
    ``f`` searches of one identity ``f / (1 + (f - 1) r)`` do (Kish 1965, "Survey Sampling", design
    effect); as in :class:`engine.identification.calibration.Calibration`, the likeness ``r`` is
    taken as the square root of the FPIR.
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
    inside = [bins == one for one in np.unique(bins)]
    return tuple(
        ReliabilityBin(float(confidence[one].mean()), float(right[one].mean()), int(one.sum()))
        for one in inside
    )


def _bins(confidence: Numbers) -> Ids:
    return np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
