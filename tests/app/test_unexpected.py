"""What nobody expected: an error that is a fault of ours, and an account without a home folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from gallery_app import settings as remembered
from gallery_app.app import App, _tell
from gallery_app.settings import Settings


def test_an_unexpected_error_is_told_once_everywhere_and_logged_without_its_message(
    app: App, qtbot: QtBot, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = KeyError("Tiger Woods")
    _tell(app)(KeyError, error, None)
    (line,) = capsys.readouterr().err.splitlines()
    log = home / "face-gallery.log"
    assert line.startswith("face-gallery: ")
    assert str(log) in line
    assert log.read_text().endswith("\nKeyError\n")
    assert "Tiger" not in log.read_text()
    (box,) = app.window.findChildren(QMessageBox)
    assert box.text() == "Face Gallery has run into an internal error"
    box.close()


def test_without_a_home_folder_the_window_opens_and_remembers_nothing(
    start: Callable[..., App],
    qtbot: QtBot,
    gallery_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(*_: object, **__: object) -> str:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("FACE_GALLERY_HOME")
    monkeypatch.setattr("platformdirs.user_config_dir", lost)
    monkeypatch.setattr("platformdirs.user_data_dir", lost)
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.state.gallery is not None)
    app.settings.set(remembered.SORT, "faces")
    app.window.close()
    assert Settings().get(remembered.SORT) == "name"
