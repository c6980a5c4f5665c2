"""Keyboard shortcuts and the about box, both made from what the window really has."""

from __future__ import annotations

from importlib.metadata import version

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QWidget

from gallery_app.theme.icons import app_icon
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog

_COLUMNS = 3  # so that a low screen shows them all
_MORE = {
    "Search people": "type in the search field, then press Down for the list",
    "Details of a face": "arrow keys in the grid",
    "Who is this? (for the selected face)": "Enter or double-click",
    "Move the map": "arrow keys on it; + and - zoom, 0 shows everything",
    "Select faces on the map": "L, then draw around them (or hold Shift and drag); Escape clears",
    "Answer a review question": "the letter on the button",
    "Compare with another face": "click it below the comparison",
}


def shortcuts_dialog(actions: list[QAction], parent: QWidget | None) -> QDialog:
    """Every action that has a shortcut."""
    dialog = Dialog("Keyboard shortcuts", parent)
    grid = QGridLayout()
    grid.setHorizontalSpacing(32)
    grid.setVerticalSpacing(6)
    native = QKeySequence.SequenceFormat.NativeText
    rows = [
        (action.text().split(": ")[0], QKeySequence.listToString(action.shortcuts(), native))
        for action in actions
        if action.shortcuts()
    ]
    rows = [(what.replace("&", "").rstrip("…"), keys.replace("; ", ", ")) for what, keys in rows]
    high = -(-len(rows) // _COLUMNS)
    for place, (what, keys) in enumerate(rows):
        _add(grid, place % high, 2 * (place // high), what, keys)
    for row, (what, keys) in enumerate(_MORE.items(), start=high + 1):
        _add(grid, row, 0, what, keys, across=2 * _COLUMNS - 1)
    grid.setRowMinimumHeight(high, 12)
    _fill(dialog, grid)
    return dialog


def _add(grid: QGridLayout, row: int, column: int, what: str, keys: str, across: int = 1) -> None:
    grid.addWidget(QLabel(what), row, column)
    label = text_label(keys, "muted", wrap=False)
    grid.addWidget(label, row, column + 1, 1, across)


def about_dialog(parent: QWidget | None) -> QDialog:
    """What this is, and what it does not do with faces."""
    dialog = Dialog("About Face Gallery", parent)
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    picture = QLabel(pixmap=app_icon().pixmap(64, 64))
    grid.addWidget(picture, 0, 0, 3, 1, Qt.AlignmentFlag.AlignTop)
    title = text_label(f"Face Gallery {version('face-gallery')}", "heading", wrap=False)
    grid.addWidget(title, 0, 1)
    grid.addWidget(
        QLabel("Identifies faces, states how certain it is, and shows the matching faces."), 1, 1
    )
    private = text_label(
        "Faces never leave this computer: no network, no telemetry. Embeddings of faces are "
        "biometric data of real people; treat them accordingly.",
        "muted",
    )
    grid.addWidget(private, 2, 1)
    _fill(dialog, grid)
    return dialog


def _fill(dialog: QDialog, grid: QGridLayout) -> None:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=dialog.reject)
    vbox(grid, buttons, parent=dialog, margins=24, spacing=24)
