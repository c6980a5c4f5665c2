"""The table of trained models."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from engine.records.jobs import ModelVersion
from gallery_app.icons import Role, icon
from gallery_app.theme import tabular
from gallery_app.widgets.elided_label import plain_tip
from gallery_app.widgets.model_words import (
    KIND_NAMES,
    PRESET_NAMES,
    date_text,
    share_text,
    state_text,
    trained_on_text,
)

_IdRole = Qt.ItemDataRole.UserRole
_SortRole = Qt.ItemDataRole.UserRole + 1
_COLUMNS = (
    ("Model", 116, "What was trained"),
    ("Trained", 160, "When the training ended"),
    ("Preset", 156, "Settings it was trained with"),
    ("Rank-1", 78, "Right name first, on faces it had not seen"),
    ("Balanced", 88, "The same, as the mean over people"),
    ("FNIR at 1 %", 104, "Known people missed when 1 stranger in 100 may get a name"),
    ("Trained on", 176, "People and faces it learned from"),
    ("State", 130, "In use, collapsed, or behind the gallery"),
)
_METRICS = {3: "rank1", 4: "balanced_rank1", 5: "fnir"}
_DATE, _STATE = 1, 7


class _Item(QTableWidgetItem):
    """Sorts by what the words stand for; what is not known comes last."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        mine, others = self.data(_SortRole), other.data(_SortRole)
        return bool(mine < others)


class VersionsTable(QTableWidget):
    """One row a version, newest first until the person sorts.

    Signals: ``delete_pressed``.
    """

    delete_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_COLUMNS), parent)
        self.setHorizontalHeaderLabels([name for name, _, _ in _COLUMNS])
        self.setObjectName("versionsTable")
        self.setAccessibleName("Trained models")
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, (_, width, tip) in enumerate(_COLUMNS):
            self.setColumnWidth(column, width)
            self.horizontalHeaderItem(column).setToolTip(tip)
            if column in _METRICS:
                self.horizontalHeaderItem(column).setTextAlignment(_RIGHT)
        header.setSortIndicator(_DATE, Qt.SortOrder.DescendingOrder)
        self.setSortingEnabled(True)

    def show_versions(self, versions: Sequence[ModelVersion]) -> None:
        """Replaces all rows."""
        self.setSortingEnabled(False)  # rows would move while they are filled
        self.setRowCount(len(versions))
        for row, version in enumerate(versions):
            for column in range(len(_COLUMNS)):
                item = _cell(version, column)
                if column in _METRICS:
                    item.setTextAlignment(_RIGHT)
                    item.setFont(tabular(self.font()))
                self.setItem(row, column, item)
        self.setSortingEnabled(True)

    def selected_ids(self) -> list[str]:
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.item(row, 0).data(_IdRole) for row in rows]

    def select(self, ids: Sequence[str]) -> None:
        """Selects these versions and no other."""
        self.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in range(self.rowCount()):
            if self.item(row, 0).data(_IdRole) in ids:
                index = self.model().index(row, 0)
                self.selectionModel().setCurrentIndex(index, flags)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _cell(version: ModelVersion, column: int) -> QTableWidgetItem:
    metric = version.metrics.get(_METRICS[column]) if column in _METRICS else None
    words = (
        KIND_NAMES[version.kind],
        date_text(version.created),
        PRESET_NAMES[version.preset],
        *(share_text(metric) for _ in _METRICS),
        trained_on_text(version),
        state_text(version),
    )
    item = _Item(words[column])
    item.setToolTip(plain_tip(words[column]))
    item.setData(_IdRole, version.id)
    item.setData(_SortRole, _sort_key(version, column, metric, words[column]))
    if column == _STATE and (sign := _sign(version)):
        item.setIcon(icon(*sign))
    return item


def _sort_key(version: ModelVersion, column: int, metric: float | None, words: str) -> float | str:
    if column in _METRICS:
        return -1.0 if metric is None else metric
    if column == _DATE:
        return version.created
    return float(version.faces) if column == _DATE + 5 else words


def _sign(version: ModelVersion) -> tuple[str, Role] | None:
    """A mark beside the state; the words say the same."""
    if version.collapsed:
        return "alert", "bad"
    if version.stale:
        return "alert", "warning"
    return ("check", "good") if version.active else None
