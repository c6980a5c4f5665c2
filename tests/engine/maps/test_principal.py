"""Principal components: the same whichever way the faces come, and as scikit-learn has them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from engine.maps.principal_components import Principal


def faces(count: int = 300, dimension: int = 12) -> np.ndarray:
    random = np.random.default_rng(4)
    stretched = random.normal(size=(count, dimension)) * np.arange(dimension, 0, -1)
    return (stretched + 5.0).astype(np.float32)


def test_agrees_with_scikit_learn() -> None:
    rows = faces()
    ours, theirs = Principal.fit([rows], 3), PCA(3, svd_solver="full").fit(rows)
    np.testing.assert_allclose(np.abs(ours.components), np.abs(theirs.components_), atol=1e-3)
    np.testing.assert_allclose(ours.share, theirs.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_allclose(np.abs(ours(rows)), np.abs(theirs.transform(rows)), atol=1e-2)


def test_parts_give_the_same_as_all_at_once() -> None:
    rows = faces()
    whole, parts = Principal.fit([rows], 2), Principal.fit(np.array_split(rows, 7), 2)
    np.testing.assert_allclose(whole(rows), parts(rows), atol=1e-4)


@pytest.mark.parametrize("dimension", [1, 2])
def test_directions_that_are_lacking_are_zeros(dimension: int) -> None:
    rows = faces(dimension=dimension)
    points = Principal.fit([rows], 3)(rows)
    assert points.shape == (300, 3)
    assert not points[:, dimension:].any()


def test_equal_faces_all_lie_in_the_middle() -> None:
    rows = np.ones((5, 4), dtype=np.float32)
    assert np.array_equal(Principal.fit([rows], 2)(rows), np.zeros((5, 2)))
