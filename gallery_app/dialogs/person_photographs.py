"""The photographs that a person is in, or two people together, by date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QPushButton, QWidget

from engine.records.scans import PhotographRecord
from engine.utils.number_text import counted
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog, fitting
from gallery_app.widgets.controls.empty_state import EmptyState
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.number_words import day_text

_FILE = Qt.ItemDataRole.UserRole
SIDE = 160
"""Pixels of a photograph in the list."""
_NONE = (
    "None of these faces was found in a photograph. Scan folders of photographs, or enroll from "
    "photographs, and they are listed here."
)


class PersonPhotographsDialog(Dialog):
    """Signals: ``photograph_chosen`` (path)."""

    photograph_chosen = Signal(str)

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(f"Photographs of {' and '.join(names)}", parent, kept=True)
        self.setMinimumSize(420, 360)
        self.resize(fitting(QSize(800, 620), parent))
        self.summary = text_label("Reading photographs…")
        self.list = QListWidget(accessibleName="Photographs")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setUniformItemSizes(True)
        self.list.setWordWrap(True)
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setSpacing(8)
        self.list.itemActivated.connect(lambda item: self.photograph_chosen.emit(item.data(_FILE)))
        self.list.itemSelectionChanged.connect(self._update)
        self.empty = EmptyState("image", "No photographs", _NONE, [])
        self.empty.hide()
        self.open_button = QPushButton("&Open photograph", autoDefault=False)
        self.open_button.clicked.connect(self._open)
        close = QPushButton("Close", autoDefault=False, clicked=self.close)
        vbox(
            self.summary,
            (self.list, 1),
            (self.empty, 1),
            hbox(self.open_button, Stretch(1), close, spacing=8),
            parent=self,
            margins=24,
            spacing=12,
        )
        self._update()

    def show_photographs(self, found: Sequence[tuple[PhotographRecord, QImage]]) -> None:
        """List photographs, the oldest first."""
        self.list.clear()
        for record, image in found:
            self.list.addItem(_item(record, image))
        self.list.setVisible(bool(found))
        self.empty.setVisible(not found)
        self.summary.setText(f"{counted(len(found), 'photograph')}, the oldest first")
        self.summary.setVisible(bool(found))
        self.list.setFocus()
        self._update()

    def _open(self) -> None:
        for item in self.list.selectedItems():
            self.photograph_chosen.emit(item.data(_FILE))

    def _update(self) -> None:
        self.open_button.setEnabled(bool(self.list.selectedItems()))


def _item(record: PhotographRecord, image: QImage) -> QListWidgetItem:
    photograph = record.photograph
    when = day_text(photograph.taken) if photograph.taken else "No date"
    item = QListWidgetItem(QIcon(QPixmap.fromImage(image)), when)
    item.setData(_FILE, photograph.file)
    item.setToolTip(plain_tip(photograph.file))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{PurePath(photograph.file).name}, {when}")
    item.setSizeHint(QSize(SIDE + 16, SIDE + 32))
    return item
