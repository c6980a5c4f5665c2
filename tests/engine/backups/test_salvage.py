"""Out of a damaged database comes what can be read, as it was, and a list of what is lost."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import (
    CancelledError,
    FaceGalleryError,
    GalleryDamagedError,
    GalleryExistsError,
    GalleryNotFoundError,
    GalleryWriteError,
)
from engine.gallery import Gallery
from engine.progress import CancelToken, Reporter
from engine.store import recovery
from tests.engine.backups.conftest import Snapshot, add

PAGE = 4_096


def pages(folder: Path) -> int:
    return (folder / "gallery.db").stat().st_size // PAGE


def overwrite(folder: Path, *numbers: int, seed: int | None = None) -> None:
    """Fills pages (from 0) with garbage, or with zeros where there is no seed."""
    database = folder / "gallery.db"
    data = bytearray(database.read_bytes())
    for number in numbers:
        garbage = bytes(PAGE) if seed is None else np.random.default_rng((seed, number)).bytes(PAGE)
        data[number * PAGE : (number + 1) * PAGE] = garbage
    database.write_bytes(data)


@pytest.fixture
def original(folder: Path, contents: Snapshot) -> list[tuple[str, bytes]]:
    """The gallery's faces before any harm; no log is left beside it."""
    faces = contents(folder)
    for end in ("-wal", "-shm"):
        (folder / f"gallery.db{end}").unlink(missing_ok=True)
    return faces


@pytest.mark.parametrize("seed", [None, 1])
def test_without_its_first_page_everything_is_saved(
    folder: Path, original: list, tmp_path: Path, contents: Snapshot, seed: int | None
):
    overwrite(folder, 0, seed=seed)
    damaged = (folder / "gallery.db").read_bytes()
    saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
    assert contents(saved.folder) == original
    assert (saved.identities, saved.faces) == (20, 120)
    assert saved.lost == ("The trained models, which must be trained again.",)
    assert (folder / "gallery.db").read_bytes() == damaged


def test_ids_settings_decisions_and_photographs_come_along(
    folder: Path, tmp_path: Path, sample: Path
):
    query = np.random.default_rng(0).normal(size=16).astype(np.float32)
    thumbnail = b"\xff\xd8" + bytes(9_000)  # spreads over three pages
    with Gallery.open(folder) as gallery:
        person = gallery.people.find("Person 004")
        gallery.corrections.reject(query, person.id)
        gallery.backups.keep(3)
        faces = [face.id for face in gallery.faces.of("Person 004")]
        gallery.corrections.set_note("Person 004", "A note")
        gallery.corrections.confirm(faces[:2])
        gallery.corrections.ignore(faces[2:3])
        gallery.corrections.mark_distinct("Person 004", "Person 005")
        gallery.unknowns.add(gallery.faces.vector(faces[0]) + np.float32(0.1))
        shelf, apart = gallery.unknowns.all(), gallery.corrections.cannot_link()
    with closing(sqlite3.connect(folder / "gallery.db")) as base:
        base.execute("INSERT INTO photos VALUES (?, ?)", (faces[1], thumbnail))
        base.commit()
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(folder, 0, seed=2)
    saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
    with Gallery.open(saved.folder) as gallery:
        assert gallery.people.find("Person 004").id == person.id
        assert [face.id for face in gallery.faces.of("Person 004")] == faces
        assert gallery.faces.thumbnail(faces[1]) == thumbnail
        assert gallery.backups.kept == 3
        assert not gallery.corrections.reject(query, person.id)
        assert gallery.people.find("Person 004").note == "A note"
        assert gallery.corrections.confirmed().tolist() == faces[:2]
        assert gallery.corrections.ignored().tolist() == faces[2:3]
        assert gallery.corrections.cannot_link() == apart
        assert [one.file for one in gallery.unknowns.all()] == [one.file for one in shelf]
        assert gallery.history.undo() is None
        assert gallery.check().ok


@pytest.mark.slow
def test_each_face_that_is_lost_is_counted_under_its_name(
    folder: Path, original: list, tmp_path: Path, contents: Snapshot
):
    for number in range(1, pages(folder)):
        target = shutil.copytree(folder, tmp_path / f"harmed-{number}")
        overwrite(target, number, seed=3)
        saved = recovery.salvage_gallery(target, tmp_path / f"saved-{number}")
        kept = contents(saved.folder)
        renamed = [row for row in kept if row[0].startswith("Name lost")]
        assert set(kept) - set(renamed) <= set(original)
        assert {vector for _, vector in renamed} <= {vector for _, vector in original}
        said = [re.match(r"(Person \d+): (\d+) of", line) for line in saved.lost]
        told = sum(int(found[2]) for found in said if found)
        orphans = [re.match(r"Whose (\d+) face", line) for line in saved.lost]
        told = max(told, sum(int(found[1]) for found in orphans if found))
        assert len(kept) + told == 120, saved
        assert saved.faces == len(kept)


