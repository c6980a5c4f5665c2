"""Almost the same photo twice."""

from __future__ import annotations

import numpy as np
import pytest

from engine.records.types import Distance
from tests.engine.review.crowds import DIMENSION, FIRST_IDENTITY, Crowd

ON_BOTH = pytest.mark.parametrize("distance", ["cosine", "euclidean"])


def nearly(crowd: Crowd, row: int, difference: float) -> np.ndarray:
    """A vector that differs by this share of its length."""
    step = np.random.default_rng(1000 + row).normal(size=DIMENSION)
    vector = crowd.vectors[row]
    return vector + step / np.linalg.norm(step) * np.linalg.norm(vector) * difference


@ON_BOTH
def test_across_people_comes_first_then_the_nearest(distance: Distance) -> None:
    crowd = Crowd.of([8] * 12, distance=distance)
    one, other, third = crowd.row(2), crowd.row(5), crowd.row(7)
    planted = (
        crowd.with_vector(crowd.row(2, 1), nearly(crowd, one, 0.02))
        .with_vector(crowd.row(5, 1), crowd.vectors[other])
        .with_vector(crowd.row(9), nearly(crowd, third, 0.001))
    )
    found = planted.review("duplicates").findings
    assert [finding.face for finding in found] == [
        crowd.ids[row] for row in (crowd.row(9), crowd.row(5, 1), crowd.row(2, 1))
    ]
    assert found[0].suggestion_id == 7 + FIRST_IDENTITY
    assert [near.face for near in found[0].evidence] == [crowd.ids[third]]
    assert found[0].score == found[1].score == 1.0  # the same vector, but for rounding
    assert found[1].suggestion_id is None
    assert 0 < found[2].score < 1


def test_of_many_copies_each_but_the_first_is_told_of_once() -> None:
    crowd = Crowd.of([8] * 12)
    first = crowd.row(3)
    for number in range(1, 6):
        crowd = crowd.with_vector(first + number, crowd.vectors[first])
    told = [finding.face for finding in crowd.review("duplicates").findings]
    assert sorted(told) == [crowd.ids[first] + number for number in range(1, 6)]


@ON_BOTH
def test_where_nothing_can_be_learned_the_same_vector_is_found_all_the_same(
    distance: Distance,
) -> None:
    crowd = Crowd.of([1, 1, 1], distance=distance)
    planted = crowd.with_vector(2, nearly(crowd, 0, 0.003))
    (finding,) = planted.review("duplicates").findings
    assert (finding.face, finding.suggestion_id) == (crowd.ids[2], FIRST_IDENTITY)
    apart = crowd.with_vector(2, nearly(crowd, 0, 0.006))
    assert apart.review("duplicates").findings == ()


def test_the_one_that_was_confirmed_is_not_the_one_to_go() -> None:
    crowd = Crowd.of([8] * 12)
    old, new = crowd.row(2), crowd.row(9)
    planted = crowd.with_vector(new, crowd.vectors[old])
    (finding,) = (
        planted.after(confirmed=frozenset({int(crowd.ids[new])})).review("duplicates").findings
    )
    assert (finding.face, finding.suggestion_id) == (crowd.ids[old], 9 + FIRST_IDENTITY)
    both = frozenset(crowd.ids[[old, new]].tolist())
    assert planted.after(confirmed=both).review("duplicates").findings == ()
