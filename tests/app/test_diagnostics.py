"""What is copied for a report of a fault, and what the log of a session holds."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.logs import start_logging


def copied(app: App, qtbot: QtBot) -> str:
    QGuiApplication.clipboard().clear()
    app.window.menus.actions["diagnostics"].trigger()
    qtbot.waitUntil(lambda: bool(QGuiApplication.clipboard().text()))
    return QGuiApplication.clipboard().text()


def test_diagnostics_tell_versions_and_sizes_and_no_names(
    app: App, qtbot: QtBot, home: Path, gallery_folder: Path
) -> None:
    start_logging()
    text = copied(app, qtbot)
    assert text.startswith("Face Gallery ")
    assert "numpy" in text
    assert "6 people, " in text
    for secret in ("Tiger", "Woods", str(home), str(gallery_folder), gallery_folder.name):
        assert secret not in text
