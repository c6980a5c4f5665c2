"""One person under two names."""

from __future__ import annotations

import pytest

from engine.records.types import Distance
from tests.engine.review.crowds import FIRST_IDENTITY, Crowd


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("faces", [1, 3, 5])
def test_a_person_under_two_names_is_found(distance: Distance, faces: int) -> None:
    crowd = Crowd.of([10] * 20, distance=distance).split(4, faces)
    (finding,) = crowd.review("merges").findings
    assert {finding.identity_id, finding.suggestion_id} == {4 + FIRST_IDENTITY, 20 + FIRST_IDENTITY}
    assert finding.face is None
    assert finding.score > 0.5
    assert {near.identity_id for near in finding.evidence} == {
        finding.identity_id,
        finding.suggestion_id,
    }


def test_the_name_with_more_faces_is_kept_and_of_equals_the_older() -> None:
    larger = Crowd.of([10] * 20).split(4, 7).review("merges").findings[0]
    assert larger.suggestion_id == 20 + FIRST_IDENTITY
    equal = Crowd.of([10] * 20).split(4, 5).review("merges").findings[0]
    assert equal.suggestion_id == 4 + FIRST_IDENTITY


def test_its_faces_are_not_told_of_one_by_one() -> None:
    found = Crowd.of([10] * 20).split(4, 2).review("labels", "merges").findings
    assert [finding.kind for finding in found] == ["merges"]


def test_two_people_that_were_said_to_be_two_are_left_alone() -> None:
    crowd = Crowd.of([10] * 20).split(4, 3)
    for pair in ((4, 20), (20, 4)):
        apart = frozenset({(pair[0] + FIRST_IDENTITY, pair[1] + FIRST_IDENTITY)})
        assert crowd.after(apart=apart).review("merges").findings == ()
