"""A conditional logit with a way out: which of the candidates is it, or is it none of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RIDGE = 1.0
"""Weight of the penalty on the weights."""
_STEPS = 60
_CLOSE = 1e-4
_HIGHEST = 300.0


@dataclass(frozen=True)
class LogOdds:
    """Log-odds of a candidate against "none of them": intercept + weights · standardised features.

    The probability of a candidate is its odds over one plus the odds of all candidates of the
    query (McFadden 1974, "Conditional logit analysis of qualitative choice behavior"), so that
    the probabilities of a query sum to at most one and stand in the order of the log-odds.
    """

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def __call__(self, features: Numbers, filled: Flags) -> Numbers:
        """Log-odds ``(m, c)`` of features ``(m, c, f)``; minus infinity where not filled."""
        odds = features @ np.array(self.slopes) + self.offset
        return np.where(filled, odds, -np.inf)

    def is_sound(self, features: int) -> bool:
        """Whether it can be a model of this many features."""
        sizes = {len(self.means), len(self.scales), len(self.weights)}
        numbers = [*self.means, *self.scales, *self.weights, self.intercept]
        return sizes == {features} and all(map(math.isfinite, numbers)) and min(self.scales) > 0

    @cached_property
    def slopes(self) -> tuple[float, ...]:
        """Weights of the features as they come."""
        return tuple((np.array(self.weights) / np.array(self.scales)).tolist())

    @cached_property
    def offset(self) -> float:
        """Log-odds where all features are zero."""
        return self.intercept - float(np.array(self.slopes) @ np.array(self.means))


def probabilities(log_odds: Numbers) -> Numbers:
    """Probability of each candidate ``(m, c)``; the rest to one is "none of them".

    >>> probabilities(np.array([[0.0, -np.inf]])).tolist()
    [[0.5, 0.0]]
    """
    top = np.maximum(log_odds.max(axis=1, initial=0.0, keepdims=True), 0.0)
    odds = np.exp(log_odds - top)
    return np.asarray(odds / (odds.sum(axis=1, keepdims=True) + np.exp(-top)))


def fit(
    features: Numbers,
    filled: Flags,
    outcomes: npt.NDArray[np.int64],
    weights: Numbers,
    start: LogOdds | None = None,
    ridge: float = RIDGE,
) -> LogOdds:
    """Maximum likelihood with an L2 penalty on the standardised weights, by Newton's method.

    Args:
        features: ``(m, c, f)``.
        filled: ``(m, c)``.
        outcomes: which place is the truth, ``(m,)``; -1 for none of them.
        weights: of each query, ``(m,)``.
        start: a model of nearly the same data, whose scaling is kept.
        ridge: weight of the penalty.
    """
    if start is None:
        means, scales = features[filled].mean(axis=0), features[filled].std(axis=0)
        scales = np.where(scales > 1e-9 * (1 + np.abs(means)), scales, 1.0)
        solution = np.zeros(features.shape[2] + 1)
    else:
        means, scales = np.array(start.means), np.array(start.scales)
        solution = np.array([*start.weights, start.intercept])
    rows = (features[filled] - means) / scales
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    query, place = np.nonzero(filled)
    solution = _newton(rows, query, place == outcomes[query], weights, solution, ridge)
    return LogOdds(
        tuple(means.tolist()),
        tuple(scales.tolist()),
        tuple(solution[:-1].tolist()),
        float(solution[-1]),
    )


def _newton(
    rows: Numbers,
    query: npt.NDArray[np.int64],
    is_truth: Flags,
    weights: Numbers,
    solution: Numbers,
    penalty: float,
) -> Numbers:
    """Newton steps to the only maximum of the penalised likelihood.

    Args:
        rows: standardised features and a one, a row for each candidate of any query.
        query: which query each row belongs to.
        is_truth: whether the candidate is the truth.
        weights: of each query.
    """
    ridge = np.full(len(solution), penalty)
    ridge[-1] = 1e-3  # the intercept is free; this only keeps the system regular
    count, of_query = len(weights), weights[query]
    observed = (of_query * is_truth) @ rows

    def likelihood(at: Numbers) -> float:
        reach = rows @ at
        if reach.max(initial=0.0) > _HIGHEST:
            return -np.inf  # a step far too long, which rounding would take for a good one
        odds = np.exp(reach)
        none = np.log1p(np.bincount(query, odds, count))
        return float(observed @ at - weights @ none - ridge @ at**2 / 2)

    reached = likelihood(solution)
    for _ in range(_STEPS):
        odds = np.exp(np.minimum(rows @ solution, _HIGHEST))
        weighted = (odds / (1.0 + np.bincount(query, odds, count))[query])[:, None] * rows
        expected = np.stack([np.bincount(query, column, count) for column in weighted.T])
        gradient = observed - expected @ weights - ridge * solution
        curvature = rows.T @ (of_query[:, None] * weighted) - (expected * weights) @ expected.T
        step = np.linalg.solve(curvature + np.diag(ridge), gradient)
        while (value := likelihood(solution + step)) < reached and np.abs(step).max() > _CLOSE:
            step /= 2
        if value <= reached:
            break
        solution, reached = solution + step, value
        if np.abs(step).max() < _CLOSE:
            break
    return solution
