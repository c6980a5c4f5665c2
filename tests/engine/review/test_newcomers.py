"""Near-duplicates among faces on their way in."""

from __future__ import annotations

import numpy as np
import pytest

from engine.records.types import Distance
from engine.review.near_duplicates import limits_of, nearest_own, twins
from engine.utils.distances import prepare

ON_BOTH = pytest.mark.parametrize("distance", ["cosine", "euclidean"])


@ON_BOTH
def test_no_chain_of_small_steps_joins_two_pictures(distance: Distance) -> None:
    turn = np.linspace(0, 0.3, 4)
    rows = prepare(np.stack([np.cos(turn), np.sin(turn)], axis=1), distance)
    step = 0.11 if distance == "euclidean" else 0.11**2 / 2
    assert twins(rows, distance, step) == {1: 0, 3: 2}


@ON_BOTH
def test_copies_are_found_however_many(distance: Distance) -> None:
    random = np.random.default_rng(1)
    faces = 20 * random.normal(size=(700, 16)).astype(np.float32)
    rows = prepare(np.concatenate([faces, faces[:650], faces[:1]]), distance)
    found = twins(rows, distance, limits_of(np.empty(0), rows, distance)[0])
    assert found == {700 + at: at for at in range(650)} | {1350: 0}


def test_one_face_repeated_takes_no_more_room_than_it_is() -> None:
    rows = np.ones((5_000, 4), dtype=np.float32)
    assert set(twins(rows, "cosine", 1e-6).values()) == {0}


def test_the_nearest_own_face_is_never_the_face_itself() -> None:
    rows = np.array([[0.0], [1.0], [5.0], [100.0], [101.5]], dtype=np.float32)
    found = nearest_own(rows, np.array([3, 3, 3, 1, 1]), "euclidean")
    assert sorted(found.tolist()) == [1.0, 1.0, 1.5, 1.5, 4.0]
    assert len(nearest_own(rows[:1], np.array([3]), "euclidean")) == 0
