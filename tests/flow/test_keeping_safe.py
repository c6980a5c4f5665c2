"""Backup, restore and salvage as a person or a script calls them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from engine.gallery import Gallery
from tests.flow.conftest import Contents, Run


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_backup_is_put_back_and_taken_back_again(
    run: Run, folder: Path, tmp_path: Path, sample: Path, contents: Contents
) -> None:
    before = contents(folder)["faces"]
    made = document(run("backup", tmp_path / "b.zip", "-g", folder, "--json"))
    assert (made["file"], made["faces"], made["reason"]) == (str(tmp_path / "b.zip"), 36, "asked")
    blix = sorted(sample.glob("Hans_Blix/*.npy"))
    assert run("enroll", "Hans Blix", *blix, "-g", folder).returncode == 0
    seen = document(run("restore", tmp_path / "b.zip", "-g", folder, "--dry-run", "--json"))
    assert seen["present"]["only_here"] == ["Hans Blix"]
    assert seen["present"]["faces_only_here"] == len(blix)
    done = document(run("restore", tmp_path / "b.zip", "-g", folder, "--yes", "--json"))
    assert contents(folder)["faces"] == before
    again = run("restore", done["safety"], "-g", folder, "--yes")
    assert f"5 people, {36 + len(blix)} faces" in again.stdout
    assert "The previous state is in" in again.stderr
    listed = document(run("backup", "--list", "-g", folder, "--json"))
    assert [one["reason"] for one in listed] == ["restore", "restore"]


def test_nothing_is_replaced_unless_it_is_said_so(
    run: Run, folder: Path, tmp_path: Path, contents: Contents
) -> None:
    run("backup", tmp_path / "b.zip", "-g", folder)
    before = contents(folder)
    done = run("restore", tmp_path / "b.zip", "-g", folder)  # nobody answers the question
    assert done.returncode == 1
    assert "Replace" in done.stderr
    assert contents(folder) == before


def test_a_new_folder_needs_no_yes(run: Run, folder: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.zip", "-g", folder)
    done = run("restore", tmp_path / "b.zip", "--into", tmp_path / "new.gallery")
    assert done.returncode == 0, done.stderr
    assert len(document(run("people", "-g", tmp_path / "new.gallery", "--json"))) == 4
    again = run("restore", tmp_path / "b.zip", "--into", tmp_path / "new.gallery")
    assert again.returncode == 1
    assert "already a gallery" in again.stderr


def test_a_file_that_is_no_backup_is_one_clear_line(run: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("notes")
    done = run("restore", tmp_path / "notes.zip", "-g", folder)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(tmp_path / "notes.zip") in done.stderr


def test_how_many_are_kept_is_asked_and_set(run: Run, folder: Path) -> None:
    assert document(run("backup", "--keep", "2", "-g", folder, "--json")) == {"kept": 2}
    with Gallery.open(folder) as gallery:
        assert gallery.backups.kept == 2
    assert run("backup", "--keep", "-1", "-g", folder).returncode == 2
    assert run("backup", "-g", folder).returncode == 2
    assert run("backup", "x.zip", "--list", "-g", folder).returncode == 2


def test_clearing_deletes_the_automatic_ones_and_nothing_else(
    run: Run, folder: Path, tmp_path: Path, sample: Path
) -> None:
    run("backup", tmp_path / "b.zip", "-g", folder)
    run("import", sample / "Hans_Blix", "-g", folder)
    (folder / "gallery.db").write_bytes(b"garbage" * 1_000)
    run("restore", tmp_path / "b.zip", "-g", folder, "--yes")
    assert len(list((folder / "backups").iterdir())) == 1
    assert len(list(folder.glob("damaged-*"))) == 1
    assert document(run("backup", "--clear", "-g", folder, "--json")) == {"deleted": 2}
    assert not list(folder.glob("damaged-*"))
    assert document(run("backup", "--list", "-g", folder, "--json")) == []
    assert (tmp_path / "b.zip").exists()
    with Gallery.open(folder) as gallery:
        assert gallery.people.counts() == (4, 36)


def test_a_gallery_is_backed_up_while_another_process_writes_it(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    with Gallery.open(folder):
        assert document(run("backup", tmp_path / "b.zip", "-g", folder, "--json"))["faces"] == 36
        refused = run("restore", tmp_path / "b.zip", "-g", folder, "--yes")
    assert refused.returncode == 1
    assert "is writing to this gallery" in refused.stderr


def test_a_damaged_gallery_is_salvaged_and_its_backups_can_be_listed(
    run: Run, folder: Path, tmp_path: Path, sample: Path, contents: Contents
) -> None:
    before = contents(folder)
    assert run("import", sample / "Hans_Blix", "-g", folder).returncode == 0
    database = folder / "gallery.db"
    database.write_bytes(b"x" * 4_096 + database.read_bytes()[4_096:])
    refused = run("people", "-g", folder)
    assert refused.returncode == 1
    assert "salvage" in refused.stderr
    listed = document(run("backup", "--list", "-g", folder, "--json"))
    assert [(one["reason"], one["faces"]) for one in listed] == [("import", 36)]
    target = tmp_path / "saved.gallery"
    saved = document(run("check", "--salvage", target, "-g", folder, "--json"))
    assert (saved["identities"], saved["lost"]) == (5, [])
    restored = document(run("restore", listed[0]["file"], "-g", folder, "--yes", "--json"))
    assert restored["safety"] is None
    assert (Path(restored["aside"]) / "gallery.db").exists()
    assert contents(folder)["embeddings"] == before["embeddings"]
