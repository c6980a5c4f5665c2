"""Nearest faces: exactly those of a full sort, however they are cut into pieces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.tools import nearest as module
from engine.tools.distances import between, prepare
from engine.tools.nearest import Nearest, closeness, nearest
from engine.types import Distance, Vectors


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


def test_a_face_does_not_meet_itself() -> None:
    rows = prepare(vectors(200), "cosine")
    places, distances = nearest(rows, rows, 3, "cosine", itself=np.arange(200))
    assert not (places == np.arange(200)[:, None]).any()
    assert distances.min() > 0


def test_of_equals_the_first_come_first_and_places_without_a_face_are_empty() -> None:
    rows = np.repeat(prepare(vectors(1), "cosine"), 200, axis=0)
    assert nearest(rows[:1], rows, 4, "cosine")[0].tolist() == [[0, 1, 2, 3]]
    found = Nearest(1, 3)
    found.offer(0, closeness(rows[:1], rows[:1], "cosine"), np.array([7]))
    assert found.labels.tolist() == [[7, -1, -1]]
    assert np.isinf(found.distances(rows[:1], "cosine")[0, 1:]).all()


def test_nothing_is_found_among_nothing() -> None:
    places, distances = nearest(vectors(4), vectors(0), 3, "euclidean")
    assert places.shape == distances.shape == (4, 0)
