"""The table of automatic backups."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from engine.records.safety import Backup
from gallery_app.theme import tabular
from gallery_app.widgets.backup_words import reason_text, size_text
from gallery_app.widgets.model_words import date_text

_COLUMNS = (("Made", 168), ("Why", 200), ("People", 72), ("Faces", 80), ("Size", 80))
_NUMBERS = (2, 3, 4)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class BackupsTable(QTableWidget):
    """One row a backup, in the order given.

    Signals: ``chosen`` (path of a backup).
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_COLUMNS), parent)
        self._paths: list[Path] = []
        self.setHorizontalHeaderLabels([name for name, _ in _COLUMNS])
        self.setObjectName("backupsTable")
        self.setAccessibleName("Automatic backups")
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMinimumHeight(136)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, (_, width) in enumerate(_COLUMNS):
            self.setColumnWidth(column, width)
            if column in _NUMBERS:
                self.horizontalHeaderItem(column).setTextAlignment(_RIGHT)
        self.itemSelectionChanged.connect(self._selected)

    def show_backups(self, backups: Sequence[Backup]) -> None:
        """Replaces all rows."""
        self._paths = [backup.path for backup in backups]
        self.setRowCount(len(backups))
        for row, backup in enumerate(backups):
            for column, text in enumerate(_cells(backup)):
                item = QTableWidgetItem(text)
                if column in _NUMBERS:
                    item.setTextAlignment(_RIGHT)
                    item.setFont(tabular(self.font()))
                self.setItem(row, column, item)

    def lists(self, path: Path) -> bool:
        """Whether a backup is among the rows."""
        return path in self._paths

    def _selected(self) -> None:
        rows = self.selectionModel().selectedRows()
        if rows:
            self.chosen.emit(self._paths[rows[0].row()])


def _cells(backup: Backup) -> tuple[str, ...]:
    return (
        date_text(backup.created),
        reason_text(backup.reason),
        f"{backup.identities:,}",
        f"{backup.faces:,}",
        size_text(backup.size),
    )
