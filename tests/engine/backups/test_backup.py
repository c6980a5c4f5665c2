"""A backup is whole, checked and of one moment, or it is not there."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import (
    CancelledError,
    GalleryDamagedError,
    GalleryExistsError,
    GalleryReadOnlyError,
    GalleryWriteError,
)
from engine.gallery import Gallery
from engine.progress import CancelToken, Event, Message, Progress, Reporter
from engine.records.safety import Backup
from engine.store import recovery
from engine.store.backup import archive
from engine.store.backup.backups import automatic_backups, write_automatic
from tests.engine.backups.conftest import Snapshot, add

ROOT = Path(__file__).resolve().parents[3]


def test_it_holds_the_database_and_the_models_in_use_and_says_so(folder: Path, backup: Path):
    seen = recovery.preview_backup(backup, folder)
    (model,) = seen.backup.models
    with zipfile.ZipFile(backup) as archive:
        names = set(archive.namelist())
    assert (seen.backup.identities, seen.backup.faces, seen.backup.dimension) == (20, 120, 16)
    assert (seen.backup.gallery, seen.backup.reason) == ("some.gallery", "asked")
    assert {"manifest.json", "gallery.db", f"models/{model}/network.npz"} <= names
    assert not any(name.startswith("index") for name in names)


def test_a_folder_gets_a_file_named_after_the_gallery_and_the_moment(folder: Path, tmp_path: Path):
    (tmp_path / "stick").mkdir()
    with Gallery.open(folder) as gallery:
        made = gallery.backups.write(tmp_path / "stick")
    assert list((tmp_path / "stick").iterdir()) == [made.path]
    assert made.path.name.startswith("some 20")
    assert made.size == made.path.stat().st_size


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_only_its_owner_may_read_it(backup: Path):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_nothing_is_overwritten(folder: Path, tmp_path: Path):
    (tmp_path / "notes.zip").write_text("mine")
    with Gallery.open(folder) as gallery, pytest.raises(GalleryExistsError, match="already exists"):
        gallery.backups.write(tmp_path / "notes.zip")
    assert (tmp_path / "notes.zip").read_text() == "mine"


def test_what_is_enrolled_meanwhile_is_in_it_wholly_or_not_at_all(folder: Path, tmp_path: Path):
    with Gallery.open(folder) as gallery:
        gallery.backups.keep(0)
        stop = threading.Event()

        def enrol() -> None:
            number = 100
            while not stop.is_set():
                add(gallery, range(number, number + 1), 9)
                number += 1

        writing = threading.Thread(target=enrol)
        writing.start()
        try:
            made = [gallery.backups.write(tmp_path / f"{number}.zip") for number in range(8)]
        finally:
            stop.set()
            writing.join()
    for one in made:
        into = recovery.restore_backup(one.path, tmp_path / one.path.stem)
        with Gallery.open(into.folder) as copy:
            people = copy.people.all()
            assert copy.check().ok
            assert (len(people), copy.people.counts()[1]) == (one.identities, one.faces)
            assert {person.faces for person in people} <= {6, 9}
    assert made[-1].faces > made[0].faces


def test_a_gallery_that_another_process_writes_is_backed_up(folder: Path, tmp_path: Path):
    with Gallery.open(folder), Gallery.open(folder) as reader:
        assert not reader.writable
        assert reader.backups.write(tmp_path / "b.zip").faces == 120


def test_it_reports_and_is_cancelled_at_any_stage_without_a_trace(folder: Path, tmp_path: Path):
    place = tmp_path / "place"
    place.mkdir()
    stages: list[str] = []
    with Gallery.open(folder) as gallery:
        gallery.backups.write(
            tmp_path / "whole.zip", reporter=Reporter(lambda e: stages.append(e.stage))
        )
        for stage in dict.fromkeys(stages):
            token = CancelToken()

            def stop(event: Event, at: str = stage, token: CancelToken = token) -> None:
                if isinstance(event, Progress) and event.stage == at:
                    token.cancel()

            with pytest.raises(CancelledError):
                gallery.backups.write(place / "b.zip", reporter=Reporter(stop, token))
            assert list(place.iterdir()) == []
        assert gallery.backups.write(place / "b.zip").faces == 120
    assert {"Copying the database", "Writing the backup", "Checking the backup"} <= set(stages)


@pytest.mark.parametrize("room", [1_000, 30_000, 60_000])
def test_a_disk_that_refuses_leaves_nothing_and_is_named(folder: Path, tmp_path: Path, room: int):
    resource = pytest.importorskip("resource")
    place = tmp_path / "place"
    place.mkdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Gallery.open(folder, write=False) as gallery:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with pytest.raises(GalleryWriteError) as refused:
                gallery.backups.write(place / "b.zip")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.file == str(place / "b.zip")
    assert refused.value.remedy
    assert list(place.iterdir()) == []


def test_a_missing_folder_is_named(folder: Path, tmp_path: Path):
    with Gallery.open(folder) as gallery, pytest.raises(GalleryWriteError, match="No such file"):
        gallery.backups.write(tmp_path / "missing" / "b.zip")


def test_of_a_damaged_gallery_none_is_made(folder: Path, tmp_path: Path):
    database = folder / "gallery.db"
    data = bytearray(database.read_bytes())
    with Gallery.open(folder, write=False) as gallery:
        page = data.find(gallery.faces.vector(1).tobytes()) // 4096
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)  # nothing that opening reads
    database.write_bytes(data)
    with (
        pytest.raises(GalleryDamagedError) as refused,
        Gallery.open(folder, write=False) as gallery,
    ):
        gallery.backups.write(tmp_path / "b.zip")
    assert refused.value.file == str(database)
    assert not (tmp_path / "b.zip").exists()


def test_a_model_whose_folder_is_gone_is_left_out_and_told(folder: Path, tmp_path: Path):
    for file in (folder / "models").glob("triplet-*/*"):
        file.unlink()
    told: list[Event] = []
    with Gallery.open(folder) as gallery:
        made = gallery.backups.write(tmp_path / "b.zip", reporter=Reporter(told.append))
    assert made.models == ()
    assert [event.text for event in told if isinstance(event, Message)] != []


KILLED = """
import os, signal, sys
from engine.gallery import Gallery
from engine.progress import Progress, Reporter

