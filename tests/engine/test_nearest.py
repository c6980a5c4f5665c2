"""Nearest faces: exactly those of a full sort, however they are cut into pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.exact import ExactIndex
from engine.records.types import Distance, Vectors
from engine.utils import exact_neighbours as module
from engine.utils.distances import between, prepare
from engine.utils.exact_neighbours import ExactNeighbours, closeness, nearest


def vectors(count: int, seed: int = 0) -> Vectors:
    return np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize(("faces", "k"), [(3, 5), (70, 7), (700, 9), (1500, 3), (1500, 40)])
def test_it_finds_what_a_full_sort_finds(
    distance: Distance, faces: int, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 640)  # several pieces, the last one cut
    monkeypatch.setattr(module, "ASKED_AT_ONCE", 8)
    queries, rows = prepare(vectors(30, 1), distance), prepare(vectors(faces), distance)
    places, distances = nearest(queries, rows, k, distance)
    expected = between(queries, rows, distance)
    order = np.argsort(expected, axis=1, kind="stable")[:, :k]
    assert np.array_equal(places, order)
    near = np.take_along_axis(expected, order, axis=1)
    np.testing.assert_allclose(distances, near, atol=1e-3)


CLOUDS = st.tuples(
    st.integers(0, 2**16),  # seed
    st.sampled_from([1, 2, 31, 33, 90]),  # queries
    st.sampled_from([0.0, 1.0, 10.0, 100.0, 1_000.0, 10_000.0]),  # offset of all
    st.sampled_from([0.0, 1.0, 3_000.0]),  # offset of every other person
    st.sampled_from([2, 8, 130]),  # dimension
)


@pytest.mark.slow
@given(CLOUDS)
@settings(max_examples=60)
def test_euclidean_neighbours_are_those_of_exact_arithmetic_wherever_the_faces_lie(
    cloud: tuple[int, int, float, float, int],
) -> None:
    seed, count, offset, apart, dimension = cloud
    random = np.random.default_rng(seed)
    people = random.normal(size=(60, dimension)) + offset
    people[::2] += apart
    faces = np.repeat(people, 6, axis=0) + 0.1 * random.normal(size=(360, dimension))
    queries = people[:count].repeat(2, axis=0)[:count] + 0.1 * random.normal(size=(1, dimension))
    rows, asked = faces.astype(np.float32), queries.astype(np.float32)
    rows[7] = rows[3]  # the very same vector twice
    exact = np.linalg.norm(asked[:, None].astype(np.float64) - rows, axis=2)
    first = np.sort(exact, axis=1)[:, :5]
    index = ExactIndex(dimension, "euclidean")
    index.add(np.arange(len(rows)), rows)
    found = index.search(asked, 5)
    np.testing.assert_allclose(found.distances, first, rtol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(exact, found.ids, axis=1), first, rtol=1e-5)
    places, distances = nearest(asked, rows, 5, "euclidean")
    np.testing.assert_allclose(distances, first, rtol=1e-3)
    np.testing.assert_allclose(np.take_along_axis(exact, places, axis=1), first, rtol=1e-3)
    np.testing.assert_allclose(between(asked, rows, "euclidean"), exact, rtol=1e-3)
    np.testing.assert_allclose(between(rows, rows, "euclidean").diagonal(), 0.0)


def test_a_face_does_not_meet_itself() -> None:
    rows = prepare(vectors(200), "cosine")
    places, distances = nearest(rows, rows, 3, "cosine", itself=np.arange(200))
    assert not (places == np.arange(200)[:, None]).any()
    assert distances.min() > 0


def test_of_equals_the_first_come_first_and_places_without_a_face_are_empty() -> None:
    rows = np.repeat(prepare(vectors(1), "cosine"), 200, axis=0)
    assert nearest(rows[:1], rows, 4, "cosine")[0].tolist() == [[0, 1, 2, 3]]
    found = ExactNeighbours(1, 3)
    found.offer(0, closeness(rows[:1], rows[:1], "cosine"), np.array([7]))
    assert found.labels.tolist() == [[7, -1, -1]]
    assert np.isinf(found.distances("cosine")[0, 1:]).all()


def test_nothing_is_found_among_nothing() -> None:
    places, distances = nearest(vectors(4), vectors(0), 3, "euclidean")
    assert places.shape == distances.shape == (4, 0)
