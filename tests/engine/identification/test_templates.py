"""Templates follow every change, and are the means of what is enrolled."""

from __future__ import annotations

import numpy as np
import pytest

from engine.distances import prepare
from engine.identification import Templates
from engine.types import Distance
from tests.engine.identification.galleries import DIMENSION, Crowd


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_a_template_is_the_mean_of_its_faces(crowd: Crowd, distance: Distance) -> None:
    owners, vectors = crowd.draw([7, 3], 4)
    templates = Templates(DIMENSION, distance)
    templates.add(owners, vectors)
    table = templates.table()
    assert table.ids.tolist() == [3, 7]
    assert table.counts.tolist() == [4, 4]
    mean = prepare(vectors, distance)[owners == 3].mean(axis=0, keepdims=True)
    np.testing.assert_allclose(table.means[0], prepare(mean, distance)[0], atol=1e-6)


def test_adding_bit_by_bit_is_the_same_as_at_once(crowd: Crowd) -> None:
    owners, vectors = crowd.draw([5, 1, 9], 6)
    at_once, by_one = Templates(DIMENSION, "cosine"), Templates(DIMENSION, "cosine")
    at_once.add(owners, vectors)
    for row in range(len(owners)):
        by_one.add(owners[row : row + 1], vectors[row : row + 1])
    np.testing.assert_allclose(at_once.table().means, by_one.table().means, atol=1e-6)
    np.testing.assert_allclose(at_once.table().scatter, by_one.table().scatter, atol=1e-6)


def test_identities_that_are_renewed_are_as_if_made_anew(crowd: Crowd) -> None:
    owners, vectors = crowd.draw([1, 2, 3, 4], 5)
    templates, anew = Templates(DIMENSION, "cosine"), Templates(DIMENSION, "cosine")
    templates.add(owners, vectors)
    now = np.where(owners == 3, 2, owners)  # 3 is merged into 2, and 4 loses a face
    now, kept = now[:-1], vectors[:-1]
    anew.add(now, kept)
    own = np.isin(now, [2, 3, 4])
    templates.renew(np.array([2, 3, 4]), now[own], kept[own])
    assert templates.table().ids.tolist() == [1, 2, 4]
    np.testing.assert_array_equal(templates.table().means, anew.table().means)
    np.testing.assert_array_equal(templates.table().scatter, anew.table().scatter)


def test_a_table_does_not_change_afterwards(crowd: Crowd) -> None:
    owners, vectors = crowd.draw([1, 2], 5)
    templates = Templates(DIMENSION, "cosine")
    templates.add(owners, vectors)
    table, means = templates.table(), templates.table().means.copy()
    templates.add(*crowd.draw([1, 4], 5))
    assert len(table) == 2
    np.testing.assert_array_equal(table.means, means)


def test_rows_of_unknown_identities_are_minus_one(crowd: Crowd) -> None:
    templates = Templates(DIMENSION, "cosine")
    assert templates.table().rows(np.array([4])).tolist() == [-1]
    templates.add(*crowd.draw([2, 6], 2))
    assert templates.table().rows(np.array([[6, 1], [2, 99]])).tolist() == [[1, -1], [0, -1]]


def test_the_nearest_identity_is_never_itself() -> None:
    templates = Templates(2, "cosine")
    templates.add(np.array([1]), np.array([[1.0, 0.0]], dtype=np.float32))
    assert templates.table().nearest(1) is None
    others = np.array([[0.0, 1.0], [1.0, 0.2]], dtype=np.float32)
    templates.add(np.array([2, 3]), others)
    assert templates.table().nearest(1) == 3
    assert templates.table().nearest(99) is None