def tell(event):
    if isinstance(event, Progress) and event.stage == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

with Gallery.open(sys.argv[1], write=False) as gallery:
    gallery.backups.write(sys.argv[2], reporter=Reporter(tell))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize(
    "stage", ["Copying the database", "Writing the backup", "Checking the backup"]
)
def test_a_killed_backup_has_no_name_and_the_next_one_tidies_up(
    folder: Path, tmp_path: Path, stage: str
):
    place = tmp_path / "place"
    place.mkdir()
    command = [sys.executable, "-c", KILLED, str(folder), str(place / "b.zip"), stage]
    done = subprocess.run(command, cwd=ROOT, capture_output=True)
    assert done.returncode == -9, done.stderr
    assert [path for path in place.iterdir() if not path.name.startswith(".")] == []
    with Gallery.open(folder) as gallery:
        gallery.backups.write(place / "b.zip")
    assert [path.name for path in place.iterdir()] == ["b.zip"]


# -- automatic ones ----------------------------------------------------------------------------


def test_a_large_import_makes_one_first_and_a_small_one_does_not(
    folder: Path, tmp_path: Path, contents: Snapshot
):
    before = contents(folder)
    with Gallery.open(folder) as gallery:
        add(gallery, range(30, 32))
        assert gallery.backups.automatic() == []
        add(gallery, range(20), 6, seed=0)  # all of them are enrolled already
        assert gallery.backups.automatic() == []
        add(gallery, range(40, 50))
        (made,) = gallery.backups.automatic()
    assert (made.reason, made.automatic, made.faces) == ("import", True, 132)
    copy = recovery.restore_backup(made.path, tmp_path / "copy.gallery")
    assert set(before) < set(contents(copy.folder))


def test_the_first_import_makes_none(tmp_path: Path):
    with Gallery.create(tmp_path / "new.gallery", dimension=16) as gallery:
        add(gallery, range(20))
        assert gallery.backups.automatic() == []


