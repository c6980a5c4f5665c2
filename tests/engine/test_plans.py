"""What would become of every file of an import, and that what is planned is what is done."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CancelledError, MismatchError
from engine.gallery import Gallery
from engine.progress import CancelToken, Reporter
from engine.records.plans import ImportPlan
from gallery_app.wording.advice_words import why_text

PEOPLE = ("Tiger_Woods", "Tim_Henman", "Tom_Hanks", "Tom_Ridge", "Tony_Blair", "Venus_Williams")


@pytest.fixture
def gallery(sample: Path, tmp_path: Path) -> Iterator[Gallery]:
    """Nine faces of each of six people."""
    for person in PEOPLE:
        (tmp_path / "six" / person).mkdir(parents=True)
        for face in sorted((sample / person).glob("*.npy"))[:9]:
            shutil.copy(face, tmp_path / "six" / person)
    with Gallery.create_from(tmp_path / "six.gallery", [tmp_path / "six"])[0] as made:
        yield made


@pytest.fixture
def tree(sample: Path, tmp_path: Path) -> Path:
    """Of everything something: known and new people, copies, a wrong folder, a broken file."""
    more = tmp_path / "more"
    for folder, source, chosen in (
        ("Tiger_Woods", "Tiger_Woods", slice(8, 11)),  # the first of them is enrolled
        ("Hans_Blix", "Hans_Blix", slice(0, 3)),
        ("Wrong", "Tom_Ridge", slice(9, 11)),
    ):
        (more / folder).mkdir(parents=True)
        for face in sorted((sample / source).glob("*.npy"))[chosen]:
            shutil.copy(face, more / folder)
    np.save(more / "Hans_Blix" / "again.npy", np.load(more / "Hans_Blix" / "Hans_Blix_0001.npy"))
    (more / "Hans_Blix" / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00")
    return more


def outcomes(plan: ImportPlan) -> dict[str, tuple[str, str | None]]:
    return {Path(face.file).name: (face.outcome, face.name) for face in plan}


def rows_of(plan: ImportPlan, name: str) -> list[int]:
    return [row for row, face in enumerate(plan.first) if face.name == name]


def test_every_file_has_an_outcome(gallery: Gallery, tree: Path) -> None:
    plan = gallery.enrolment.plan_import([tree])
    assert outcomes(plan) == {
        "Hans_Blix_0001.npy": ("new", "Hans Blix"),
        "Hans_Blix_0002.npy": ("new", "Hans Blix"),
        "Hans_Blix_0003.npy": ("new", "Hans Blix"),
        "again.npy": ("duplicate", "Hans Blix"),
        "broken.npy": ("rejected", None),
        "Tiger_Woods_0009.npy": ("duplicate", "Tiger Woods"),
        "Tiger_Woods_0010.npy": ("added", "Tiger Woods"),
        "Tiger_Woods_0011.npy": ("added", "Tiger Woods"),
        "Tom_Ridge_0010.npy": ("new", "Wrong"),
        "Tom_Ridge_0011.npy": ("new", "Wrong"),
    }
    reasons = {Path(face.file).name: why_text(face) for face in plan}
    assert reasons["Tiger_Woods_0009.npy"] == "Tiger Woods already has this face"
    assert reasons["again.npy"] == "The same face appears earlier"
    assert reasons["Tom_Ridge_0010.npy"].startswith("Looks like Tom Ridge")
    assert reasons["broken.npy"]
    assert reasons["Hans_Blix_0001.npy"] == ""


def test_what_is_planned_is_what_is_done(gallery: Gallery, tree: Path) -> None:
    plan = gallery.enrolment.plan_import([tree])
    change = gallery.history.last_change()
    foreseen, done = plan.report(), gallery.enrolment.import_plan(plan)
    assert (done.faces_added, done.identities_added, done.duplicates) == (7, 2, 2)
    assert (foreseen.faces_added, foreseen.identities_added, foreseen.duplicates) == (7, 2, 2)
    assert foreseen.rejected == done.rejected
    assert (foreseen.dry_run, done.dry_run) == (True, False)
    assert gallery.history.last_change() == change + 1
    assert gallery.import_([tree], dry_run=True).faces_added == 0


def test_exactly_the_chosen_rows_come_in(gallery: Gallery, tree: Path) -> None:
    plan = gallery.enrolment.plan_import([tree])
    wrong = rows_of(plan, "Wrong")
    plan = plan.sending(wrong[:1], "Tom Ridge").without(wrong[1:])
    plan = plan.without(rows_of(plan, "Hans Blix")[:1])
    assert [plan.faces[row].outcome for row in wrong] == ["added", "left-out"]
    done = gallery.enrolment.import_plan(plan)
    assert done.faces_added == plan.report().faces_added == 5
    assert gallery.people.find("Wrong") is None
    assert len(gallery.faces.of("Tom Ridge")) == 10
    files = [Path(face.file).name for face in gallery.faces.of("Hans Blix")]
    assert files == ["Hans_Blix_0002.npy", "Hans_Blix_0003.npy"]


def test_a_choice_can_be_taken_back(gallery: Gallery, tree: Path) -> None:
    plan = gallery.enrolment.plan_import([tree])
    everything = range(len(plan.faces))
    changed = plan.without(everything).sending(rows_of(plan, "Wrong"), "Tom Ridge")
    assert not changed.faces[rows_of(plan, "Wrong")[0]].advice  # settled with it
    assert changed.restoring(everything).faces == plan.faces
    assert changed.report().faces_added == 2
    assert gallery.enrolment.import_plan(plan.without(everything)).faces_added == 0


def test_a_face_sent_to_who_has_it_is_a_duplicate(gallery: Gallery, tree: Path) -> None:
    shutil.move(tree / "Tiger_Woods" / "Tiger_Woods_0009.npy", tree / "Wrong" / "tiger.npy")
    plan = gallery.enrolment.plan_import([tree])
    row = next(row for row, face in enumerate(plan.faces) if face.file.endswith("tiger.npy"))
    assert (plan.faces[row].outcome, plan.faces[row].has("enrolled")) == ("new", True)
    sent = plan.sending([row], "Tiger Woods").faces[row]
    assert (sent.outcome, sent.reason) == ("duplicate", "Tiger Woods already has this face")


def test_the_same_face_under_two_new_names_is_told(
    gallery: Gallery, sample: Path, tmp_path: Path
) -> None:
    face = np.load(sample / "Hans_Blix" / "Hans_Blix_0001.npy")
    table = tmp_path / "two.npz"
    np.savez(table, embeddings=np.stack([face, face]), names=np.array(["Hans", "Blix"]))
    plan = gallery.enrolment.plan_import([table])
    assert [face.has("enrolled") for face in plan.faces] == [False, True]
    foreseen, done = plan.report(), gallery.enrolment.import_plan(plan)
    assert foreseen.notices == done.notices
    assert "the same embedding is already enrolled as Hans" in done.notices[0]


def test_rows_of_a_table_are_told_apart(gallery: Gallery, sample: Path, tmp_path: Path) -> None:
    faces = [np.load(face) for face in sorted((sample / "Hans_Blix").glob("*.npy"))[:2]]
    faces.append(np.full(128, np.nan, dtype=np.float32))
    table = tmp_path / "blix.npz"
    np.savez(table, embeddings=np.stack(faces), names=np.array(["Hans Blix"] * 3))
    plan = gallery.enrolment.plan_import([table])
    assert [(face.row, face.outcome) for face in plan] == [(0, "new"), (1, "new"), (0, "rejected")]
    assert "Row 2" in plan.rejected[0].reason


def test_another_network_is_refused_before_anything(
    gallery: Gallery, sample: Path, tmp_path: Path
) -> None:
    (tmp_path / "other" / "Hans_Blix").mkdir(parents=True)
    for face in sorted((sample / "Hans_Blix").glob("*.npy"))[:4]:
        np.save(tmp_path / "other" / "Hans_Blix" / face.name, -np.load(face))
    with pytest.raises(MismatchError, match="another embedding network"):
        gallery.enrolment.plan_import([tmp_path / "other"])


def test_planning_can_be_cancelled_at_any_step(gallery: Gallery, tree: Path) -> None:
    stages: list[str] = []
    gallery.enrolment.plan_import(
        [tree], reporter=Reporter(lambda event: stages.append(event.stage))
    )
    for stage in dict.fromkeys(stages):
        token = CancelToken()

        def stop(event, at=stage, token=token):  # type: ignore[no-untyped-def]
            if event.stage == at:
                token.cancel()

        with pytest.raises(CancelledError):
            gallery.enrolment.plan_import([tree], reporter=Reporter(stop, token))
    assert "Comparing with the gallery" in stages


def test_a_reader_may_plan(gallery: Gallery, tree: Path) -> None:
    with Gallery.open(gallery.folder, write=False) as reader:
        assert reader.enrolment.plan_import([tree]).report().faces_added == 7


def test_a_folder_whose_name_differs_in_case_adds_to_that_person(
    gallery: Gallery, sample: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "nearly" / "hans_blix"
    folder.mkdir(parents=True)
    faces = sorted((sample / "Hans_Blix").glob("*.npy"))
    gallery.enroll("Hans Blix", np.load(faces[0]))
    for face in faces[1:3]:
        shutil.copy(face, folder)
    plan = gallery.enrolment.plan_import([folder])
    assert [(face.name, face.outcome) for face in plan.faces] == [("Hans Blix", "added")] * 2
    assert plan.notices[0].startswith("“hans blix” is treated as “Hans Blix”")
    assert plan.report().notices == gallery.enrolment.import_plan(plan).notices
