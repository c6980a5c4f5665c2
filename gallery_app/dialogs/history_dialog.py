"""Every change of the gallery, and the way back to any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QDialogButtonBox, QHeaderView, QTableView, QWidget

from engine.records.changes import HistoryEntry
from gallery_app.item_models.history_model import HistoryModel
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog


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
