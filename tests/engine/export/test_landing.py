"""An export is there whole or not at all, for its owner alone, and takes nothing's place."""

from __future__ import annotations

import errno
import importlib.util
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import CancelledError, ExportError
from engine.gallery import Gallery
from engine.progress import CancelToken, Progress, Reporter
from engine.records.exports import EXPORT_KINDS, Selection
from gallery_app.reports.gallery_report import gallery_page

ROOT = Path(__file__).resolve().parents[3]
without_pyarrow = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed"
)
KINDS = [
    pytest.param(kind, marks=without_pyarrow if kind == "parquet" else ()) for kind in EXPORT_KINDS
]


@pytest.mark.parametrize("kind", KINDS)
def test_cancelled_it_leaves_nothing(kind, hard, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    token = CancelToken()

    def stop(event):
        if isinstance(event, Progress) and event.done:
            token.cancel()

    with pytest.raises(CancelledError):
        hard.exports.write(kind, place / "out", page=gallery_page, reporter=Reporter(stop, token))
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_full_disk_it_leaves_nothing_and_says_so(kind, hard, tmp_path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.export.exporter._sync", full)
    with pytest.raises(ExportError, match="No space left"):
        hard.exports.write(kind, place / "out", page=gallery_page)
    assert list(place.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux alone has a full device")
def test_a_write_that_the_disk_refuses_is_declared(hard, tmp_path, monkeypatch):
    real = os.open

    def onto_full(path, flags, *mode):
        return (
            real("/dev/full", os.O_WRONLY)
            if str(path).endswith(".csv")
            else real(path, flags, *mode)
        )

    monkeypatch.setattr("engine.export.exporter.os.open", onto_full)
    with pytest.raises(ExportError, match="could not be written"):
        hard.exports.write("csv", tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_already_stays(kind, hard, tmp_path):
    there = tmp_path / "out" if kind in ("tensorboard", "folder") else None
    if there is not None:
        there.mkdir()
        there = there / "mine.txt"
    else:
        there = hard.exports.write(kind, tmp_path / "out", page=gallery_page).path
        there.unlink()
    there.write_text("mine")
    with pytest.raises(ExportError, match="already exists"):
        hard.exports.write(kind, tmp_path / "out", page=gallery_page)
    assert there.read_text() == "mine"


def test_an_empty_folder_is_as_good_as_none(hard, tmp_path):
    (tmp_path / "out").mkdir()
    assert hard.exports.write("folder", tmp_path / "out").path.is_dir()


def test_a_folder_that_is_not_there_is_named(hard, tmp_path):
    with pytest.raises(ExportError, match="folder does not exist") as caught:
        hard.exports.write("npz", tmp_path / "gone" / "out")
    assert caught.value.file == str(tmp_path / "gone")


def test_the_gallerys_own_folder_stays_its_own(hard):
    before = sorted(hard.folder.iterdir())
    with pytest.raises(ExportError, match="gallery's own folder"):
        hard.exports.write("npz", hard.folder / "models" / ".." / "out")
    assert sorted(hard.folder.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_for_its_owner_alone(kind, hard, tmp_path):
    before = os.umask(0o022)
    try:
        path = hard.exports.write(kind, tmp_path / "out", page=gallery_page).path
    finally:
        os.umask(before)
    for one in (path, *path.rglob("*")):
        assert stat.S_IMODE(one.stat().st_mode) & 0o077 == 0, one


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_killed_it_leaves_nothing_that_the_next_one_does_not_remove(hard, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    hard.close()
    code = (
        "import sys, os, signal\n"
        "from engine.gallery import Gallery\n"
        "from engine.progress import Reporter\n"
        "stop = lambda event: getattr(event, 'done', 0) and os.kill(os.getpid(), signal.SIGKILL)\n"
        "Gallery.open(sys.argv[1]).exports.write('folder', sys.argv[2], reporter=Reporter(stop))\n"
    )
    command = [sys.executable, "-c", code, str(hard.folder), str(place / "out")]
    assert subprocess.run(command, cwd=ROOT).returncode == -9
    assert not (place / "out").exists()
    with Gallery.open(hard.folder) as gallery:
        gallery.exports.write("folder", place / "out")
    assert [path.name for path in place.iterdir()] == ["out"]


def test_a_gallery_that_is_changed_meanwhile_is_written_anew(hard, tmp_path, read_back):
    changed = []

    def change(event):
        if isinstance(event, Progress) and event.done and not changed:
            changed.append(hard.corrections.rename("Ann", "Anna"))

    done = hard.exports.write("npz", tmp_path / "out", reporter=Reporter(change))
    assert {one.name for one in read_back(done.path).people.all()} >= {"Anna", "ANN"}
    assert changed


def test_a_gallery_that_is_changed_without_end_is_refused(hard, tmp_path):
    def change(event):
        if isinstance(event, Progress) and event.done:
            hard.corrections.rename("CON", f"CON {time.monotonic_ns()}")
            hard.history.undo()

    with pytest.raises(ExportError, match="kept changing"):
        hard.exports.write("npz", tmp_path / "out", reporter=Reporter(change))
    assert not list(tmp_path.glob("out*"))


def test_nobody_or_more_people_than_there_are_is_refused(hard, tmp_path):
    with pytest.raises(ExportError, match="no faces"):
        hard.exports.write("npz", tmp_path / "out", selection=Selection(identities=()))
    with pytest.raises(ExportError, match="only 26 of them have that many"):
        hard.exports.write("npz", tmp_path / "out", selection=Selection(people=27, each=2))
    with pytest.raises(ExportError, match="only 0 of them have that many"):
        hard.exports.write("npz", tmp_path / "out", selection=Selection(people=2, each=3))