@pytest.mark.slow
def test_so_many_are_kept_as_were_asked_for_and_none_where_none_are(folder: Path):
    with Gallery.open(folder) as gallery:
        assert gallery.backups.kept == 5
        gallery.backups.keep(2)
        for number in range(4):
            add(gallery, range(100 * (number + 1), 100 * (number + 1) + 30 + 40 * number))
        assert len(gallery.backups.automatic()) == 2
        newest, older = gallery.backups.automatic()
        assert newest.created > older.created
        assert newest.faces > older.faces
        gallery.backups.keep(0)
        add(gallery, range(2_000, 2_300))
        assert gallery.backups.automatic() == [newest, older]


@pytest.mark.parametrize("by_earlier_version", [False, True])
def test_the_last_ones_made_stay_though_the_clock_ran_ahead_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch, by_earlier_version: bool
):
    now, as_json = time.time(), archive._as_json

    def without_serial(backup: Backup) -> dict[str, object]:
        return {name: value for name, value in as_json(backup).items() if name != "serial"}

    def make(reason: str, at: float) -> Path:
        with monkeypatch.context() as patched, closing(sqlite3.connect(database)) as source:
            patched.setattr("engine.records.domains.time.time", lambda: at)
            if by_earlier_version and reason == "import":
                patched.setattr("engine.store.backup.archive._as_json", without_serial)
            source.isolation_level = None
            return write_automatic(source, folder, reason).path

    database = folder / "gallery.db"
    for number in range(6):
        make("import", now + 30 * 86_400 - 60 * number)
    last = [make("deletion", now - 60 * number) for number in range(3)]
    kept = automatic_backups(folder)
    assert [backup.path for backup in kept[:3]] == last[::-1]
    assert len(kept) == 5


def test_other_files_in_the_folder_of_backups_are_left_alone(folder: Path):
    place = folder / "backups"
    place.mkdir()
    with Gallery.open(folder) as gallery:
        gallery.backups.keep(1)
        mine = gallery.backups.write(place / "mine.zip").path
        (place / "broken.zip").write_bytes(b"PK")
        for number in range(3):
            add(gallery, range(100 * (number + 1), 100 * (number + 1) + 60 + 60 * number))
        assert len(gallery.backups.automatic()) == 1
    assert {mine.name, "broken.zip"} < {path.name for path in place.iterdir()}


def test_an_import_does_not_happen_where_its_backup_cannot_be_made(folder: Path):
    (folder / "backups").write_text("in the way")
    with Gallery.open(folder) as gallery:
        with pytest.raises(GalleryWriteError) as refused:
            add(gallery, range(100, 200))
        assert refused.value.file == str(folder / "backups")
        assert gallery.people.counts() == (20, 120)


def test_a_reader_makes_none(folder: Path):
    with Gallery.open(folder, write=False) as reader:
        with pytest.raises(GalleryReadOnlyError):
            add(reader, range(100, 200))
        assert not (folder / "backups").exists()


def test_an_older_gallery_is_kept_as_it_was_before_it_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "old.gallery"
    folder.mkdir()
    base = sqlite3.connect(folder / "gallery.db")
    base.executescript((ROOT / "tests/engine/store/v1.sql").read_text(encoding="utf-8"))
    base.close()
    with Gallery.open(folder) as gallery:
        (made,) = gallery.backups.automatic()
        assert (made.reason, made.schema, made.faces) == ("update", 1, 3)
    with Gallery.open(folder) as gallery:
        assert len(gallery.backups.automatic()) == 1
    copy = recovery.restore_backup(made.path, tmp_path / "copy.gallery")
    with Gallery.open(copy.folder) as gallery:
        assert gallery.people.counts() == (2, 3)
        assert gallery.check().ok


def test_the_manifest_can_be_read_by_anybody(backup: Path):
    with zipfile.ZipFile(backup) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    assert manifest["format"] == 1
    members = manifest["members"]
    assert {name: one["size"] for name, one in members.items()} == {
        name: size for name, size in sizes.items() if name != "manifest.json"
    }
    assert all(len(one["sha256"]) == 64 for one in members.values())
