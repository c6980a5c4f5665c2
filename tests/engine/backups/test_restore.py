"""Restoring gives back all of a backup or changes nothing; a file from elsewhere is not trusted."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    BackupError,
    CancelledError,
    FaceGalleryError,
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryExistsError,
    GalleryTooNewError,
    GalleryWriteError,
)
from engine.gallery import Gallery
from engine.progress import CancelToken, Progress, Reporter
from engine.store import recovery
from tests.engine.backups.conftest import Snapshot, add
from tests.handmade import put_to_use

ROOT = Path(__file__).resolve().parents[3]
KEPT = {"backups", "gallery.db", "gallery.lock", "index", "models"}
KEPT |= {"gallery.db-wal", "gallery.db-shm"}  # readers leave them, empty


def change(folder: Path) -> None:
    """Some people go and others come."""
    with Gallery.open(folder) as gallery:
        gallery.corrections.remove([face.id for face in gallery.faces.of("Person 003")])
        add(gallery, range(30, 33))


# -- preview -----------------------------------------------------------------------------------


def test_the_preview_tells_what_only_one_of_them_has(folder: Path, backup: Path):
    assert not recovery.preview_backup(backup, folder).present.differs
    change(folder)
    present = recovery.preview_backup(backup, folder).present
    assert present.same
    assert (present.identities, present.faces) == (22, 132)
    assert present.only_there == ("Person 003",)
    assert present.only_here == ("Person 030", "Person 031", "Person 032")
    assert (present.faces_only_there, present.faces_only_here) == (6, 18)


def test_the_preview_changes_nothing_and_leaves_nothing(
    folder: Path, backup: Path, contents: Snapshot
):
    change(folder)
    before, files = contents(folder), sorted(folder.rglob("*"))
    recovery.preview_backup(backup, folder)
    assert contents(folder) == before
    assert sorted(folder.rglob("*")) == files


def test_the_preview_knows_another_gallery_and_none(folder: Path, backup: Path, tmp_path: Path):
    Gallery.create(tmp_path / "other.gallery").close()
    assert not recovery.preview_backup(backup, tmp_path / "other.gallery").present.same
    assert recovery.preview_backup(backup, tmp_path / "nowhere").present is None
    assert recovery.preview_backup(backup, None).present is None


def test_the_preview_says_why_a_damaged_gallery_cannot_be_compared(folder: Path, backup: Path):
    (folder / "gallery.db").write_bytes(b"garbage" * 1000)
    seen = recovery.preview_backup(backup, folder)
    assert seen.present is None
    assert "not a gallery database" in seen.obstacle


# -- into a new folder -------------------------------------------------------------------------


def test_a_new_folder_holds_the_same_gallery_with_its_model(
    folder: Path, backup: Path, tmp_path: Path, contents: Snapshot
):
    done = recovery.restore_backup(backup, tmp_path / "new" / "copy.gallery")
    assert contents(done.folder) == contents(folder)
    query = np.random.default_rng(1).normal(size=16).astype(np.float32)
    with Gallery.open(folder) as old, Gallery.open(done.folder) as new:
        assert new.recogniser.methods() == old.recogniser.methods() == ("knn", "triplet")
        assert new.identify(query) == old.identify(query)
    modes = {path.name: path.stat().st_mode & 0o077 for path in done.folder.rglob("*")}
    assert os.name != "posix" or set(modes.values()) == {0}, modes


def test_versions_that_were_not_in_use_stay_where_they_are_and_are_forgotten_elsewhere(
    folder: Path, tmp_path: Path, contents: Snapshot
):
    (old,) = put_to_use(folder, "mlp").values()
    put_to_use(folder, "mlp")
    with Gallery.open(folder) as gallery:
        backup = gallery.backups.write(tmp_path / "b.zip")
        listed = {version.id for version in gallery.models.all()}
    assert old in listed
    assert old not in backup.models
    told: list[object] = []
    done = recovery.restore_backup(
        backup.path, tmp_path / "new.gallery", reporter=Reporter(told.append)
    )
    assert len(contents(done.folder)) == 120
    with Gallery.open(done.folder) as gallery:
        assert {version.id for version in gallery.models.all()} == listed - {old}
        assert set(gallery.recogniser.methods()) == {"knn", "mlp", "triplet"}
    assert any(old in getattr(event, "text", "") for event in told)
    recovery.restore_backup(backup.path, folder, replace=True)
    with Gallery.open(folder) as gallery:
        assert {version.id for version in gallery.models.all()} == listed
        assert gallery.check().ok


def test_an_empty_folder_will_do_and_one_with_something_in_it_will_not(
    backup: Path, tmp_path: Path, contents: Snapshot
):
    (tmp_path / "empty").mkdir()
    recovery.restore_backup(backup, tmp_path / "empty")
    assert len(contents(tmp_path / "empty")) == 120
    with pytest.raises(GalleryExistsError, match="already a gallery"):
        recovery.restore_backup(backup, tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").touch()
    with pytest.raises(GalleryExistsError, match="not empty"):
        recovery.restore_backup(backup, tmp_path / "full", replace=True)
    with pytest.raises(GalleryExistsError):
        recovery.restore_backup(backup, tmp_path / "full" / "notes")


# -- in place of the present gallery -----------------------------------------------------------


def test_the_gallery_is_as_it_was_and_what_it_was_since_is_in_a_safety_backup(
    folder: Path, backup: Path, tmp_path: Path, contents: Snapshot
):
    old = contents(folder)
    change(folder)
    new = contents(folder)
    done = recovery.restore_backup(backup, folder, replace=True)
    assert contents(folder) == old
    assert done.aside is None
    assert {path.name for path in folder.iterdir()} <= KEPT
    assert recovery.automatic_backups(folder)[0].path == done.safety
    recovery.restore_backup(done.safety, folder, replace=True)
    assert contents(folder) == new


def test_a_safety_backup_is_made_though_none_are_kept_and_the_backup_restored_stays(
    folder: Path, contents: Snapshot
):
    with Gallery.open(folder) as gallery:
        gallery.backups.keep(1)
        add(gallery, range(100, 200))
        (first,) = gallery.backups.automatic()
        gallery.backups.keep(0)
    done = recovery.restore_backup(first.path, folder, replace=True)
    assert len(contents(folder)) == 120
    assert [one.path for one in recovery.automatic_backups(folder)] == [done.safety, first.path]
    with Gallery.open(folder) as gallery:
        gallery.backups.keep(0)
    last = recovery.restore_backup(done.safety, folder, replace=True)
    kept = [last.safety, done.safety, first.path]
    assert [one.path for one in recovery.automatic_backups(folder)] == kept


def test_what_is_derived_never_mixes_old_and_new_faces(folder: Path, backup: Path):
    """Change counter and ids of faces go on, so no index or reader takes one for another."""
    with Gallery.open(folder, write=False) as reader:
        change(folder)
        with Gallery.open(folder) as gallery:
            gallery.prepare()
            newest, counter = (
                max(f.id for f in gallery.faces.of("Person 032")),
                gallery.history.last_change(),
            )
        recovery.restore_backup(backup, folder, replace=True)
        with Gallery.open(folder) as gallery:
            add(gallery, range(60, 62))
            assert gallery.history.last_change() > counter
            assert min(face.id for face in gallery.faces.of("Person 060")) > newest
            query = gallery.faces.vector(gallery.faces.of("Person 060")[0].id)
            assert gallery.identify(query)[0].candidates[0].name == "Person 060"
            assert gallery.check().ok
        assert reader.people.counts() == (22, 132)
        assert reader.identify(query)[0].candidates[0].name == "Person 060"


def test_readers_see_the_old_gallery_or_the_new_one(folder: Path, backup: Path):
    change(folder)
    seen = set()
    with Gallery.open(folder, write=False) as reader:

        def look(_: object) -> None:
            people = reader.people.all()
            seen.add((len(people), sum(one.faces for one in people)))

        recovery.restore_backup(backup, folder, replace=True, reporter=Reporter(look))
        look(None)
    assert seen == {(22, 132), (20, 120)}


def test_a_gallery_that_is_being_written_is_not_replaced(folder: Path, backup: Path):
    with Gallery.open(folder) as gallery:
        with pytest.raises(GalleryBusyError):
            recovery.restore_backup(backup, folder, replace=True)
        assert gallery.people.counts() == (20, 120)


def test_another_gallery_is_not_replaced(backup: Path, tmp_path: Path):
    other = tmp_path / "other.gallery"
    Gallery.create(other, dimension=16).close()
    with pytest.raises(BackupError, match=r"another gallery, some\.gallery") as refused:
        recovery.restore_backup(backup, other, replace=True)
    assert refused.value.file == str(backup)
    with Gallery.open(other) as gallery:
        assert gallery.people.counts() == (0, 0)
        assert gallery.backups.automatic() == []


@pytest.mark.parametrize("harm", ["header", "middle", "empty", "truncated"])
def test_a_damaged_gallery_is_replaced_and_kept_aside(
    folder: Path, backup: Path, contents: Snapshot, harm: str
):
    old = contents(folder)
    database = folder / "gallery.db"
    data = database.read_bytes()
    half = len(data) // 2
    harmed = {
        "header": b"x" * 100 + data[100:],
        "middle": data[:half] + bytes(8192) + data[half + 8192 :],
        "empty": b"",
        "truncated": data[:half],
    }[harm]
    database.write_bytes(harmed)
    done = recovery.restore_backup(backup, folder, replace=True)
    assert contents(folder) == old
    assert done.safety is None
    assert done.aside is not None
    assert (done.aside / "gallery.db").read_bytes() == harmed


@pytest.mark.parametrize("what", ["restore", "backup"])
def test_a_name_that_cannot_be_synced_is_taken_back(
    folder: Path, backup: Path, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: Path) -> None:
        raise OSError("Input/output error")

    module = {"restore": "recovery.restoring", "backup": "backup.backups"}[what]
    monkeypatch.setattr(f"engine.store.{module}.sync_folder", refuse)
    new = tmp_path / "elsewhere" / "new"
    new.parent.mkdir()
    with Gallery.open(folder, write=False) as gallery:
        do = {
            "restore": lambda: recovery.restore_backup(backup, new),
            "backup": lambda: gallery.backups.write(new),
        }
        with pytest.raises(GalleryWriteError):
            do[what]()
    assert list(new.parent.iterdir()) == []


def test_a_database_that_cannot_be_opened_just_now_is_not_taken_for_damaged(
    folder: Path, backup: Path, contents: Snapshot
):
    change(folder)
    before = contents(folder)
    log = folder / "gallery.db-wal"
    log.unlink(missing_ok=True)
    log.mkdir()  # SQLite can no more open its log than on a full disk
    with pytest.raises(GalleryError, match="cannot be opened") as refused:
        recovery.restore_backup(backup, folder, replace=True)
    assert not isinstance(refused.value, GalleryDamagedError)
    log.rmdir()
    assert contents(folder) == before
    assert list(folder.glob("damaged-*")) == []


def test_a_damaged_model_is_replaced_by_the_one_in_the_backup(folder: Path, backup: Path):
    (weights,) = (folder / "models").glob("*/network.npz")
    weights.write_bytes(b"garbage")
    recovery.restore_backup(backup, folder, replace=True)
    with Gallery.open(folder) as gallery:
        assert gallery.check().ok
        assert "triplet" in gallery.recogniser.methods()


def test_it_is_cancelled_at_any_stage_and_nothing_was_changed(
    folder: Path, backup: Path, contents: Snapshot
):
    change(folder)
    before = contents(folder)
    stages: list[str] = []
    rehearsal = shutil.copytree(folder, folder.with_name("rehearsal.gallery"))
    recovery.restore_backup(
        backup, rehearsal, replace=True, reporter=Reporter(lambda e: stages.append(e.stage))
    )
    assert "Restoring" in stages
    for stage in dict.fromkeys(stages):
        token = CancelToken()

        def stop(event: Progress, at: str = stage, token: CancelToken = token) -> None:
            if event.stage == at:
                token.cancel()

        with pytest.raises(CancelledError):
            recovery.restore_backup(backup, folder, replace=True, reporter=Reporter(stop, token))
        assert contents(folder) == before
    assert {path.name for path in folder.iterdir()} <= KEPT


@pytest.mark.parametrize("room", [1_000, 20_000, 60_000])
def test_a_disk_that_refuses_changes_nothing(
    folder: Path, backup: Path, contents: Snapshot, tmp_path: Path, room: int
):
    resource = pytest.importorskip("resource")
    change(folder)
    before = contents(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        for target in (folder, tmp_path / "new.gallery"):
            with pytest.raises(GalleryWriteError) as refused:
                recovery.restore_backup(backup, target, replace=True)
            assert refused.value.remedy
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(folder) == before
    assert not (tmp_path / "new.gallery").exists()
    assert not list(tmp_path.glob(".unfinished*"))


def test_a_disk_that_fills_up_at_the_last_moment_changes_nothing(
    folder: Path, backup: Path, contents: Snapshot
):
    resource = pytest.importorskip("resource")
    change(folder)
    before = contents(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event: Progress) -> None:
        if event.stage == "Restoring":
            resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limits[1]))

    try:
        with pytest.raises(GalleryWriteError):
            recovery.restore_backup(backup, folder, replace=True, reporter=Reporter(fill))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(folder) == before
    recovery.restore_backup(backup, folder, replace=True)


KILLED = """
import os, signal, sys
from engine.store import recovery
from engine.progress import Progress, Reporter

