"""Which faces of a group do not look like the others."""

from __future__ import annotations

import numpy as np
import pytest

from engine.recognition.agreement import disagreeing, widest_agreement
from engine.records.types import Distance
from tests.engine.recognition.galleries import Crowd, InMemory


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_the_one_of_another_person_is_found(crowd: Crowd, distance: Distance) -> None:
    widest = InMemory.of(*crowd.draw(range(100), 6), distance=distance).calibration.agreement
    _, group = crowd.draw([200] * 2 + [300] + [200] * 3, 1)
    assert disagreeing(group, distance, widest) == [2]


def test_faces_of_one_person_agree(crowd: Crowd) -> None:
    widest = InMemory.of(*crowd.draw(range(100), 6)).calibration.agreement
    found = [disagreeing(crowd.draw([person], 5)[1], "cosine", widest) for person in range(50)]
    assert sum(map(len, found)) <= 5  # of 250


def test_two_faces_of_two_people_both_disagree(crowd: Crowd) -> None:
    widest = InMemory.of(*crowd.draw(range(100), 6)).calibration.agreement
    _, pair = crowd.draw([200, 300], 1)
    assert disagreeing(pair, "cosine", widest) == [0, 1]


def test_without_a_measure_nothing_is_said(crowd: Crowd) -> None:
    _, group = crowd.draw([200, 300], 1)
    assert disagreeing(group, "cosine", None) == []
    small = InMemory.of(*crowd.draw(range(3), 2)).calibration.agreement
    assert disagreeing(group, "cosine", small) == []
    widest = InMemory.of(*crowd.draw(range(100), 6)).calibration.agreement
    assert disagreeing(group[:1], "cosine", widest) == []
    assert disagreeing(group[:0], "cosine", widest) == []


def test_only_pairs_of_one_identity_are_measured() -> None:
    faces = np.array([[0.0], [1.0], [100.0], [101.0], [500.0]] * 10, dtype=np.float32)
    owners = np.array([0, 0, 1, 1, 2] * 10)
    for copy in range(10):  # every fifth face is alone in its identity
        owners[copy * 5 : copy * 5 + 5] += copy * 3
    probes = np.arange(50)
    random = np.random.default_rng(0)
    assert widest_agreement(faces, owners, probes, "euclidean", random) == 1.0
    assert widest_agreement(faces, owners, probes[:20], "euclidean", random) is None


def test_a_face_is_compared_with_those_beside_the_group(crowd: Crowd) -> None:
    widest = InMemory.of(*crowd.draw(range(100), 6)).calibration.agreement
    _, enrolled = crowd.draw([200], 6)
    _, faces = crowd.draw([200, 300], 1)
    assert disagreeing(faces, "cosine", widest, enrolled) == [1]
    assert disagreeing(faces[1:], "cosine", widest, enrolled) == [0]


def test_a_group_of_many_thousands_is_judged_by_some_of_them(crowd: Crowd) -> None:
    widest = InMemory.of(*crowd.draw(range(100), 6)).calibration.agreement
    _, group = crowd.draw([200], 9_000)
    _, stranger = crowd.draw([300], 1)
    found = disagreeing(np.concatenate([group, stranger]), "cosine", widest)
    assert 9_000 in found
    assert len(found) < 90
