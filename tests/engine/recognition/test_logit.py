"""The model behind the confidence: it is recovered where it is true, and sums to one at most."""

from __future__ import annotations

import numpy as np
import pytest

from engine.recognition.logit import fit, probabilities


def drawn(count: int, slope: float, intercept: float, seed: int = 0):  # type: ignore[no-untyped-def]
    """Queries with three candidates, whose outcome follows a known conditional logit."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 3, 1))
    shares = probabilities(slope * features[:, :, 0] + intercept)
    throws = random.random((count, 1))
    outcomes = (throws > shares.cumsum(axis=1)).sum(axis=1)
    return features, np.where(outcomes == 3, -1, outcomes)


def test_the_true_slope_and_intercept_are_recovered() -> None:
    features, outcomes = drawn(4000, slope=2.0, intercept=-1.0)
    model = fit(features, np.ones((4000, 3), bool), outcomes, np.ones(4000))
    slope = model.weights[0] / model.scales[0]
    assert slope == pytest.approx(2.0, abs=0.15)
    assert model.intercept - slope * model.means[0] == pytest.approx(-1.0, abs=0.15)


def test_expected_and_observed_shares_agree_at_the_maximum() -> None:
    features, outcomes = drawn(500, slope=1.0, intercept=0.0)
    filled = np.ones((500, 3), bool)
    model = fit(features, filled, outcomes, np.ones(500))
    named = probabilities(model(features, filled)).sum()
    assert named == pytest.approx((outcomes >= 0).sum(), abs=0.1)


def test_it_arrives_where_two_features_say_the_same_and_the_truth_is_separable() -> None:
    features, _ = drawn(300, slope=1.0, intercept=0.0)
    outcomes = np.where(features[:, :, 0].max(axis=1) > 1, features[:, :, 0].argmax(axis=1), -1)
    doubled = np.concatenate([features, features * 1000 + 5], axis=2)
    filled = np.ones((300, 3), bool)
    model = fit(doubled, filled, outcomes, np.ones(300))
    named = probabilities(model(doubled, filled)).sum()
    assert named == pytest.approx((outcomes >= 0).sum(), abs=0.5)


def test_empty_places_get_nothing_and_the_rest_sums_to_at_most_one() -> None:
    log_odds = np.array([[800.0, 3.0, -np.inf], [-np.inf, -np.inf, -np.inf], [-900.0, 0.0, 0.0]])
    shares = probabilities(log_odds)
    assert np.all((shares >= 0) & (shares <= 1))
    assert np.all(shares.sum(axis=1) <= 1 + 1e-12)
    assert shares[0, 0] == pytest.approx(1)
    assert shares[1].tolist() == [0, 0, 0]
    assert shares[2, 1] == pytest.approx(1 / 3)


def test_a_step_far_too_long_is_not_taken_for_a_good_one() -> None:
    random = np.random.default_rng(40)
    features = random.normal(size=(200, 17, 1)) ** 3  # a few lie far out
    best = features[:, :, 0].argmax(axis=1)
    outcomes = np.where(random.random(200) < 0.1, best, -1)
    model = fit(features, np.ones((200, 17), bool), outcomes, np.ones(200))
    assert abs(model.weights[0]) < 3
    named = probabilities(model(features, np.ones((200, 17), bool))).sum()
    assert named == pytest.approx((outcomes >= 0).sum(), abs=1)
