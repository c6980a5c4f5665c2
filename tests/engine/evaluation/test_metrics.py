"""Figures against cases worked out by hand, and against scikit-learn where it has the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, det_curve, top_k_accuracy_score

from engine.evaluation.contract import best_of
from engine.evaluation.metrics import (
    DET_POINTS,
    NOWHERE,
    balanced_share,
    calibration_error,
    cmc,
    det,
    is_measurable,
    places,
    reliability,
    share,
    threshold,
)

SCORES = st.lists(st.floats(-5, 5, width=16), min_size=1, max_size=60)


def test_the_place_of_the_right_name_is_counted_from_zero_and_nobody_is_nowhere() -> None:
    labels = np.array([[3, 1, 2], [3, 1, -1], [0, -1, -1], [2, 0, 1]])
    assert places(labels, np.array([3, 1, 2, -1])).tolist() == [0, 1, NOWHERE, NOWHERE]


def test_the_cmc_counts_right_names_among_the_first_k() -> None:
    curve = cmc(np.array([0, 0, 1, 4, NOWHERE]))
    assert curve[:5] == (0.4, 0.6, 0.6, 0.6, 0.8)
    assert len(curve) == 20
    assert curve[-1] == 0.8


def test_rank_k_and_balanced_rank_1_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    truth = np.concatenate([np.arange(8), random.integers(0, 8, 200)])
    scores = random.normal(size=(len(truth), 8)) + 1.2 * np.eye(8)[truth]
    ranked = best_of(scores, 5)
    where = places(ranked.labels, truth)
    for k in (1, 5):
        assert share(where < k, truth).value == pytest.approx(
            top_k_accuracy_score(truth, scores, k=k)
        )
    assert balanced_share(where == 0, truth).value == pytest.approx(
        balanced_accuracy_score(truth, scores.argmax(axis=1))
    )


def test_the_threshold_is_the_conformal_quantile() -> None:
    scores = np.arange(1.0, 100.0)  # 99 of them: one in a hundred may be the highest itself
    assert threshold(scores, 0.01) == 99
    assert threshold(scores, 0.1) == 90
    assert threshold(scores[:98], 0.01) == math.inf


def test_a_stranger_passes_the_threshold_as_often_as_promised_at_most() -> None:
    random = np.random.default_rng(1)
    drawn = random.normal(size=(4000, 100))
    passed = [one[-1] > threshold(one[:-1], 0.1) for one in drawn]
    assert 0.08 < np.mean(passed) < 0.115


def test_an_fpir_is_measurable_with_searches_and_people_enough() -> None:
    everyone_once = np.arange(99)
    assert is_measurable(everyone_once, 0.01)
    assert not is_measurable(everyone_once[:98], 0.01)
    assert is_measurable(everyone_once, 0.1)
    assert not is_measurable(np.zeros(5000, dtype=np.int64), 0.01)  # one person, 5,000 times
    assert is_measurable(np.repeat(np.arange(26), 28), 0.01)


def test_the_det_curve_of_a_small_case() -> None:
    points = det(
        mated=np.array([0.9, 0.8, 0.6, 0.2]),
        first=np.array([True, False, True, True]),
        non_mated=np.array([0.7, 0.5]),
    )
    assert points == ((0.0, 0.75), (0.5, 0.5), (1.0, 0.25))


@given(SCORES, SCORES, st.randoms(use_true_random=False))
def test_the_det_curve_never_rises(mated: list[float], others: list[float], coin: object) -> None:
    first = np.array([coin.random() < 0.8 for _ in mated])  # type: ignore[attr-defined]
    points = np.array(det(np.array(mated), first, np.array(others)))
    assert len(points) <= DET_POINTS
    assert (np.diff(points[:, 0]) > 0).all()
    assert (np.diff(points[:, 1]) <= 0).all()
    assert points[0, 0] == 0
    assert tuple(points[-1]) == (1.0, pytest.approx(1 - first.mean()))


def test_the_det_curve_agrees_with_scikit_learn_where_every_right_name_is_first() -> None:
    random = np.random.default_rng(2)
    mated, others = random.normal(1.5, size=70), random.normal(size=80)
    truth = np.repeat([1, 0], [70, 80])
    fpir, fnir, _ = det_curve(truth, np.concatenate([mated, others]))
    ours = set(det(mated, np.ones(70, dtype=bool), others))
    theirs = {(round(x, 9), round(y, 9)) for x, y in zip(fpir, fnir, strict=True)}
    inside = {(round(x, 9), round(y, 9)) for x, y in ours if 0 < x < 1 and y > 0}
    assert len(inside) > 30
    assert inside <= theirs


def test_a_long_det_curve_is_thinned_and_keeps_its_ends() -> None:
    random = np.random.default_rng(3)
    points = det(random.normal(1, size=900), np.ones(900, dtype=bool), random.normal(size=5000))
    assert 100 < len(points) <= DET_POINTS
    assert points[0][0] == 0
    assert points[1][0] == 1 / 5000
    assert points[-1] == (1.0, 0.0)


def test_the_calibration_error_of_a_small_case() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.21, 0.21])
    right = np.array([True, True, True, False, False, False])
    error = calibration_error(confidence, right, np.arange(6))
    assert error.value == pytest.approx((4 * 0.20 + 2 * 0.21) / 6)
    assert error.low <= error.value <= error.high
    bins = reliability(confidence, right)
    assert [(one.count, one.right) for one in bins] == [(2, 0.0), (4, 0.75)]
    assert [one.stated for one in bins] == pytest.approx([0.21, 0.95])


def test_certainty_belongs_to_the_last_bin_and_an_honest_method_has_no_error() -> None:
    confidence = np.array([1.0, 1.0, 0.0])
    right = np.array([True, True, False])
    assert calibration_error(confidence, right, np.arange(3)).value == 0
    assert [one.count for one in reliability(confidence, right)] == [1, 2]
