"""Whatever is written is readable by its owner alone, though the system would have it otherwise."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.gallery import Gallery
from engine.store import recovery
from engine.training.job import Job
from tests.flow.conftest import Run
from tests.trained import TrainedOnce

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX modes")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """New files are readable by everybody unless somebody cares, also in child processes."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(*places: Path) -> list[str]:
    """Files and folders that somebody else could look at."""
    paths = [path for place in places for path in (place, *place.rglob("*"))]
    assert len(paths) > len(places)
    return [
        f"{path}: {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in paths
        if path.lstat().st_mode & 0o077
    ]


def test_what_the_command_line_writes(run: Run, four_people: Path, tmp_path: Path) -> None:
    folder = tmp_path / "four.gallery"
    folder.mkdir(mode=0o755)  # made by hand before
    assert run("new", folder).returncode == 0
    tiger, others = four_people / "Tiger_Woods", sorted(four_people.iterdir())[:3]
    assert run("import", tiger, "-g", folder).returncode == 0
    assert run("import", *others, "-g", folder).returncode == 0
    assert run("identify", tiger / "Tiger_Woods_0001.npy", "-g", folder).returncode == 0
    assert run("backup", tmp_path / "b.zip", "-g", folder).returncode == 0
    assert run("restore", tmp_path / "b.zip", "--into", tmp_path / "new.gallery").returncode == 0
    assert open_to_others(folder / "index") == []
    assert run("restore", tmp_path / "b.zip", "-g", folder, "--yes").returncode == 0
    assert run("check", "--salvage", tmp_path / "saved.gallery", "-g", folder).returncode == 0
    galleries = (folder, tmp_path / "new.gallery", tmp_path / "saved.gallery")
    assert (folder / "backups").is_dir()
    assert (tmp_path / "home" / "recent.json").exists()
    assert open_to_others(*galleries, tmp_path / "home") == []
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600


def test_what_lies_about_while_a_gallery_is_in_use(folder: Path, tmp_path: Path) -> None:
    with Gallery.open(folder) as gallery, Gallery.open(folder) as reader:
        gallery.enroll("Somebody", gallery.faces.vector(1))
        gallery.identify(reader.faces.vector(1))
        found = {path.name for path in folder.iterdir()}
        assert {"gallery.db-wal", "gallery.db-shm", "gallery.lock", "gallery.lock.json"} <= found
        assert open_to_others(folder) == []


def test_what_is_kept_of_a_damaged_gallery(folder: Path, tmp_path: Path) -> None:
    with Gallery.open(folder) as gallery:
        backup = gallery.backups.write(tmp_path / "b.zip").path
    (folder / "gallery.db").write_bytes(b"garbage" * 1_000)
    done = recovery.restore_backup(backup, folder, replace=True)
    assert done.aside is not None
    assert open_to_others(folder) == []


def test_what_a_training_is_fed_with(tmp_path: Path) -> None:
    place = tmp_path / "job"
    place.mkdir(mode=0o700)
    ids, rows = np.arange(3), np.zeros((3, 4), dtype=np.float32)
    Job("train", {}, "cosine", ids, ids, rows, rows, ids, "some", {}).write(place)
    assert open_to_others(place) == []


def test_what_a_training_leaves(trained_once: TrainedOnce) -> None:
    assert open_to_others(trained_once.folder / "models", trained_once.folder / "index") == []


def test_what_the_window_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PySide6")
    from gallery_app.settings import FPIR, Settings

    monkeypatch.setenv("FACE_GALLERY_HOME", str(tmp_path / "home"))
    settings = Settings()
    settings.set(FPIR, 0.02)
    settings.save()
    settings.set(FPIR, 0.03)
    settings.save()
    assert "0.03" in (tmp_path / "home" / "window.ini").read_text()
    assert open_to_others(tmp_path / "home") == []


def test_settings_that_others_could_read_are_closed_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PySide6")
    from gallery_app.settings import Settings

    monkeypatch.setenv("FACE_GALLERY_HOME", str(tmp_path))
    (tmp_path / "window.ini").touch(mode=0o644)
    Settings().save()
    assert stat.S_IMODE((tmp_path / "window.ini").stat().st_mode) == 0o600
