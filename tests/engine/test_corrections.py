"""Corrections through the façade: recognition follows at once, and what was decided stays."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    GalleryDamagedError,
    GalleryReadOnlyError,
    HistoryError,
    IdentityNameError,
    NameTakenError,
    UnknownIdentityError,
)
from engine.gallery import Gallery
from engine.records.changes import event
from engine.records.types import FaceBatch, Identification, Vectors
from tests.alike import assert_alike
from tests.handmade import put_to_use

PEOPLE = 12
EACH = 6
DIMENSION = 16


def crowd(seed: int = 0) -> FaceBatch:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((PEOPLE, 1, DIMENSION))
    faces = centres + 0.35 * random.standard_normal((PEOPLE, EACH, DIMENSION))
    names = [f"P{person:02}" for person in range(PEOPLE) for _ in range(EACH)]
    count = len(names)
    rows = faces.reshape(-1, DIMENSION).astype(np.float32)
    files = [f"{name}/{row % EACH}.npy" for row, name in enumerate(names)]
    return FaceBatch(rows, names, files, [0] * count, [None] * count)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd") / "crowd.gallery"
    batch = crowd()
    table = folder.with_suffix(".npz")
    np.savez(table, embeddings=batch.vectors, names=batch.names, files=batch.files)
    with Gallery.create_from(folder, [table])[0] as gallery:
        gallery.prepare()
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> Path:
    shutil.copy(made_once.with_suffix(".npz"), tmp_path / "crowd.npz")
    return shutil.copytree(made_once, tmp_path / "crowd.gallery")


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    with Gallery.open(folder) as opened:
        opened.identify(crowd(1).vectors[0])  # it has taken everything up
        yield opened


def ids(gallery: Gallery, name: str) -> list[int]:
    return [face.id for face in gallery.faces.of(name)]


def answers(gallery: Gallery, queries: Vectors) -> list[Identification]:
    enrolled = [face.id for one in gallery.people.all() for face in gallery.faces.of(one.name)[:2]]
    return [
        *gallery.identify(queries, k=7),
        *(gallery.recogniser.identify_enrolled(face) for face in enrolled),
    ]


def same_as_opened_anew(gallery: Gallery) -> None:
    """Compared with what another process would see in the same folder."""
    queries = np.concatenate([crowd().vectors[::5], crowd(1).vectors[:6]])
    with Gallery.open(gallery.folder, write=False) as anew:
        assert gallery.people.all() == anew.people.all()
        for one in gallery.people.all():
            assert gallery.faces.of(one.name) == anew.faces.of(one.name)
        assert_alike(answers(gallery, queries), answers(anew, queries))
    assert gallery.check().problems == ()


def name_unknowns(gallery: Gallery, name: str) -> None:
    gallery.unknowns.add(crowd(2).vectors[:5])
    gallery.unknowns.name([one.id for one in gallery.unknowns.all()], name)


Step = Callable[[Gallery], object]
STEPS: dict[str, Step] = {
    "rename": lambda one: one.corrections.rename("P03", "Somebody"),
    "merge": lambda one: one.corrections.merge(["P01", "P02"], "P00"),
    "delete": lambda one: one.corrections.delete(["P04", "P05"]),
    "move": lambda one: one.corrections.move(ids(one, "P06")[:3], "P07"),
    "expel": lambda one: one.corrections.expel(ids(one, "P06")[:2]),
    "move to a new one": lambda one: one.corrections.move(ids(one, "P06")[:3], "New"),
    "split": lambda one: one.corrections.split(
        "P06", {"New": ids(one, "P06")[:2], "P07": ids(one, "P06")[2:4]}
    ),
    "move all": lambda one: one.corrections.move(ids(one, "P06"), "P07"),
    "remove": lambda one: one.corrections.remove(ids(one, "P08")[2:]),
    "confirm": lambda one: one.corrections.confirm(ids(one, "P09")),
    "reject": lambda one: one.corrections.reject(one.faces.vector(1), 2),
    "enroll": lambda one: one.enroll("P10", crowd(2).vectors[:5]),
    "keep apart": lambda one: one.corrections.mark_distinct("P01", "P02"),
    "name unknown ones": lambda one: name_unknowns(one, "P10"),
    "name unknown ones anew": lambda one: name_unknowns(one, "New"),
}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_recognition_follows_a_correction_its_undoing_and_redoing(gallery: Gallery, step: Step):
    step(gallery)
    same_as_opened_anew(gallery)
    gallery.history.undo()
    same_as_opened_anew(gallery)
    gallery.history.redo()
    same_as_opened_anew(gallery)


def reachable(gallery: Gallery) -> list[int]:
    """Changes that history can go to."""
    entries = gallery.history.changes()
    return [entry.change for entry in entries if entry.state in ("done", "undone")]


def test_random_corrections_leave_it_as_if_opened_anew(gallery: Gallery):
    random = np.random.default_rng(0)
    fix = gallery.corrections
    for number in range(40):
        names = [one.name for one in gallery.people.all()]
        some = [str(name) for name in random.choice(names, 3, replace=False)]
        faces = [ids(gallery, name)[0] for name in some]
        choices: list[Callable[[], object]] = [
            lambda some=some: fix.merge(some[:2], some[2]),
            lambda some=some, number=number: fix.rename(some[0], f"R{number}"),
            lambda faces=faces, some=some: fix.move(faces, some[0]),
            lambda faces=faces, number=number: fix.move(faces, f"M{number}"),
            lambda some=some: fix.delete(some[:1]),
            lambda faces=faces: fix.remove(faces[:1]),
            *[gallery.history.undo] * 4,
            *[gallery.history.redo] * 2,
            lambda: gallery.history.go_to(int(random.choice([0, *reachable(gallery)]))),
        ]  # fmt: skip
        choices[int(random.integers(len(choices)))]()
        if len(gallery.people.all()) < 4:
            gallery.history.go_to(1)
        if number % 8 == 7:
            same_as_opened_anew(gallery)
    assert gallery.check().problems == ()


def test_trained_models_follow_as_well(folder: Path):
    put_to_use(folder, "triplet", "mlp", fused=True)
    with Gallery.open(folder) as gallery:
        fix = gallery.corrections
        assert gallery.identify(crowd(1).vectors[0])[0].method == "knn + triplet"
        fix.merge(["P01"], "P02")
        same_as_opened_anew(gallery)
        fix.move(ids(gallery, "P03")[:2], "New")
        fix.remove(ids(gallery, "P04")[:3])
        fix.delete(["P05"])
        same_as_opened_anew(gallery)
        gallery.history.go_to(1)
        same_as_opened_anew(gallery)
        for method in ("knn", "mlp", "triplet"):
            (answer,) = gallery.identify(crowd().vectors[6], method=method)
            assert answer.candidates[0].name == "P01"


def test_corrections_and_questions_from_several_threads_do_not_disturb_one_another(
    gallery: Gallery,
):
    errors: list[BaseException] = []
    over = threading.Event()

    def ask() -> None:
        try:
            while not over.is_set():
                assert len(gallery.identify(crowd(1).vectors)) == PEOPLE * EACH
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(8):
            gallery.corrections.merge(["P01", "P02"], "P03")
            gallery.corrections.move(ids(gallery, "P03")[:4], f"New {number}")
            gallery.history.go_to(1)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert errors == []
    same_as_opened_anew(gallery)


def test_a_correction_is_made_though_recognition_cannot_follow(gallery: Gallery):
    with closing(sqlite3.connect(gallery.folder / "gallery.db")) as base, base:
        base.execute("UPDATE embeddings SET vector = x'00' WHERE face_id = 1")
    assert gallery.corrections.move([2], "P02") is not None
    with pytest.raises(GalleryDamagedError):
        gallery.identify(crowd().vectors[0])
    assert gallery.history.undo() is not None


def test_the_index_on_disk_is_sound_when_all_faces_give_way_to_others(tmp_path: Path):
    with Gallery.create(tmp_path / "few.gallery", dimension=DIMENSION) as gallery:
        gallery.enroll("A", crowd().vectors[0])
        gallery.corrections.remove([1])
        gallery.enroll("B", crowd().vectors[1:4])
        gallery.identify(crowd().vectors[0])
        gallery.history.go_to(1)
        assert gallery.check().problems == ()
        gallery.history.redo()
        assert gallery.check().problems == ()


@pytest.mark.parametrize("taken_up", [True, False])
def test_an_enrolment_is_made_though_recognition_cannot_follow(
    folder: Path, taken_up: bool, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise GalleryDamagedError("Cannot be read")

    with Gallery.open(folder) as gallery:
        if taken_up:
            gallery.identify(crowd().vectors[0])
        query = crowd(2).vectors[0]
        with monkeypatch.context() as patched:
            patched.setattr("engine.recognition.spaces.SearchedSpace.add", refuse)
            patched.setattr("engine.recognition.state.RecognitionState.load", refuse)
            patched.setattr("engine.enrolment.advisor.EnrolmentAdvisor.advise", lambda *_: [])
            report = gallery.enroll("P00", query)
        assert report.faces_added == 1
        assert gallery.identify(query)[0].evidence[0].face == report.face_ids[0]


def test_what_could_be_taken_up_only_by_half_does_not_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise GalleryDamagedError("Cannot be read")

    query = crowd().vectors[0]
    with Gallery.open(folder) as gallery:
        with monkeypatch.context() as patched:
            patched.setattr("engine.index.manager.IndexManager.start", refuse)
            with pytest.raises(GalleryDamagedError):
                gallery.identify(query)
        assert gallery.identify(query)[0].evidence[0].distance < 1e-6


def test_an_enrolment_is_made_though_its_network_cannot_be_remembered(gallery: Gallery):
    with closing(sqlite3.connect(gallery.folder / "gallery.db")) as base, base:
        base.execute(
            "CREATE TRIGGER full BEFORE INSERT ON settings BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    query = crowd(2).vectors[0]
    assert gallery.enroll("P00", query).faces_added == 1
    assert gallery.identify(query)[0].evidence[0].distance < 1e-6


def test_a_correction_says_what_it_touched(gallery: Gallery):
    identity = {one.name: one.id for one in gallery.people.all()}
    moved = ids(gallery, "P06")[:2]
    changed = gallery.corrections.move(moved, "P07")
    assert changed.action == "move"
    assert changed.summary == event("moved", 2, "P07")
    assert changed.identities == (identity["P06"], identity["P07"])
    assert changed.faces == tuple(moved)
    back = gallery.history.undo()
    assert (back.identities, back.faces) == (changed.identities, changed.faces)
    assert (back.action, back.summary) == ("undo", event("undo", "moved", 2, "P07"))
    assert back.change == changed.change + 1
    noted = gallery.corrections.set_note("P01", " a note ")
    assert (noted.identities, noted.faces) == ((identity["P01"],), ())
    assert gallery.people.find("P01").note == "a note"


def test_a_split_is_one_step(gallery: Gallery):
    fix, faces, people = gallery.corrections, ids(gallery, "P06"), gallery.people.all()
    changed = fix.split("P06", {"P06": faces[:2], "One": faces[2:4], "Two": faces[4:]})
    assert changed.summary == event("split", "P06", 4, "One", "Two")
    assert [ids(gallery, name) for name in ("P06", "One", "Two")] == [
        faces[:2],
        faces[2:4],
        faces[4:],
    ]
    gallery.history.undo()
    assert gallery.people.all() == people
    assert fix.split("P06", {"P06": faces}) is None
    for stray in ({"One": ids(gallery, "P07")}, {"One": faces[:2], "Two": faces[1:]}):
        with pytest.raises(UnknownIdentityError, match="not one of “P06”"):
            fix.split("P06", stray)
    assert gallery.people.all() == people


def test_nothing_to_change_changes_nothing(gallery: Gallery):
    change = gallery.history.changes(1)[0].change
    fix = gallery.corrections
    assert fix.rename("P01", "P01") is None
    assert fix.merge(["P01"], "P01") is None
    assert fix.move(ids(gallery, "P01"), "P01") is None
    assert fix.remove([10_000]) is None
    assert fix.set_note("P01", "") is None
    assert fix.choose_portrait("P01", None) is None
    assert fix.unconfirm(ids(gallery, "P01")) is None
    assert gallery.history.redo() is None
    assert gallery.history.go_to(change) is None
    assert gallery.history.changes(1)[0].change == change


def test_bad_input_is_said_and_changes_nothing(gallery: Gallery):
    fix = gallery.corrections
    before = gallery.history.changes()
    with pytest.raises(NameTakenError, match="Merge “P01” into it"):
        fix.rename("P01", "P02")
    with pytest.raises(IdentityNameError):
        fix.rename("P01", "a/b")
    with pytest.raises(IdentityNameError, match="10,001 characters"):
        fix.set_note("P01", "x" * 10_001)
    with pytest.raises(UnknownIdentityError, match="Nobody"):
        fix.merge(["P01", "Nobody"], "P02")
    with pytest.raises(UnknownIdentityError, match="Face 9999"):
        fix.move([1, 9999], "P02")
    with pytest.raises(UnknownIdentityError, match="not one of"):
        fix.choose_portrait("P01", ids(gallery, "P02")[0])
    with pytest.raises(HistoryError, match="no change 99"):
        gallery.history.go_to(99)
    assert gallery.history.changes() == before


def test_a_reader_corrects_nothing(gallery: Gallery, folder: Path):
    with Gallery.open(folder, write=False) as reader:
        with pytest.raises(GalleryReadOnlyError):
            reader.corrections.rename("P01", "Q")
        with pytest.raises(GalleryReadOnlyError):
            reader.history.undo()
        assert reader.history.undo_step() == event("added", 72, 12)


def test_decisions_survive_rebuild_repair_reimport_and_reopening(folder: Path):
    with Gallery.open(folder) as gallery:
        first, second, third, fourth = ids(gallery, "P01")[:4]
        other = gallery.people.find("P02")
        gallery.corrections.confirm([first, fourth])
        gallery.corrections.ignore([second])
        gallery.corrections.reject(gallery.faces.vector(third), other.id)
        refused = gallery.faces.vector(third)
        gallery.corrections.remove([first, second])
    (folder / "index" / "faces.json").write_text("{}")
    with Gallery.open(folder) as gallery:
        gallery.check(repair=True)
        gallery.import_([folder.with_suffix(".npz").with_name("crowd.npz")])
        by_file = {face.file: face.id for face in gallery.faces.of("P01")}
        back = [face for face in by_file.values() if face > 72]
        assert len(back) == 2
        assert gallery.corrections.confirmed().tolist() == [fourth, min(back)]
        assert gallery.corrections.ignored().tolist() == [max(back)]
        assert all(one.identity_id != other.id for one in gallery.identify(refused)[0].candidates)


def test_the_calibration_is_fitted_anew_where_many_faces_changed_hands(gallery: Gallery):
    kept = gallery.folder / "index" / "calibration.json"
    before = kept.read_bytes()
    gallery.corrections.rename("P01", "Q")
    gallery.corrections.confirm(ids(gallery, "Q"))
    gallery.identify(crowd(1).vectors[0])
    assert kept.read_bytes() == before
    gallery.corrections.merge(["P02"], "P03")
    assert kept.read_bytes() == before  # not before somebody asks
    gallery.identify(crowd(1).vectors[0])
    assert kept.read_bytes() != before
    gallery.history.undo()
    gallery.identify(crowd(1).vectors[0])
    assert json.loads(kept.read_bytes())["faces"] == json.loads(before)["faces"]


def test_history_shows_how_each_change_stands(gallery: Gallery):
    fix = gallery.corrections
    fix.rename("P01", "Q")
    fix.set_note("Q", "one")
    gallery.history.undo()
    assert (gallery.history.undo_step(), gallery.history.redo_step()) == (
        event("renamed", "P01", "Q"),
        event("note", "Q"),
    )
    assert [(one.action, one.undone) for one in gallery.history.changes(2)] == [
        ("note", True),
        ("rename", False),
    ]
    fix.set_note("Q", "two")
    assert [(one.action, one.state) for one in gallery.history.changes()] == [
        ("note", "done"),
        ("note", "cut"),
        ("rename", "done"),
        ("import", "done"),
    ]
    cut = gallery.history.changes()[1].change
    with pytest.raises(HistoryError, match="replaced by"):
        gallery.history.go_to(cut)


def test_history_names_whom_a_change_was_about(gallery: Gallery):
    corrections = gallery.corrections
    corrections.delete(["P00", "P01", "P02"])
    corrections.merge(["P03", "P04"], "P05")
    corrections.expel([gallery.faces.of(name)[0].id for name in ("P06", "P07")])
    corrections.delete([f"P{one:02}" for one in range(5, 12)])
    deleted, expelled, merged, first = (one.summary for one in gallery.history.changes(4))
    assert first == event("deleted", 18, "P00", "P01", "P02")
    assert merged == event("merged", "P05", 12, 0, "P03", "P04")
    assert expelled == event("expelled", 2, "P06", "P07")
    assert deleted.startswith("deleted")
    gallery.erasure.erase(["P01"])
    gallery.erasure.erase(["P10"])
    told = [(one.summary, str(one.payload)) for one in gallery.history.changes()]
    assert not [told for told in told if "P01" in str(told) or "P10" in str(told)]
    assert any("P03" in summary for summary, _ in told)


def test_going_to_a_change_is_all_in_one(gallery: Gallery):
    fix = gallery.corrections
    people = gallery.people.all()
    fix.merge(["P01"], "P02")
    middle = fix.delete(["P03"]).change
    fix.rename("P04", "Q")
    done = gallery.history.go_to(1)
    assert (done.action, done.summary) == ("undo", event("undo", "changes", 3))
    assert gallery.people.all() == people
    assert gallery.history.go_to(middle).summary == event("redo", "changes", 2)
    assert gallery.people.find("P04") is not None
    assert gallery.history.redo_step() == event("renamed", "P04", "Q")


def test_an_expelled_face_is_never_given_that_name_again(gallery: Gallery) -> None:
    face = ids(gallery, "P06")[0]
    vector = gallery.faces.vector(face)
    gallery.corrections.expel([face])
    names = {candidate.name for candidate in gallery.identify(vector, top=12)[0].candidates}
    assert "P06" not in names
    gallery.history.undo()
    assert gallery.identify(vector)[0].candidates[0].name == "P06"
