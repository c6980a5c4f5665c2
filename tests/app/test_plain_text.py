"""What galleries hold is text in the window: never markup, and nothing that steers it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import GalleryDamagedError
from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.dialogs.prompts import error_box

_MARKUP = "<b>owned<img src=x>"
_FILE = f"{_MARKUP}\x1b]0;\u202egnp.npy"


def _spoil(folder: Path) -> None:
    with Gallery.open(folder) as gallery:
        gallery.corrections.rename(gallery.people.all()[0].name, _MARKUP)
        gallery.corrections.set_note(_MARKUP, _MARKUP)
        gallery.unknowns.add(gallery.faces.vector(1)[None] + 0.1)
    with closing(sqlite3.connect(folder / "gallery.db", isolation_level=None)) as connection:
        for table in ("faces", "unknowns"):
            connection.execute(f"UPDATE {table} SET file = ?", (_FILE,))


def _tips(view: QAbstractItemView) -> Iterator[str]:
    model: QAbstractItemModel = view.model()
    for row in range(min(model.rowCount(), 10)):
        for column in range(5):
            tip = model.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
            yield tip or ""


def _shown(widget: QWidget) -> tuple[int, int]:
    """How many labels and tips there are that hold the markup, none of which obeys it."""
    labels = [one for one in widget.findChildren(QLabel) if "owned" in one.text()]
    for label in labels:
        assert label.textFormat() == Qt.TextFormat.PlainText, label.text()
        assert "\x1b" not in label.text(), label.text()
    tips = [one.toolTip() for one in widget.findChildren(QWidget)]
    tips += [tip for view in widget.findChildren(QAbstractItemView) for tip in _tips(view)]
    held = [tip for tip in tips if "owned" in tip]
    for tip in held:
        assert "<b>" not in tip
        assert not {"\x1b", "\u202e"} & set(tip)
    return len(labels), len(held)


def test_names_notes_and_file_names_are_no_markup_anywhere_in_the_window(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    _spoil(gallery_folder)
    app = start(gallery_folder)
    window = app.window
    qtbot.waitUntil(lambda: window.faces.model.rowCount() > 0)
    row = next(
        row for row in range(window.identities.model.rowCount())
        if window.identities.model.index(row).data() == _MARKUP
    )  # fmt: skip
    window.identities.list.setCurrentIndex(window.identities.model.index(row))
    qtbot.waitUntil(lambda: "owned" in window.faces.title.text())
    qtbot.waitUntil(lambda: window.faces.model.rowCount() > 0)
    window.faces.grid.setCurrentIndex(window.faces.model.index(0))
    qtbot.waitUntil(window.faces.details.isVisible)
    window.menus.actions["history"].trigger()
    qtbot.waitUntil(lambda: len(_dialogs()) == 1)
    labels, tips = _shown(window)
    assert labels >= 3
    assert tips >= 3
    _dialogs()[0].close()


def _dialogs() -> list[QWidget]:
    return [
        one for one in QApplication.topLevelWidgets()
        if one.isVisible() and one.windowTitle() == "History"
    ]  # fmt: skip


def test_errors_are_no_markup(qtbot: QtBot) -> None:
    box = error_box(GalleryDamagedError(_MARKUP, file=_MARKUP, remedy=_MARKUP), None)
    qtbot.addWidget(box)
    assert _shown(box)[0] == 2