left = int(sys.argv[3])

def tell(event):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

recovery.restore_backup(sys.argv[1], sys.argv[2], replace=True, reporter=Reporter(tell))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("present", ["sound", "damaged", "none"])
def test_a_killed_restore_leaves_the_old_gallery_or_the_new_one(
    folder: Path, backup: Path, tmp_path: Path, contents: Snapshot, present: str
):
    old = contents(folder)
    change(folder)
    new = contents(folder)
    events: list[object] = []
    rehearsal = tmp_path / "rehearsal.gallery"
    shutil.copytree(folder, rehearsal)
    recovery.restore_backup(backup, rehearsal, replace=True, reporter=Reporter(events.append))
    moments = {len(events) // 3, len(events)}
    if present == "sound":
        moments |= {1, len(events) - 2}
    for moment in sorted(moments):
        target = tmp_path / f"{present}-{moment}.gallery"
        if present != "none":
            shutil.copytree(folder, target)
        if present == "damaged":
            (target / "gallery.db").write_bytes(b"garbage" * 1000)
        command = [sys.executable, "-c", KILLED, str(backup), str(target), str(moment)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True)
        if present == "sound":
            assert done.returncode == -9, done.stderr
            assert contents(target) in (old, new)
        elif done.returncode == -9 and present == "damaged":
            assert (target / "gallery.db").read_bytes() == b"garbage" * 1000
        elif done.returncode == -9:
            assert not target.exists()
        if present != "sound" or contents(target) != old:
            if present == "none" and target.exists():
                continue
            recovery.restore_backup(backup, target, replace=True)
        Gallery.open(target).close()
        assert contents(target) == old
        assert not list(target.glob(".unfinished*"))


# -- files that are no sound backup ------------------------------------------------------------


def rewritten(backup: Path, change: Callable[[dict, dict[str, bytes]], None]) -> Path:
    """The backup with another manifest or content, its checksums of before."""
    with zipfile.ZipFile(backup) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(manifest, files)
    made = backup.with_name("changed.zip")
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return made


def resealed(manifest: dict, files: dict[str, bytes], name: str, data: bytes) -> None:
    import hashlib

    files[name] = data
    manifest["members"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def refused(path: Path, folder: Path, kind: type[FaceGalleryError] = BackupError) -> str:
    """What is said of it; nothing came of it, here or elsewhere."""
    said = []
    for call in (
        lambda: recovery.preview_backup(path, folder),
        lambda: recovery.restore_backup(path, folder, replace=True),
        lambda: recovery.restore_backup(path, folder.with_name("new.gallery")),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.file == str(path)
        assert caught.value.remedy
        said.append(caught.value.problem)
    assert not folder.with_name("new.gallery").exists()
    with Gallery.open(folder) as gallery:
        assert gallery.people.counts() == (20, 120)
    return said[0]


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_another_file_is_no_backup(folder: Path, tmp_path: Path, content: bytes):
    (tmp_path / "other.zip").write_bytes(content)
    assert "not a complete backup" in refused(tmp_path / "other.zip", folder)


def test_a_file_that_is_not_there_and_a_folder_are_said_to_be_so(folder: Path, tmp_path: Path):
    assert "no such file" in refused(tmp_path / "nothing.zip", folder)
    assert "cannot be read" in refused(tmp_path, folder)


def test_a_backup_of_a_newer_version_is_not_touched(folder: Path, backup: Path):
    newer = rewritten(backup, lambda manifest, _: manifest.update(format=99))
    assert "newer version" in refused(newer, folder, GalleryTooNewError)
    newer = rewritten(backup, lambda manifest, _: manifest["backup"].update(schema=99))
    assert "newer version" in refused(newer, folder, GalleryTooNewError)


EVIL = (
    "../evil",
    "/evil",
    "models/../../evil",
    "index/faces.json",
    "models/x/.evil",
    "a\\b",
    "C:x",
)


@pytest.mark.parametrize("name", EVIL)
def test_names_that_lead_elsewhere_are_refused(
    folder: Path, backup: Path, tmp_path: Path, name: str
):
    changed = rewritten(backup, lambda m, files: resealed(m, files, name, b"evil"))
    assert "no name of a file in a gallery" in refused(changed, folder)
    assert not list(tmp_path.rglob("*evil*"))


def test_entries_beside_those_of_the_manifest_are_refused(folder: Path, backup: Path):
    changed = rewritten(backup, lambda _, files: files.update({"models/x/y": b""}))
    assert "not those of its manifest" in refused(changed, folder)


def test_a_changed_database_is_refused_with_its_old_checksum_and_with_a_new_one(
    folder: Path, backup: Path
):
    def harm(data: bytes) -> bytes:
        return data[: len(data) // 2] + bytes(4096) + data[len(data) // 2 + 4096 :]

    changed = rewritten(
        backup, lambda _, files: files.update({"gallery.db": harm(files["gallery.db"])})
    )
    assert "checksum" in refused(changed, folder)
    for data in (b"no database", b""):
        changed = rewritten(backup, lambda m, f, d=data: resealed(m, f, "gallery.db", d))
        assert "not a gallery's" in refused(changed, folder)
    changed = rewritten(backup, lambda m, f: resealed(m, f, "gallery.db", harm(f["gallery.db"])))
    assert "not a gallery's" in refused(changed, folder)


@pytest.mark.parametrize(
    "field", ["uuid", "faces", "identities", "change", "dimension", "distance", "schema"]
)
def test_a_manifest_that_speaks_of_another_gallery_is_refused(
    folder: Path, backup: Path, field: str
):
    other = {"uuid": "x", "distance": "euclidean", "schema": 1}.get(field, 7)
    changed = rewritten(backup, lambda manifest, _: manifest["backup"].update({field: other}))
    assert "damaged" in refused(changed, folder)


def test_a_database_with_a_will_of_its_own_is_refused(folder: Path, backup: Path, tmp_path: Path):
    """A trigger in it would run whenever something is enrolled."""
    import sqlite3
    from contextlib import closing

    with zipfile.ZipFile(backup) as archive:
        (tmp_path / "evil.db").write_bytes(archive.read("gallery.db"))
    with closing(sqlite3.connect(tmp_path / "evil.db")) as base:
        base.execute(
            "CREATE TRIGGER evil AFTER INSERT ON faces BEGIN "
            "UPDATE identities SET name = 'Evil'; END"
        )
        base.commit()
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (tmp_path / "evil.db").read_bytes()
    changed = rewritten(backup, lambda m, f: resealed(m, f, "gallery.db", data))
    assert "not a gallery's" in refused(changed, folder)


@pytest.mark.parametrize("created", [1e300, float("nan"), -5, "yesterday"])
def test_a_time_that_never_was_is_refused(folder: Path, backup: Path, created: object):
    changed = rewritten(backup, lambda manifest, _: manifest["backup"].update(created=created))
    assert "damaged" in refused(changed, folder)


def test_an_entry_that_would_unpack_to_more_is_refused(folder: Path, backup: Path):
    with zipfile.ZipFile(backup) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    bomb = backup.with_name("bomb.zip")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("models/x/y", bytes(1 << 24))
    assert "more than it holds" in refused(bomb, folder)
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            kind = zipfile.ZIP_DEFLATED if name == "manifest.json" else zipfile.ZIP_STORED
            archive.writestr(name, data, kind)
        archive.writestr("pad", os.urandom(1 << 20), zipfile.ZIP_STORED)
    assert "packed" in refused(bomb, folder)


def test_a_size_that_lies_is_refused(folder: Path, backup: Path):
    data = bytearray(backup.read_bytes())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"manifest.json"))
    data[at + 24 : at + 28] = struct.pack("<I", 0x7FFFFFFF)
    lying = backup.with_name("lying.zip")
    lying.write_bytes(data)
    assert "more than it holds" in refused(lying, folder)


def test_any_damage_is_found_and_said(folder: Path, backup: Path, contents: Snapshot):
    """Bits flipped and ends cut off anywhere: refused by a declared error, or without effect."""
    rng = np.random.default_rng(3)
    whole = backup.read_bytes()
    expected = contents(folder)
    harmed = backup.with_name("harmed.zip")
    found = 0
    for trial in range(120):
        data = bytearray(whole)
        if trial % 3 == 0:
            data = data[: int(rng.integers(len(data)))]
        # the end holds the manifest and the table of contents: half of the harm goes there
        low = 0 if trial % 2 else len(data) - min(len(data), 4_000)
        for _ in range(int(rng.integers(1, 8))):
            if len(data) > low:
                data[int(rng.integers(low, len(data)))] ^= 1 << int(rng.integers(8))
        harmed.write_bytes(data)
        said = None
        try:
            recovery.preview_backup(harmed, None)
        except FaceGalleryError as error:
            said = error
        if said is not None:
            found += said.file == str(harmed)
    assert found > 100
    assert contents(folder) == expected
