"""Who looks like one person: near faces together, far ones apart, whatever their number."""

from __future__ import annotations

import numpy as np
import pytest

from engine.enrolment import unknown_faces
from engine.records.types import Distance, Ids, Vectors


def people(count: int, each: int, seed: int = 0, spread: float = 0.2) -> tuple[Ids, Vectors]:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((count, 1, 24))
    faces = centres + spread * random.standard_normal((count, each, 24))
    return np.repeat(np.arange(count), each), faces.reshape(-1, 24).astype(np.float32)


def same_partition(groups: list[Ids], owners: Ids) -> bool:
    found = {frozenset(group.tolist()) for group in groups}
    return found == {frozenset(np.nonzero(owners == one)[0].tolist()) for one in set(owners)}


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_people_whom_the_gallery_never_saw_come_apart(distance: Distance):
    limit = unknown_faces.near_enough(*people(20, 6), distance)
    assert limit is not None
    owners, strangers = people(15, 4, seed=1)
    order = np.random.default_rng(2).permutation(len(owners))
    groups = unknown_faces.cluster(strangers[order], distance, limit)
    assert same_partition(groups, owners[order])


@pytest.mark.parametrize(
    ("distance", "offset"), [("cosine", 0), ("euclidean", 0), ("euclidean", 3_000)]
)
def test_more_than_can_be_held_at_once_join_who_is_there(
    distance: Distance, offset: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unknown_faces, "AT_ONCE", 12)
    monkeypatch.setattr(unknown_faces, "_BLOCK", 5)
    enrolled, faces = people(20, 6)
    limit = unknown_faces.near_enough(enrolled, faces + np.float32(offset), distance)
    assert limit is not None
    owners, strangers = people(15, 6, seed=1)
    strangers = strangers + np.float32(offset)
    order = np.random.default_rng(2).permutation(len(owners))
    groups = unknown_faces.cluster(strangers[order], distance, limit)
    assert same_partition(groups, owners[order])
    assert sorted(np.concatenate(groups).tolist()) == list(range(len(owners)))


def test_the_limit_is_between_one_person_and_two():
    owners, faces = people(20, 6)
    unit = faces / np.linalg.norm(faces, axis=1, keepdims=True)
    away = 1 - unit @ unit.T
    same = (owners[:, None] == owners) & ~np.eye(len(owners), dtype=bool)
    limit = unknown_faces.near_enough(owners, faces, "cosine")
    assert limit is not None
    assert np.median(away[same]) < limit < away[owners[:, None] != owners].min() + 1e-3


def test_with_one_enrolled_person_their_own_faces_give_it():
    owners, faces = people(1, 8)
    limit = unknown_faces.near_enough(owners, faces, "cosine")
    assert limit is not None
    assert 0 < limit < 0.2


def test_where_nobody_is_enrolled_only_what_is_much_nearer_than_usual_belongs_together():
    assert unknown_faces.near_enough(*people(1, 1), "cosine") is None
    owners, strangers = people(60, 1, seed=3)
    copies = strangers[:5] + np.float32(0.01)
    limit = unknown_faces.usual(np.concatenate([strangers, copies]), "cosine")
    groups = unknown_faces.cluster(np.concatenate([strangers, copies]), "cosine", limit)
    assert same_partition(groups, np.concatenate([owners, owners[:5]]))


def test_one_alone_and_none_at_all():
    _, faces = people(1, 1)
    assert [group.tolist() for group in unknown_faces.cluster(faces, "cosine", 0.1)] == [[0]]
    assert unknown_faces.cluster(faces[:0], "cosine", 0.1) == []
    assert unknown_faces.usual(faces, "cosine") == 0.0
