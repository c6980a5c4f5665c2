"""Nothing of an erased person is left in any byte of the gallery's folder, and all else is."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    GalleryReadOnlyError,
    GalleryWriteError,
    HistoryError,
    MismatchError,
    TrainingError,
    UnknownIdentityError,
)
from engine.gallery import Gallery
from engine.records.changes import event
from engine.records.receipts import Receipt
from engine.records.types import Vectors
from engine.store import Store
from engine.utils.gallery_folder import GalleryFolder
from tests.engine.erasure.conftest import MOVED, NAME, OLD_NAME, Scene, batch, person

KINDS = {"vector", "digest", "thumbnail", "name"}


def rest(gallery: Gallery) -> set[tuple[str, bytes]]:
    """Name and vector of every face of other people."""
    return {
        (one.name, gallery.faces.vector(face.id).tobytes())
        for one in gallery.people.all()
        if one.name != NAME
        for face in gallery.faces.of(one.id)
    }


@pytest.mark.slow
def test_no_byte_of_the_person_is_left_in_the_folder(scene: Scene) -> None:
    before = scene.hits()
    assert all(before[kind] > 0 for kind in KINDS), before
    with Gallery.open(scene.folder) as gallery:
        gallery.prepare()
        others = rest(gallery)
        receipt = gallery.erasure.erase([NAME])
        while_open = scene.hits()
        gallery.prepare()
        after = rest(gallery)
        assert gallery.check().ok
    assert not any(while_open.values()), while_open
    assert not any(scene.hits().values()), scene.hits()
    assert [name for name, _ in others - after] == ["Person 13"]  # who had the very same vector too
    assert after <= others
    assert receipt.removed.faces == 9
    assert receipt.removed.same_elsewhere == 1
    assert receipt.removed.faces_in_history == 2
    assert receipt.removed.photographs == 9
    assert receipt.models
    assert receipt.deleted
    assert receipt.holding == ()


def test_the_receipt_names_nobody_and_can_be_held_against_the_name(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        receipt = gallery.erasure.erase([NAME])
    again = Receipt.from_json(json.loads(json.dumps(receipt.to_json())))
    assert again == receipt
    assert receipt.is_of(NAME)
    assert receipt.is_of(OLD_NAME)
    assert not receipt.is_of("Person 11")
    for text in (receipt.text(), json.dumps(receipt.to_json(), ensure_ascii=False)):
        assert "quist" not in text.lower()
        assert "kvist" not in text.lower()
    assert "SSD" in receipt.text()
    assert receipt.salt.encode() not in (scene.folder / "gallery.db").read_bytes()


def test_what_is_foreseen_is_what_is_done(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        foreseen = gallery.erasure.foresee([NAME])
        assert gallery.people.find(NAME) is not None
        receipt = gallery.erasure.erase([NAME])
    assert receipt.removed == foreseen.removed
    assert receipt.models == foreseen.models
    assert len(receipt.deleted) == len(foreseen.inside)
    assert foreseen.steps > 0
    assert all(words for words in foreseen.removed.words())


def test_history_keeps_its_order_and_changes_after_those_of_the_person_can_be_undone(
    scene: Scene,
) -> None:
    with Gallery.open(scene.folder) as gallery:
        before = gallery.history.changes()
        gallery.erasure.erase([NAME])
        after = gallery.history.changes()
        kept = [(one.change, one.at, one.action) for one in after if one.action != "erase"]
        assert kept == [(one.change, one.at, one.action) for one in before]
        assert gallery.history.undo_step() == event("note", "Person 21")
        gallery.history.undo()
        assert gallery.history.undo_step() == event("renamed", "Person 20", "Person 30")
        gallery.history.undo()
        assert gallery.people.find("Person 20") is not None
        assert gallery.history.undo_step() is None
        with pytest.raises(HistoryError, match="cannot be undone"):
            gallery.history.go_to(0)
        gallery.history.redo()
        assert gallery.people.find("Person 30") is not None
    assert not any(scene.hits().values())


def test_others_keep_their_notes_and_files_with_the_name_struck_out(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        gallery.erasure.erase([NAME])
        friend = gallery.people.find("Person 11")
        assert friend is not None
        assert friend.note == "a friend of erased"
        files = {face.file for face in gallery.faces.of("Person 12")}
        assert f"erased/{MOVED}.npy" in files


def test_models_that_saw_the_person_go_and_others_stay(scene: Scene) -> None:
    from tests.handmade import put_to_use

    with Gallery.open(scene.folder) as gallery:
        gallery.enroll("Late Comer", batch("Late Comer", person(77)))
        saw = [one.id for one in gallery.models.all()]
        gallery.erasure.erase([NAME])
        assert gallery.models.all() == []
        assert gallery.recogniser.methods() == ("knn",)
    assert not any((scene.folder / "models").glob("*/"))
    put_to_use(scene.folder, "mlp")
    with Gallery.open(scene.folder) as gallery:
        kept = gallery.models.all()[0].id
        gallery.enroll("Later Still", batch("Later Still", person(78)))
        gallery.erasure.erase(["Later Still"])
        assert [one.id for one in gallery.models.all()] == [kept]
    assert kept not in saw


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_model_that_learned_from_a_decision_goes_whatever_the_clock_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    from tests.handmade import put_to_use

    folder, later = tmp_path / "g", time.time() + hours * 3_600
    with Gallery.create(folder, dimension=16) as gallery:
        gallery.enroll("Person 1", batch("Person 1", person(1)))
        gallery.enroll("Person 2", batch("Person 2", person(2)))
        one = gallery.people.find("Person 1").id
        with monkeypatch.context() as patched:
            patched.setattr("engine.records.domains.time.time", lambda: later)
            gallery.corrections.reject(person(77)[0], one)
    put_to_use(folder, "mlp")
    with Gallery.open(folder) as gallery:
        with monkeypatch.context() as patched:
            patched.setattr("engine.records.domains.time.time", lambda: later)
            gallery.corrections.reject(person(78)[0], one)
        gallery.enroll("Decided Later", batch("Decided Later", person(78)))
        gallery.erasure.erase(["Decided Later"])
        assert len(gallery.models.all()) == 1
        gallery.enroll("Decided Before", batch("Decided Before", person(77)))
        gallery.erasure.erase(["Decided Before"])
        assert gallery.models.all() == []


def test_files_that_hold_the_person_may_be_kept_and_are_listed(scene: Scene) -> None:
    export = scene.folder / "export.csv"
    export.write_text(f"name\n{NAME}\n", encoding="utf-8")
    innocent = scene.folder / "readme.txt"
    innocent.write_text("Zoë is a common name", encoding="utf-8")
    with zipfile.ZipFile(scene.folder / "photos.zip", "w") as photos:
        photos.writestr("a.txt", "nobody")
    (scene.folder / "backups" / "broken.zip").write_bytes(b"PK")  # nobody can tell what it held
    np.save(scene.folder / "one.npy", person(1, 12)[0])
    np.save(scene.folder / "other.npy", person(10)[0])
    with Gallery.open(scene.folder) as gallery:
        receipt = gallery.erasure.erase([NAME], keep_files=True)
    assert receipt.deleted == ()
    names = sorted(Path(one).name for one in receipt.holding)
    assert names[1:] == ["broken.zip", "export.csv", "one.npy"]
    assert names[0].endswith("-import.zip")
    assert export.exists()
    with Gallery.open(scene.folder) as gallery, pytest.raises(UnknownIdentityError):
        gallery.erasure.erase([NAME])


def test_backups_beside_the_gallery_are_told_of_and_not_touched(
    scene: Scene, tmp_path: Path
) -> None:
    with Gallery.open(scene.folder) as gallery:
        holding = gallery.backups.write(tmp_path / "mine.zip").path
        receipt = gallery.erasure.erase([NAME])
        assert receipt.holding == (str(holding),)
        gallery.backups.write(tmp_path / "clean.zip")
        gallery.enroll("Somebody", batch("Somebody", person(99)))
        assert gallery.erasure.erase(["Somebody"]).holding == ()
    assert holding.exists()


@pytest.mark.slow
def test_somebody_deleted_before_is_erased_from_what_undo_keeps(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        gallery.corrections.delete([NAME, "Person 13"])
    assert scene.hits()["vector"]
    with Gallery.open(scene.folder) as gallery:
        gallery.erasure.erase([NAME])
    assert not any(scene.hits().values())


def test_somebody_merged_into_the_person_goes_too(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        gallery.corrections.merge([NAME], "Person 15")
        vectors = {name for name, _ in rest(gallery)}
        assert "Person 15" in vectors
        gallery.erasure.erase(["Person 15"])
        assert gallery.people.find("Person 15") is None
    assert not any(scene.hits().values())


def test_names_that_only_contain_the_name_are_left_alone(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "g", dimension=16) as gallery:
        for seed, name in enumerate(("Ann", "Annabel", "Ann Lee")):
            gallery.enroll(name, batch(name, person(seed)))
        gallery.corrections.set_note("Annabel", "not ann, nor Ann Lee")
        gallery.erasure.erase(["Ann"])
        assert [one.name for one in gallery.people.all()] == ["Ann Lee", "Annabel"]
        note = gallery.people.find("Annabel")
        assert note is not None
        assert note.note == "not erased, nor Ann Lee"
        assert {face.file.split("/")[0] for face in gallery.faces.of("Ann Lee")} == {"Ann_Lee"}


def test_identification_goes_on_without_the_person(scene: Scene) -> None:
    query = person(1, 12)[0]
    with Gallery.open(scene.folder) as gallery:
        assert gallery.identify(query)[0].candidates[0].name == NAME
        gallery.erasure.erase([NAME])
        assert all(one.name != NAME for one in gallery.identify(query)[0].candidates)
        assert gallery.identify(person(10)[0])[0].candidates[0].name == "Person 10"
        assert np.isfinite(gallery.faces.traits_of(query[None])).all()


def test_the_last_person_of_a_gallery_can_be_erased(tmp_path: Path) -> None:
    with Gallery.create(tmp_path / "g", dimension=16) as gallery:
        gallery.enroll("Only", batch("Only", person(3)))
        gallery.erasure.erase(["Only"])
        assert gallery.people.counts() == (0, 0)
        assert gallery.check().ok


def test_it_is_refused_where_it_cannot_be_done(scene: Scene) -> None:
    with Gallery.open(scene.folder) as gallery:
        with pytest.raises(UnknownIdentityError, match="No one named"):
            gallery.erasure.erase(["No One"])
        with pytest.raises(UnknownIdentityError):
            gallery.erasure.erase([])
        with gallery.models.at_rest(), pytest.raises(TrainingError):
            gallery.erasure.erase([NAME])
        assert gallery.people.find(NAME) is not None
    with (
        Gallery.open(scene.folder, write=False) as gallery,
        pytest.raises(GalleryReadOnlyError, match="No one can be erased"),
    ):
        gallery.erasure.erase([NAME])


def test_a_reader_that_holds_old_pages_delays_the_end_and_the_next_opening_brings_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.database._WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(scene.folder / "gallery.db", isolation_level=None)) as reader:
        with Gallery.open(scene.folder) as gallery:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM faces").fetchone()
            with pytest.raises(GalleryReadOnlyError, match="Another program"):
                gallery.erasure.erase([NAME])
            assert gallery.people.find(NAME) is None
        reader.execute("ROLLBACK")
    with Gallery.open(scene.folder) as gallery:
        assert gallery.erasure.receipt is not None
        assert gallery.erasure.receipt.is_of(NAME)
        assert any("interrupted" in notice for notice in gallery.notices)
    assert not any(scene.hits().values())


def test_a_backup_of_before_brings_the_person_back_only_if_it_was_kept(
    scene: Scene, tmp_path: Path
) -> None:
    before = shutil.copytree(scene.folder, tmp_path / "before")
    with Gallery.open(scene.folder) as gallery:
        gallery.erasure.erase([NAME])
        assert gallery.backups.automatic() == []
    with Gallery.open(before) as gallery:
        assert gallery.people.find(NAME) is not None


def test_a_file_that_cannot_be_removed_is_told_and_removed_at_the_next_opening(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: GalleryFolder, name: str) -> None:
        raise PermissionError(13, "Permission denied", str(folder.path / name))

    with Gallery.open(scene.folder) as gallery:
        with monkeypatch.context() as patched:
            patched.setattr(GalleryFolder, "remove", refuse)
            with pytest.raises(GalleryWriteError, match="open the gallery again"):
                gallery.erasure.erase([NAME])
            assert gallery.people.find(NAME) is None
        with pytest.raises(UnknownIdentityError):
            gallery.erasure.erase([NAME])  # but first it finished the one under way
    assert not any(scene.hits().values())


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode there")
def test_a_file_whose_name_is_no_unicode_goes_too(scene: Scene) -> None:
    path = os.fsencode(scene.folder / NAME) + b" \xff.txt"
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(NAME)
    with Gallery.open(scene.folder) as gallery:
        receipt = gallery.erasure.erase([NAME])
    assert not os.path.exists(path)
    assert receipt.text().encode()


def fingerprint(folder: Path) -> str | None:
    """What is kept of all vectors together."""
    with Store.open(folder, write=False) as store:
        return store.settings.get("fingerprint")


def test_means_of_all_vectors_are_made_anew(tmp_path: Path) -> None:
    def unit(seed: int, count: int) -> Vectors:
        rows = person(seed, count)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    with Gallery.create(tmp_path / "g", dimension=16, distance="euclidean") as gallery:
        for seed in range(1, 5):
            gallery.enroll(f"Person {seed}", batch(f"Person {seed}", unit(seed, 20)))
        before = fingerprint(gallery.folder)
        gallery.erasure.erase(["Person 1"])
        assert fingerprint(gallery.folder) is None
        with pytest.raises(MismatchError):
            gallery.enroll("Somebody", batch("Somebody", 40 * unit(5, 24)))
        gallery.enroll("Person 2", batch("Person 2", unit(2, 24)))
        assert fingerprint(gallery.folder) not in (None, before)
