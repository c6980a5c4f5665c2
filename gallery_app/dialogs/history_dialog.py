"""The history of a gallery as a Qt table, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QDialogButtonBox, QHeaderView, QTableView, QWidget

from engine.records.changes import HistoryEntry
from gallery_app.theme.colours import current_theme
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.labels import plain_tip
from gallery_app.wording.history_words import change_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_COLUMNS = ("What", "Who", "When", "")
_STATES = {
    "done": "",
    "undone": "undone",
    "cut": "undone, then replaced by another change",
    "aside": "not part of undo",
    "fixed": "cannot be undone",
}


class HistoryModel(QAbstractTableModel):
    """One row a change; those that are undone are greyed and struck out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[HistoryEntry] = []

    def set_entries(self, entries: Sequence[HistoryEntry]) -> None:
        self.beginResetModel()
        self._entries = list(entries)
        self.endResetModel()

    def entry_at(self, row: int) -> HistoryEntry | None:
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def row_now(self) -> int:
        """Row of the newest change that holds, or -1."""
        rows = (row for row, entry in enumerate(self._entries) if entry.state == "done")
        return next(rows, -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        return _COLUMNS[section] if across and role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entry_at(index.row())
        if entry is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(index.row(), entry)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 0:
            return plain_tip(change_text(entry.summary))
        if role == Qt.ItemDataRole.ForegroundRole and (entry.undone or index.column()):
            return current_theme().muted
        if role == Qt.ItemDataRole.FontRole and index.column() == 0:
            font = QFont()
            font.setStrikeOut(entry.undone)
            font.setBold(index.row() == self.row_now())
            return font
        return None

    def _texts(self, row: int, entry: HistoryEntry) -> tuple[str, ...]:
        when = datetime.fromtimestamp(entry.at)
        state = "current state" if row == self.row_now() else _STATES[entry.state]
        return change_text(entry.summary), entry.actor, f"{when:%d %B %Y, %H:%M:%S}", state


class HistoryDialog(Dialog):
    """Args:
    go_to: called with the change after which the gallery is to be as it was.
    """

    def __init__(
        self, go_to: Callable[[int], None], *, writable: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__("History", parent)
        self.resize(860, 520)
        self._go_to, self._writable = go_to, writable
        self.model = HistoryModel(self)
        self.table = self._table()
        hint = text_label(
            "Going to a change undoes or redoes everything between; nothing is lost.",
            "muted",
        )
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.go = box.addButton("Go to this change", QDialogButtonBox.ButtonRole.ActionRole)
        self.go.clicked.connect(self._go)
        box.rejected.connect(self.reject)
        vbox(hint, (self.table, 1), box, parent=self, margins=24, spacing=16)
        self._selected()

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setAccessibleName("Changes, newest first")
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 16)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().selectionChanged.connect(lambda *_: self._selected())
        table.doubleClicked.connect(lambda _: self._go())
        return table

    def show_entries(self, entries: Sequence[HistoryEntry]) -> None:
        """The history as it is now; where it stands is selected."""
        self.model.set_entries(entries)
        if entries:
            self.table.selectRow(max(self.model.row_now(), 0))
        self._selected()

    def _chosen(self) -> HistoryEntry | None:
        """The selected change, where one can go there."""
        rows = self.table.selectionModel().selectedRows()
        entry = self.model.entry_at(rows[0].row()) if rows else None
        if entry is None or rows[0].row() == self.model.row_now():
            return None
        return entry if entry.state in ("done", "undone") else None

    def _selected(self) -> None:
        entry = self._chosen()
        self.go.setEnabled(entry is not None and self._writable)
        self.go.setText(
            "Go forward to this change" if entry and entry.undone else "Go back to this change"
        )

    def _go(self) -> None:
        entry = self._chosen()
        if entry is not None and self._writable:
            self._go_to(entry.change)
