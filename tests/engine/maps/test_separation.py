"""What the eye thinks it sees on a map, in figures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.maps.separation import separation


def crowd(spread: float, people: int = 12, faces: int = 10) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(2)
    middles = np.repeat(random.normal(size=(people, 16)), faces, axis=0)
    rows = middles + spread * random.normal(size=middles.shape)
    return rows.astype(np.float32), np.repeat(np.arange(people), faces)


def test_people_who_keep_apart_are_said_to() -> None:
    found = separation(*crowd(0.05), "cosine")
    assert found is not None
    assert found.knn == 1.0
    assert found.overlap == 0.0
    assert found.own_median < 0.1 < found.other_median
    assert (found.faces, found.of) == (120, 120)


def test_people_who_run_into_one_another_are_said_to() -> None:
    tight, loose = separation(*crowd(0.3), "euclidean"), separation(*crowd(3.0), "euclidean")
    assert tight is not None
    assert loose is not None
    assert tight.knn > loose.knn
    assert tight.overlap < loose.overlap < 0.5


def test_shares_are_shares() -> None:
    found = separation(*crowd(1.0), "cosine", of=9_000)
    assert found is not None
    assert found.own.sum() == pytest.approx(1.0)
    assert found.other.sum() == pytest.approx(1.0)
    assert len(found.edges) == len(found.own) + 1
    assert found.of == 9_000


@pytest.mark.parametrize("owners", [[1, 1, 1, 1], [1, 2, 3, 4]])
def test_nothing_to_compare_is_said(owners: list[int]) -> None:
    rows = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    assert separation(rows, np.array(owners), "cosine") is None
