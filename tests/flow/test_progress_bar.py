"""How the command line draws the engine's progress."""

from __future__ import annotations

import io
import sys

import pytest

from engine.progress import Message, Progress
from gallery_app.cli.command_tools import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """In the test itself: pytest exchanges stderr between a fixture and its test."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    return made


def lines(terminal: Terminal) -> list[str]:
    return [line.strip() for line in terminal.getvalue().replace("\r", "\n").split("\n")]


def test_work_that_foresees_the_whole_has_one_bar_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = at_a_terminal(monkeypatch)
    with Bar() as bar:
        bar(Progress("Reading", 5, 10, overall=0.0))
        bar(Progress("Saving faces", 0, 10, overall=0.25, left=30.0))
        bar(Progress("Indexing faces", 5, 10, overall=0.5, left=20.0))
    drawn = lines(terminal)
    assert any("Reading" in line and "0%" in line for line in drawn)
    assert any("Saving" in line and "25%" in line and "about 30 s left" in line for line in drawn)
    assert any("Indexing" in line and "50%" in line and "about 20 s left" in line for line in drawn)
    assert terminal.getvalue().count("\n") == 1


def test_other_work_has_a_bar_for_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    with Bar() as bar:
        bar(Progress("Checking", 1, 3))
        bar(Progress("Mending", 2, 4))
        bar(Message("Mended"))
    drawn = lines(terminal)
    assert any("Checking" in line and "1/3" in line for line in drawn)
    assert any("Mending" in line and "2/4" in line for line in drawn)
