"""Scalers: what is left of means, variances and correlations."""

from __future__ import annotations

import numpy as np
import pytest

from engine.models.network import Network, fit_scaler
from engine.utils.distances import prepare


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Correlated, of very different variances, off centre."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((6, 6)) * [3, 2, 1, 1, 0.5, 0.5]
    return (rng.standard_normal((2_000, 6)) @ mixing + 5).astype(np.float32)


def scaled(vectors, distance, scaling):
    return Network(distance, *fit_scaler(vectors, distance, scaling), layers=()).scaled(vectors)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_none_leaves_prepared_vectors_as_they_are(vectors, distance):
    assert np.array_equal(scaled(vectors, distance, "none"), prepare(vectors, distance))


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_standardised_components_have_mean_0_and_variance_1(vectors, distance):
    rows = scaled(vectors, distance, "standardised")
    assert rows.dtype == np.float32
    assert np.allclose(rows.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(rows.std(axis=0), 1, atol=1e-3)


def test_whitened_directions_are_uncorrelated_and_have_variance_1(vectors):
    mean, scale = fit_scaler(vectors, "euclidean", "whitened")
    assert (mean.shape, scale.shape, scale.dtype) == ((6,), (6, 6), np.float32)
    assert np.allclose(scale, scale.T, atol=1e-6)
    rows = scaled(vectors, "euclidean", "whitened")
    assert np.allclose(rows.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(np.cov(rows, rowvar=False), np.eye(6), atol=5e-3)


def test_whitening_turns_vectors_as_little_as_can_be():
    """ZCA: where nothing is correlated it only stretches, it never swaps components."""
    rng = np.random.default_rng(1)
    apart = (rng.standard_normal((5_000, 4)) * [1, 2, 3, 4]).astype(np.float32)
    _, scale = fit_scaler(apart, "euclidean", "whitened")
    assert np.allclose(scale, np.diag([1, 1 / 2, 1 / 3, 1 / 4]), atol=0.05)


@pytest.mark.parametrize("scaling", ["standardised", "whitened"])
def test_a_component_that_never_varies_is_not_blown_up(vectors, scaling):
    flat = vectors.copy()
    flat[:, 2] = 5
    _, scale = fit_scaler(flat, "euclidean", scaling)
    assert np.isfinite(scale).all()
    least = np.sqrt(1e-3 * flat.var(axis=0).mean())
    assert np.abs(scale).max() <= 1.01 / least
    assert np.allclose(scaled(flat, "euclidean", scaling)[:, 2], 0, atol=1e-2)


@pytest.mark.parametrize("scaling", ["none", "standardised", "whitened"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_few_faces_that_are_all_the_same_give_finite_numbers(scaling, count):
    vectors = np.ones((count, 6), np.float32)
    mean, scale = fit_scaler(vectors, "cosine", scaling)
    assert np.isfinite(mean).all()
    assert np.isfinite(scale).all()


def test_fitting_does_not_change_the_vectors(vectors):
    before = vectors.copy()
    fit_scaler(vectors, "euclidean", "whitened")
    assert np.array_equal(vectors, before)
