"""Templates follow every change, and are the means of what is enrolled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.recognition.templates import LiveTemplates, Templates
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare
from tests.engine.recognition.galleries import DIMENSION, Crowd


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
    live = LiveTemplates(DIMENSION, "cosine")
    live.renew(np.unique(owners), owners, vectors)
    now = np.where(owners == 3, 2, owners)  # 3 is merged into 2, and 4 loses a face
    now, kept = now[:-1], vectors[:-1]
    own = np.isin(now, [2, 3, 4])
    live.renew(np.array([2, 3, 4]), now[own], kept[own])
    assert_alike(live, now, kept)
    assert len(live) == 3


def assert_alike(live: LiveTemplates, owners: Ids, vectors: Vectors) -> None:
    """Whether live templates are those of these faces, each to the last bit."""
    anew = Templates(vectors.shape[1], "cosine")
    anew.add(owners, vectors)
    expected, table = anew.table(), live.table()
    rows = table.rows(expected.ids)
    assert sorted(table.ids.tolist()) == expected.ids.tolist()
    np.testing.assert_array_equal(table.ids[rows], expected.ids)
    for name in ("counts", "means", "lengths", "scatter"):
        np.testing.assert_array_equal(getattr(table, name)[rows], getattr(expected, name))
    assert table.pooled == pytest.approx(expected.pooled, rel=1e-9)
    np.testing.assert_allclose(table.centre, expected.centre, atol=1e-6)


@settings(max_examples=30)
@given(st.lists(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 6)), max_size=6), max_size=6))
def test_templates_follow_any_changes(rounds: list[list[tuple[int, int]]]) -> None:
    """Each round gives some of twelve faces to other people, or to nobody (0)."""
    vectors = np.random.default_rng(3).normal(size=(12, DIMENSION)).astype(np.float32)
    owners, live = np.zeros(12, dtype=np.int64), LiveTemplates(DIMENSION, "cosine")
    for moves in rounds:
        before = owners.copy()
        for face, owner in moves:
            owners[face] = owner
        touched = np.setdiff1d(np.union1d(before, owners), [0])
        own = np.isin(owners, touched)
        live.renew(touched, owners[own], vectors[own])
        assert_alike(live, owners[owners > 0], vectors[owners > 0])


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
