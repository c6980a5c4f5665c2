"""Strangers who were kept because nobody was recognised in them do not lower a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from engine.recognition.calibration.non_mated_scores import NonMatedScores
from engine.recognition.logit import Numbers

COHORT = 2_800
FPIR = 0.01


def each_alone(scores: Numbers) -> NonMatedScores:
    return NonMatedScores.of(scores, np.arange(len(scores)))


def kept_below(threshold: float, count: int, random: np.random.Generator) -> Numbers:
    scores = random.normal(size=2 * count)
    return scores[scores <= threshold][:count]


@pytest.mark.parametrize("count", [50, 1_000, 10_000])
def test_round_after_round_the_promise_is_kept(count: int) -> None:
    """Each round keeps those whom the last threshold left unknown."""
    rates, judges = [], np.random.default_rng(1).normal(size=200_000)
    for seed in range(20):
        random = np.random.default_rng(seed)
        drawn, kept = random.normal(size=COHORT), np.empty(0)
        threshold = each_alone(drawn).threshold(FPIR)
        for _ in range(5):
            kept = np.concatenate([kept, kept_below(threshold, count, random)])
            pooled = each_alone(drawn).beside(each_alone(kept))
            threshold = pooled.threshold(FPIR)
        rates.append((judges > threshold).mean())
    assert np.mean(rates) == pytest.approx(FPIR, rel=0.15)


def test_above_the_highest_of_them_the_cohort_alone_tells() -> None:
    random = np.random.default_rng(0)
    drawn = random.normal(size=COHORT)
    alone = each_alone(drawn)
    pooled = alone.beside(each_alone(kept_below(1.5, 900, random)))
    assert pooled.strictest == pytest.approx(alone.strictest)
    assert pooled.threshold(0.02) == alone.threshold(0.02)
    assert pooled.people == COHORT + 900


def test_strangers_who_are_nearer_than_people_at_large_raise_the_threshold() -> None:
    random = np.random.default_rng(0)
    drawn = random.normal(size=COHORT)
    near = random.normal(1, 1, size=2_000)
    pooled = each_alone(drawn).beside(each_alone(near))
    assert pooled.threshold(0.1) > each_alone(drawn).threshold(0.1) + 0.2


def test_nobody_kept_or_nobody_told_changes_nothing() -> None:
    drawn = np.random.default_rng(0).normal(size=COHORT)
    alone = each_alone(drawn)
    for kept in (np.empty(0), np.array([drawn.min() - 1])):
        pooled = each_alone(drawn).beside(each_alone(kept))
        assert pooled.threshold(FPIR) == alone.threshold(FPIR)


def test_the_faces_of_one_person_count_as_one() -> None:
    random = np.random.default_rng(0)
    drawn, kept = random.normal(size=COHORT), random.normal(1, 1, size=200)
    apart = each_alone(drawn).beside(each_alone(kept))
    together = each_alone(drawn).beside(NonMatedScores.of(kept, np.zeros(200, dtype=np.int64)))
    assert (apart.people, together.people) == (COHORT + 200, COHORT + 1)
