"""The history of a gallery as a Qt table, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from engine.records.changes import HistoryEntry
from gallery_app.theme.theme import current_theme
from gallery_app.widgets.controls.elided_label import plain_tip

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
            return plain_tip(entry.summary)
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
        return entry.summary, entry.actor, f"{when:%d %B %Y, %H:%M:%S}", state
