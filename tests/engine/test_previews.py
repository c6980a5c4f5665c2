"""What a merge or a split would come to: said beforehand, true afterwards, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError, UnknownIdentityError
from engine.gallery import Gallery
from engine.records.types import FaceBatch

PEOPLE = 14
EACH = 8


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """P00 is under two names, the other being Q; Mix is two people."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((PEOPLE, 1, 16))
    faces = centres + 0.3 * random.standard_normal((PEOPLE, EACH, 16))
    names = [f"P{person:02}" for person in range(PEOPLE) for _ in range(EACH)]
    names[4:8] = ["Q"] * 4
    names[-16:] = ["Mix"] * 16
    vectors = faces.reshape(-1, 16).astype(np.float32)
    vectors = np.concatenate([vectors, vectors[:1]])  # the first face is under Q too
    names.append("Q")
    count = len(names)
    batch = FaceBatch(vectors, names, ["x"] * count, [*range(count)], [None] * count)
    folder = tmp_path_factory.mktemp("previews") / "some.gallery"
    table = folder.with_suffix(".npz")
    np.savez(table, embeddings=batch.vectors, names=batch.names)
    with Gallery.create_from(folder, [table])[0] as made:
        yield made


@pytest.fixture(autouse=True)
def unchanged(gallery: Gallery) -> Iterator[None]:
    """Whatever a test does, it is as it was at its end."""
    yield
    gallery.history.go_to(1)


def ids(gallery: Gallery, name: str) -> list[int]:
    return [face.id for face in gallery.faces.of(name)]


def test_a_merge_is_previewed_with_what_it_helps(gallery: Gallery):
    before = gallery.history.changes(), gallery.people.all()
    preview = gallery.corrections.preview_merge(["Q"], "P00")
    assert (preview.survivor, preview.faces, preview.duplicates) == ("P00", 8, 1)
    assert preview.before.faces == 9
    assert preview.before.share < preview.after.share == 1
    assert preview.after.faces == 8
    assert preview.unlike == ()
    assert (gallery.history.changes(), gallery.people.all()) == before
    gallery.corrections.merge(["Q"], "P00")
    assert gallery.people.find("P00").faces == preview.faces


def test_a_preview_names_those_who_look_like_other_people(gallery: Gallery):
    preview = gallery.corrections.preview_merge(["P01", "P00", "Q", "P02"], "P00")
    assert [one.name for one in preview.compared] == ["P01", "Q", "P02"]
    assert [one.name for one in preview.unlike] == ["P01", "P02"]
    for one in preview.compared:
        found = gallery.comparison.people(one.name, "P00")
        assert (one.distance, one.same) == (found.median, found.same)


def test_two_people_under_one_name_are_told_apart(gallery: Gallery):
    faces = ids(gallery, "Mix")
    proposal = gallery.corrections.propose_split("Mix")
    assert sorted(map(sorted, proposal.groups)) == [faces[:8], faces[8:]]
    assert proposal.before.faces == proposal.after.faces == 16
    assert proposal.after.right == 16


@pytest.mark.parametrize("name", ["P01", "P05", "P09"])
def test_one_person_is_one_group(gallery: Gallery, name: str):
    proposal = gallery.corrections.propose_split(name)
    assert proposal.groups == (tuple(ids(gallery, name)),)
    assert proposal.before == proposal.after


def test_as_many_groups_as_asked_for_and_none_with_a_single_face(gallery: Gallery):
    proposal = gallery.corrections.propose_split("Mix", 3)
    assert len(proposal.groups) == 3
    assert sorted(face for group in proposal.groups for face in group) == ids(gallery, "Mix")
    most = gallery.corrections.propose_split("Mix", 16)
    assert 3 < len(most.groups) <= 8
    assert min(map(len, most.groups)) >= 2
    assert [len(group) for group in most.groups] == sorted(map(len, most.groups), reverse=True)


def test_a_grouping_of_ones_own_is_judged(gallery: Gallery):
    faces = ids(gallery, "Mix")
    right = gallery.corrections.preview_split("Mix", [faces[:8]])
    assert right.groups == (tuple(faces[:8]), tuple(faces[8:]))
    wrong = gallery.corrections.preview_split("Mix", [faces[::2], faces[1::2]])
    assert wrong.after.share < right.after.share == 1
    assert wrong.before == right.before


def test_groups_that_make_no_sense_are_refused(gallery: Gallery):
    fix, faces = gallery.corrections, ids(gallery, "Mix")
    with pytest.raises(UnknownIdentityError, match="No one named"):
        fix.propose_split("Nobody")
    with pytest.raises(UnknownIdentityError, match="not one of"):
        fix.preview_split("Mix", [[ids(gallery, "P01")[0]]])
    with pytest.raises(InputError, match="in two groups"):
        fix.preview_split("Mix", [faces[:2], faces[1:]])
    with pytest.raises(InputError, match="0 groups"):
        fix.propose_split("Mix", 0)


def test_where_nothing_can_be_compared_it_is_one_group(tmp_path: Path):
    with Gallery.create(tmp_path / "small.gallery", dimension=4) as gallery:
        gallery.enroll("A", np.random.default_rng(0).standard_normal((6, 4)))
        proposal = gallery.corrections.propose_split("A")
        assert [len(group) for group in proposal.groups] == [6]
        gallery.enroll("B", np.ones((1, 4)))
        assert gallery.corrections.propose_split("B").before.share is None
