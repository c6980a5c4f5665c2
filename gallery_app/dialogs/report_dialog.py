"""What an import or a check found: one sentence, and a list of what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from engine.records.types import CheckReport, ImportReport
from engine.utils.number_text import counted
from gallery_app.widgets.controls.boxes import text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.elided_label import plain_tip
from gallery_app.wording.number_words import faces_text

_LISTED = 20  # sentences


class ReportDialog(Dialog):
    """A headline, sentences under it, and a table where there is something to list."""

    def __init__(
        self,
        title: str,
        headline: str,
        sentences: Sequence[str] = (),
        columns: tuple[str, str] = ("File", "Reason"),
        rows: Sequence[tuple[str, str]] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent)
        self.setMinimumWidth(560)
        layout = vbox(text_label(headline, "heading"), parent=self, margins=24, spacing=12)
        for sentence in sentences:
            label = text_label(sentence)
            layout.addWidget(label)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, rejected=self.reject)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setDefault(True)
        if rows:
            self.resize(720, 440)
            layout.addWidget(_table(columns, rows), 1)
            copy = buttons.addButton("Copy list", QDialogButtonBox.ButtonRole.ActionRole)
            text = "\n".join(f"{left}\t{right}" for left, right in rows)
            copy.setAutoDefault(False)
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        layout.addWidget(buttons)


def _table(columns: tuple[str, str], rows: Sequence[tuple[str, str]]) -> QTableWidget:
    table = QTableWidget(len(rows), 2)
    table.setHorizontalHeaderLabels(list(columns))
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setWordWrap(False)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tip(text))
            table.setItem(row, column, item)
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(True)
    table.setColumnWidth(0, 260)
    table.setSortingEnabled(True)
    return table


def import_dialog(report: ImportReport, parent: QWidget | None) -> ReportDialog:
    """What an import brought in, and what it left out."""
    headline = (
        f"{faces_text(report.faces_added)} added, {_new_people(report.identities_added)}"
        if report.faces_added
        else "Nothing new was added"
    )
    sentences = list(report.notices)
    if report.duplicates:
        verb = "was" if report.duplicates == 1 else "were"
        sentences.insert(0, f"{faces_text(report.duplicates)} {verb} already enrolled.")
    if report.rejected:
        sentences.append(f"{len(report.rejected):,} were left out:")
    rows = [(rejection.file, rejection.reason) for rejection in report.rejected]
    return ReportDialog("Import", headline, sentences, rows=rows, parent=parent)


def _new_people(count: int) -> str:
    return counted(count, "new person", "new people")


def _problems(count: int) -> str:
    return counted(count, "problem")


def repaired_dialog(report: CheckReport, parent: QWidget | None) -> ReportDialog:
    """What a repair had to take out."""
    sentences = [f"{sentence}." for sentence in report.taken_out[:_LISTED]]
    if len(report.taken_out) > _LISTED:
        sentences.append(f"… and {len(report.taken_out) - _LISTED:,} more.")
    return ReportDialog("Check", "The gallery is intact again", sentences, parent=parent)


def check_dialog(report: CheckReport, parent: QWidget | None) -> ReportDialog:
    """What a check of the gallery found."""
    if report.ok:
        return ReportDialog(
            "Check",
            "The gallery is intact",
            ["Database, index and models agree, and every embedding is intact."],
            parent=parent,
        )
    return ReportDialog(
        "Check", _problems(len(report.problems)), list(report.problems), parent=parent
    )
