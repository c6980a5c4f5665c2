"""A window on a gallery that another process writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from engine.gallery import Gallery

with Gallery.open(sys.argv[1]) as gallery:
    assert gallery.writable
    print("open", flush=True)
    for line in sys.stdin:
        if line == "close\\n":
            break
        name, file = line.strip().split("\\t")
        gallery.enroll(name, gallery.read_queries(file))
        print("enrolled", flush=True)
"""


class Writer:
    """Another process that has the gallery open for writing."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout.readline() == "open\n"

    def enroll(self, name: str, file: Path) -> None:
        self.process.stdin.write(f"{name}\t{file}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "enrolled\n"

    def close(self) -> None:
        self.process.communicate("close\n")


@pytest.fixture
def writer(gallery_folder: Path) -> Iterator[Writer]:
    running = Writer(gallery_folder)
    yield running
    running.process.kill()
    running.process.communicate()


@pytest.fixture
def second(writer: Writer, start: Callable[..., App], gallery_folder: Path, qtbot: QtBot) -> App:
    """A window on the same gallery, looking often."""
    running = start(gallery_folder)
    running.external_changes_controller.timer.setInterval(20)
    qtbot.waitUntil(lambda: running.window.faces.model.rowCount() > 0)
    return running


def test_it_says_that_it_only_reads_and_who_writes(second: App, writer: Writer) -> None:
    assert f"Process {writer.process.pid} is writing" in second.window.message.words.text()
    assert "read-only" in second.window.left_status.text()
    assert not second.window.menus.actions["enroll"].isEnabled()
    assert second.external_changes_controller.timer.isActive()


def test_what_the_other_enrols_appears_and_what_is_shown_stays(
    second: App, writer: Writer, stranger_file: Path, qtbot: QtBot
) -> None:
    tom = second.context.gallery.people.find("Tom Hanks")
    second.people_controller.go_to_identity(tom.id)
    qtbot.waitUntil(lambda: second.window.faces.title.text() == "Tom Hanks")
    writer.enroll("Winona Ryder", stranger_file)
    qtbot.waitUntil(lambda: "7 people · 55 faces" in second.window.left_status.text())
    assert "Winona Ryder" in second.window.identities.model.roster.names
    assert second.window.faces.title.text() == "Tom Hanks"


def test_it_takes_over_when_the_other_closes(
    second: App, writer: Writer, stranger_file: Path, gallery_folder: Path, qtbot: QtBot
) -> None:
    writer.enroll("Winona Ryder", stranger_file)
    writer.close()
    qtbot.waitUntil(lambda: second.context.gallery.writable)
    qtbot.waitUntil(lambda: second.window.menus.actions["enroll"].isEnabled())
    qtbot.waitUntil(lambda: "7 people" in second.window.left_status.text())
    assert "can edit it here now" in second.window.message.words.text()
    assert "read-only" not in second.window.left_status.text()
    assert not second.external_changes_controller.timer.isActive()
    second.context.gallery.enroll("Somebody", second.context.gallery.faces.vector(1))
    with Gallery.open(gallery_folder) as third:
        assert not third.writable
        assert third.people.find("Somebody") is not None


def test_it_takes_over_when_the_other_is_killed(second: App, writer: Writer, qtbot: QtBot) -> None:
    writer.process.kill()
    writer.process.wait()
    qtbot.waitUntil(lambda: second.window.menus.actions["enroll"].isEnabled())


def test_a_window_that_was_closed_takes_nothing_over(
    second: App, writer: Writer, gallery_folder: Path, qtbot: QtBot
) -> None:
    second.window.menus.actions["close"].trigger()
    qtbot.waitUntil(lambda: second.state.gallery is None)
    writer.close()
    qtbot.waitUntil(lambda: not second.tasks.is_running("watching"))
    with Gallery.open(gallery_folder) as again:
        assert again.writable


def test_a_window_that_writes_does_not_look(app: App) -> None:
    assert not app.external_changes_controller.timer.isActive()
