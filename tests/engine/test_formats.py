"""Galleries and backups that earlier versions wrote are opened, used and changed by this one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.gallery import Gallery
from engine.progress import Message
from engine.store import recovery
from tests.sealed import PASSPHRASE, needs_sqlcipher

FORMATS = Path(__file__).resolve().parents[1] / "formats"
ENCRYPTED = pytest.param("4-encrypted", marks=needs_sqlcipher)
BEFORE_HISTORY = {"Ann", "Bob", "Cem", "Dee", "Eli", "Fay", "Gus", "Hal", "Ivy"}
PEOPLE = {"1": BEFORE_HISTORY, "2": BEFORE_HISTORY}
CORRECTED = BEFORE_HISTORY - {"Hal", "Ivy"} | {"Ida"}
METHODS = {"1": ("knn",), "4-encrypted": ("knn", "mlp")}
ALL_METHODS = ("knn", "mlp", "triplet")
LATER = ["3", "4", ENCRYPTED, "5", "6"]  # those with undo


def unpacked(name: str, place: Path) -> Path:
    shutil.unpack_archive(FORMATS / f"{name}.zip", place / "old.gallery")
    return place / "old.gallery"


def opened(name: str, place: Path) -> Gallery:
    return Gallery.open(unpacked(name, place), passphrase=PASSPHRASE)


def saved_binaries(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.bin")}


def nearly(gallery: Gallery, name: str) -> np.ndarray:
    """A vector that is not enrolled and lies close to faces of this person."""
    rows = np.stack([gallery.faces.vector(face.id) for face in gallery.faces.of(name)])
    return rows.mean(axis=0)


@pytest.mark.parametrize("name", ["1", "2", *LATER])
def test_an_older_gallery_is_sound_and_holds_who_was_in_it(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as gallery:
        report = gallery.check()
        assert report.problems == report.in_index  # an index of format 1 is built anew
        assert report.ok == name.startswith(("4", "5", "6"))
        assert {person.name for person in gallery.people.all()} == PEOPLE.get(name, CORRECTED)
        assert gallery.people.counts()[1] == 54
        assert gallery.faces.thumbnail(gallery.faces.of("Ann")[0].id)


@pytest.mark.parametrize("name", ["1", "2", *LATER])
def test_every_method_of_an_older_gallery_answers(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as gallery:
        assert set(gallery.recogniser.methods()) == set(METHODS.get(name, ALL_METHODS))
        query = nearly(gallery, "Ann")
        for method in gallery.recogniser.methods():
            (answer,) = gallery.identify(query, method=method)
            assert (answer.candidates[0].name, answer.method) == ("Ann", method)
        assert gallery.identify(query)[0].name == "Ann"


@pytest.mark.parametrize("name", ["1", "2", *LATER])
def test_an_older_gallery_grows_and_opens_again(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as gallery:
        gallery.enroll("Joe", np.eye(16, dtype=np.float32)[:2])
    with Gallery.open(gallery.folder, passphrase=PASSPHRASE) as gallery:
        assert gallery.identify(np.eye(16)[0])[0].candidates[0].name == "Joe"
        assert gallery.check().ok


def test_the_index_that_was_saved_is_taken_up(tmp_path: Path) -> None:
    told: list[object] = []
    folder = unpacked("4", tmp_path)
    before = saved_binaries(folder / "index")
    with Gallery.open(folder, listener=told.append) as gallery:
        gallery.prepare()
    assert not any(isinstance(event, Message) for event in told)
    assert saved_binaries(folder / "index") == before != {}


@pytest.mark.parametrize("name", LATER)
def test_what_was_undone_in_an_older_gallery_can_be_redone(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as gallery:
        assert gallery.history.redo() is not None
        people = {person.name for person in gallery.people.all()}
        assert people == (CORRECTED - {"Fay"} if name == "3" else CORRECTED - {"Bob"} | {"Bo"})
        while gallery.history.undo() is not None:
            assert not gallery.check().in_database
        assert gallery.people.all() == []
        while gallery.history.redo() is not None:
            pass
        assert {person.name for person in gallery.people.all()} == people


@pytest.mark.parametrize("name", LATER)
def test_decisions_notes_and_unknown_faces_are_kept(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as gallery:
        assert gallery.people.require("Bob").note == "Seen twice"
        corrections = gallery.corrections
        assert (len(corrections.confirmed()), len(corrections.ignored())) == (1, 1)
        later, strangers = name != "3", 2 if name in ("5", "6") else 0
        assert (len(corrections.cannot_link()), gallery.unknowns.count() + strangers) == (
            (1, 3) if later else (0, 0)
        )
        assert gallery.unknowns.count_strangers()[0] == strangers
        if later:
            assert gallery.unknowns.name([gallery.unknowns.all()[0].id], "Kim") is not None
            assert gallery.people.find("Kim") is not None


@pytest.mark.parametrize("name", ["4", ENCRYPTED])
def test_an_older_backup_is_restored(name: str, tmp_path: Path) -> None:
    target = tmp_path / "restored.gallery"
    recovery.restore_backup(FORMATS / f"backup-{name}.zip", target, passphrase=PASSPHRASE)
    with Gallery.open(target, passphrase=PASSPHRASE) as gallery:
        assert gallery.check().ok
        assert {person.name for person in gallery.people.all()} == CORRECTED
        (answer,) = gallery.identify(nearly(gallery, "Ann"), method="mlp")
        assert answer.candidates[0].name == "Ann"


def test_photographs_of_an_older_gallery_are_kept(tmp_path: Path) -> None:
    with opened("6", tmp_path) as gallery:
        _, batch = gallery.photographs.waiting()
        assert {Path(file).name for file in batch.files} == {"beach.jpg"}
        assert list(batch.rows) == [0, 1]
        gallery.enroll("Ann", batch.take([0]))
        (beach,) = gallery.photographs.of(gallery.people.require("Ann").id)
        assert beach.photograph.taken == "2023-07-14T12:30:00"
        assert gallery.photographs.rescan("faithful") is not None
        assert gallery.check().ok


def test_photographs_are_salvaged_with_their_faces(tmp_path: Path) -> None:
    folder = unpacked("6", tmp_path)
    with Gallery.open(folder, write=False) as gallery:
        _, before = gallery.photographs.waiting()
    recovery.salvage_gallery(folder, tmp_path / "salvaged.gallery")
    with Gallery.open(tmp_path / "salvaged.gallery") as gallery:
        assert gallery.check().ok
        _, after = gallery.photographs.waiting()
        assert (after.vectors == before.vectors).all()
        assert [face.box for face in after.photos] == [face.box for face in before.photos]
        assert [face.crop for face in after.photos] == [face.crop for face in before.photos]
        assert after.photos[0].photograph == before.photos[0].photograph
