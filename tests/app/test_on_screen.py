"""The window and its dialogs are never larger than the screen, whatever its size and scale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QVBoxLayout
from pytestqt.qtbot import QtBot

from gallery_app import settings
from gallery_app.settings import Settings
from gallery_app.widgets.controls.dialog import Dialog
from tests.desktop import offscreen

_DIALOGS = (
    *("rename", "merge", "split", "note", "move", "erase", "history", "compare", "compare_faces"),
    *("export_npz", "export_tensorboard", "export_report", "encryption", "restore", "enroll"),
    *("retrain", "versions", "evaluate", "error_rates", "charts", "shortcuts", "about"),
)


def opened(
    folder: Path, home: Path, size: tuple[int, int], scale: float, dialogs: Sequence[str] = ()
) -> dict[str, Any]:
    """What a window and its dialogs came to on a screen of so many pixels at this scale."""
    environment = os.environ | {
        "QT_QPA_PLATFORM": offscreen(home, *size),
        "QT_SCALE_FACTOR": str(scale),
        "FACE_GALLERY_HOME": str(home),
    }
    command = [sys.executable, "-m", "tests.app.opening", str(folder), *dialogs]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "scale"),
    [((1366, 740), 1.0), ((1440, 900), 2.0)],
    ids=["1366x768 with a panel", "1440x900 at 200 %"],
)
def test_at_the_first_start_everything_is_on_the_screen(
    gallery_folder: Path, home: Path, size: tuple[int, int], scale: float
) -> None:
    told = opened(gallery_folder, home, size, scale, _DIALOGS)
    assert told["screen"] == [round(side / scale) for side in size]
    assert not told["window"]
    assert told["status"]
    assert not told["hidden"]
    assert set(told["dialogs"]) == set(_DIALOGS)
    assert not {name: at for name, at in told["dialogs"].items() if at}


@pytest.mark.slow
def test_a_window_that_was_left_on_a_larger_screen_comes_back_on_this_one(
    start: Any, gallery_folder: Path, home: Path
) -> None:
    app = start(gallery_folder)
    app.window.setGeometry(300, 200, 1600, 980)
    app.window.close()
    told = opened(gallery_folder, home, (1366, 740), 1.0)
    assert not Settings().get(settings.GEOMETRY).isEmpty()
    assert not told["window"]
    assert told["status"]


def test_a_dialog_that_needs_more_than_the_screen_scrolls_to_its_buttons(qtbot: QtBot) -> None:
    dialog = Dialog()
    qtbot.addWidget(dialog)
    layout = QVBoxLayout(dialog)
    for row in range(60):
        label = QLabel(f"Row {row}")
        label.setMinimumSize(2500, 40)
        layout.addWidget(label)
    button = QPushButton("Close")
    layout.addWidget(button)
    dialog.show()
    free = dialog.screen().availableGeometry()
    assert free.contains(dialog.frameGeometry())
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    area = button.parentWidget().parentWidget().parentWidget()
    area.ensureWidgetVisible(button)  # type: ignore[attr-defined]
    place = QRect(button.mapTo(dialog, QPoint(0, 0)), button.size())
    assert dialog.rect().intersects(place)


def test_a_dialog_that_grows_stays_on_the_screen(qtbot: QtBot) -> None:
    dialog = Dialog()
    qtbot.addWidget(dialog)
    layout = QVBoxLayout(dialog)
    layout.addWidget(QLabel("Little"))
    dialog.show()
    tall = QLabel("Much")
    tall.setMinimumSize(200, 5000)
    layout.addWidget(tall)
    qtbot.waitUntil(lambda: dialog.findChild(QScrollArea) is not None)
    assert dialog.screen().availableGeometry().contains(dialog.frameGeometry())