def test_a_name_that_is_lost_costs_no_face(folder: Path, original: list, tmp_path: Path):
    data = (folder / "gallery.db").read_bytes()
    (number,) = [
        one for one in range(pages(folder))
        if b"Person 004person 004" in data[one * PAGE : (one + 1) * PAGE]
    ]  # fmt: skip
    overwrite(folder, number, seed=4)
    saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
    assert (saved.identities, saved.faces) == (20, 120)
    assert "The name of a person with 6 faces: “Name lost 5”." in saved.lost
    with Gallery.open(saved.folder) as gallery:
        assert gallery.check().ok


def test_what_is_only_in_the_log_is_saved_too(folder: Path, tmp_path: Path, contents: Snapshot):
    with Gallery.open(folder) as gallery:
        add(gallery, range(70, 72))
        expected = contents(folder)
        copy = shutil.copytree(folder, tmp_path / "copy.gallery")
    assert (copy / "gallery.db-wal").stat().st_size
    saved = recovery.salvage_gallery(copy, tmp_path / "saved.gallery")
    assert contents(saved.folder) == expected


def test_a_flipped_number_in_a_vector_loses_that_face_alone(
    folder: Path, original: list, tmp_path: Path, contents: Snapshot
):
    name, vector = original[17]
    database = folder / "gallery.db"
    data = database.read_bytes()
    at = data.index(vector)
    database.write_bytes(data[: at + 5] + bytes([data[at + 5] ^ 1]) + data[at + 6 :])
    saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
    assert set(original) - set(contents(saved.folder)) == {(name, vector)}
    assert f"{name}: 1 of 6 faces." in saved.lost


@pytest.mark.parametrize("content", [b"", b"x" * 50_000, bytes(50_000)])
def test_where_no_face_can_be_read_that_is_said_and_nothing_is_made(
    folder: Path, tmp_path: Path, content: bytes
):
    (folder / "gallery.db").write_bytes(content)
    with pytest.raises(GalleryDamagedError, match="No face") as refused:
        recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
    assert refused.value.file == str(folder / "gallery.db")
    assert not (tmp_path / "saved.gallery").exists()


def test_nothing_is_written_over_and_nothing_is_left_when_it_is_stopped(
    folder: Path, tmp_path: Path
):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes").touch()
    with pytest.raises(GalleryExistsError):
        recovery.salvage_gallery(folder, tmp_path / "taken")
    with pytest.raises(GalleryNotFoundError):
        recovery.salvage_gallery(tmp_path / "taken", tmp_path / "saved.gallery")
    for stage in ("Reading pages", "Saving faces"):
        token = CancelToken()

        def stop(event, at=stage, token=token) -> None:  # type: ignore[no-untyped-def]
            if event.stage == at:
                token.cancel()

        with pytest.raises(CancelledError):
            recovery.salvage_gallery(
                folder, tmp_path / "saved.gallery", reporter=Reporter(stop, token)
            )
        assert not (tmp_path / "saved.gallery").exists()
        assert not list(tmp_path.glob(".unfinished*"))


def test_a_disk_that_refuses_leaves_nothing(folder: Path, original: list, tmp_path: Path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (folder / "gallery.db").stat().st_size
    for room in (1_000, size // 2):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(GalleryWriteError):
                recovery.salvage_gallery(folder, tmp_path / "saved.gallery")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert not (tmp_path / "saved.gallery").exists()


@pytest.mark.slow
@settings(max_examples=15)
@given(harm=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 600), st.integers(0)), max_size=6))
def test_whatever_the_damage_faces_are_as_they_were_or_lost(
    made: Path, contents: Snapshot, tmp_path_factory: pytest.TempPathFactory, harm: list
):
    place = tmp_path_factory.mktemp("any")
    folder = shutil.copytree(made, place / "some.gallery")
    expected = {vector for _, vector in contents(folder)}
    database = folder / "gallery.db"
    data = bytearray(database.read_bytes())
    for where, length, seed in harm:
        at = int(where * (len(data) - 1))
        end = min(len(data), at + length)
        data[at:end] = np.random.default_rng(seed).bytes(end - at)
    database.write_bytes(data)
    try:
        saved = recovery.salvage_gallery(folder, place / "saved.gallery")
    except FaceGalleryError:
        assert not (place / "saved.gallery").exists()
        return
    assert {vector for _, vector in contents(saved.folder)} <= expected
    if len(contents(saved.folder)) < 120:
        assert [line for line in saved.lost if "trained models" not in line]


def test_only_its_owner_may_read_what_was_saved(folder: Path, tmp_path: Path):
    if os.name != "posix":
        pytest.skip("POSIX modes")
    saved = recovery.salvage_gallery(folder, tmp_path / "saved.gallery").folder
    assert not any(path.stat().st_mode & 0o077 for path in (saved, *saved.rglob("*")))
