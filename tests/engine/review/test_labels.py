"""Wrong names and faces that are nobody's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.records.types import Distance
from engine.review import review_faces
from tests.engine.review.crowds import FIRST_IDENTITY, NOBODY, Crowd

ON_BOTH = pytest.mark.parametrize("distance", ["cosine", "euclidean"])


@ON_BOTH
def test_faces_under_a_wrong_name_are_found_and_nothing_else(distance: Distance) -> None:
    crowd = Crowd.of([8] * 20, distance=distance)
    one, other = crowd.row(3), crowd.row(11, 5)
    found = crowd.renamed(one, 7).renamed(other, 0).review("labels").findings
    told = {(finding.face, finding.identity, finding.suggestion) for finding in found}
    assert told == {
        (crowd.ids[one], f"P{7 + FIRST_IDENTITY}", f"P{3 + FIRST_IDENTITY}"),
        (crowd.ids[other], f"P{FIRST_IDENTITY}", f"P{11 + FIRST_IDENTITY}"),
    }
    assert all(finding.score > 0.9 for finding in found)


def test_the_evidence_is_the_nearest_faces_of_both_and_not_the_face_itself() -> None:
    crowd = Crowd.of([8] * 20)
    row = crowd.row(3)
    (finding,) = crowd.renamed(row, 7).review("labels").findings
    suggested, own = finding.evidence[:3], finding.evidence[3:]
    assert {near.identity_id for near in suggested} == {finding.suggestion_id}
    assert {near.identity_id for near in own} == {finding.identity_id}
    assert finding.face not in {near.face for near in finding.evidence}
    for part in (suggested, own):
        distances = [near.distance for near in part]
        assert distances == sorted(distances)
    assert suggested[-1].distance < own[0].distance


@ON_BOTH
def test_in_a_clean_gallery_nothing_is_found(distance: Distance) -> None:
    for seed in range(5):
        crowd = Crowd.of([8] * 20, seed=seed, distance=distance)
        assert crowd.review("labels", "merges", "duplicates").findings == ()
        assert len(crowd.review("outliers").findings) <= 1  # of 160


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), wrong=st.integers(1, 12))
def test_many_wrong_names_do_not_hide_one_another(seed: int, wrong: int) -> None:
    crowd = Crowd.of([8] * 15, seed=seed)
    random = np.random.default_rng(seed)
    noisy, planted = crowd, random.choice(len(crowd.ids), wrong, replace=False)
    for row in planted:
        person = crowd.owners[row] - FIRST_IDENTITY
        noisy = noisy.renamed(row, (person + random.integers(1, 15)) % 15)
    told = {finding.face for finding in noisy.review("labels").findings}
    assert told <= set(crowd.ids[planted].tolist())
    assert len(told) >= 0.7 * wrong - 1  # one may look like another person by chance


@ON_BOTH
def test_a_face_that_is_nobodys_is_an_outlier(distance: Distance) -> None:
    crowd = Crowd.of([8] * 60, distance=distance)
    row = crowd.row(5)
    found = crowd.with_vector(row, NOBODY).review("labels", "outliers").findings
    assert (found[0].kind, found[0].face, found[0].suggestion) == ("outliers", crowd.ids[row], None)
    assert len(found) <= 2
    assert {near.identity_id for near in found[0].evidence} == {found[0].identity_id}


def test_what_a_person_confirmed_does_not_come_up_again() -> None:
    crowd = Crowd.of([8] * 60)
    wrong, odd = crowd.row(3), crowd.row(5)
    planted = crowd.renamed(wrong, 7).with_vector(odd, NOBODY)
    before = {one.face for one in planted.review("labels", "outliers").findings}
    confirmed = frozenset(crowd.ids[[wrong, odd]].tolist())
    after = {one.face for one in planted.after(confirmed=confirmed).review().findings}
    assert confirmed <= before
    assert not confirmed & after


def test_a_face_to_be_ignored_is_neither_told_of_nor_evidence() -> None:
    crowd = Crowd.of([8] * 20)
    row = crowd.row(3)
    ignored = frozenset({int(crowd.ids[row]), int(crowd.ids[crowd.row(3, 1)])})
    found = crowd.renamed(row, 7).after(ignored=ignored).review().findings
    assert not ignored & {one.face for one in found}
    assert not ignored & {near.face for one in found for near in one.evidence}


def test_nobody_is_suggested_that_a_face_was_said_not_to_be() -> None:
    crowd = Crowd.of([8] * 20)
    row = crowd.row(3)
    refused = frozenset({(int(crowd.ids[row]), 3 + FIRST_IDENTITY)})
    found = crowd.renamed(row, 7).after(refused=refused).review("labels", "outliers").findings
    assert (found[0].kind, found[0].face) == ("outliers", crowd.ids[row])


def test_of_two_people_the_strayed_face_is_found() -> None:
    crowd = Crowd.of([40, 40])
    row = crowd.row(0)
    found = crowd.renamed(row, 1).review("labels", "outliers").findings
    assert found[0].face == crowd.ids[row]


def test_of_two_faces_that_differ_only_the_wrong_one_is_doubted() -> None:
    crowd = Crowd.of([8] * 20 + [1])
    row = crowd.row(3)
    (finding,) = crowd.renamed(row, 20).review("labels", "outliers").findings
    assert (finding.face, finding.suggestion_id) == (crowd.ids[row], 3 + FIRST_IDENTITY)


def test_the_only_face_of_a_person_is_not_doubted() -> None:
    crowd = Crowd.of([8] * 10 + [1] * 10)
    told = {finding.face for finding in crowd.review("labels", "outliers").findings}
    assert not told & set(crowd.ids[80:].tolist())


@pytest.mark.parametrize("counts", [[], [1], [6], [1, 1], [1] * 30, [2]])
def test_a_gallery_too_small_to_learn_from_raises_no_doubt(counts: list[int]) -> None:
    found = Crowd.of(counts).review("labels", "outliers", "merges", "duplicates")
    assert found.findings == ()


def test_a_wrong_name_is_found_where_something_else_than_the_person_speaks_loudest() -> None:
    crowd = Crowd.of([10] * 30)
    light = np.random.default_rng(1).normal(size=(len(crowd.ids), 2)).astype(np.float32)
    loud = np.hstack([crowd.vectors, 12 * light])
    row = crowd.row(3)
    found = replace(crowd, vectors=loud).renamed(row, 11).review("labels").findings
    assert [finding.face for finding in found] == [crowd.ids[row]]


def test_where_vectors_tell_nobody_apart_no_name_is_doubted() -> None:
    crowd = Crowd.of([10] * 30)
    noise = np.random.default_rng(1).normal(size=crowd.vectors.shape).astype(np.float32)
    assert not replace(crowd, vectors=noise).review("labels").findings


def test_neighbours_of_a_large_gallery_are_put_in_order_where_its_faces_are_mapped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd = Crowd.of([10] * 30)
    light = np.random.default_rng(1).normal(size=(len(crowd.ids), 2)).astype(np.float32)
    loud = replace(crowd, vectors=np.hstack([crowd.vectors, 6 * light])).renamed(crowd.row(3), 11)
    monkeypatch.setattr(review_faces, "EXACT", 100)
    monkeypatch.setattr(review_faces, "_MEASURED_AT_ONCE", 64)
    found = loud.review("labels").findings
    assert [finding.face for finding in found] == [crowd.ids[crowd.row(3)]]
