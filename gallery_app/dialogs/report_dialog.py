"""What an import, a check or a repair found, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.records.safety import Backup, Salvaged
from engine.records.types import CheckReport, ImportReport
from engine.utils.number_text import counted
from gallery_app.widgets.controls.boxes import hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.widgets.controls.labels import IconLabel, plain_tip
from gallery_app.wording.backup_words import headline
from gallery_app.wording.number_words import faces_text, people_text

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


_INDEX = "Only derived data is damaged. No face is lost, and identification still works."
_DATABASE = (
    "The database of people and faces is damaged. Nothing is written to it any more. Whatever "
    "you choose, the damaged file is kept."
)
_ALTERED = (
    "Some stored embeddings differ from those that were enrolled, so they are not used. Whatever "
    "you choose, the damaged database is kept."
)
_LINE = 84  # letters in a line of the list
_MODELS = "People and faces are intact. A trained model is damaged: delete it and train it again."


class DamagedDialog(Dialog):
    """Shows what it is given and asks; never changes anything itself.

    Signals: ``rebuild_requested`` (also to take out what has changed), ``restore_requested`` (path
    of a backup, or None for another one), ``salvage_requested``.
    """

    rebuild_requested = Signal()
    restore_requested = Signal(object)
    salvage_requested = Signal()

    def __init__(
        self,
        gallery: str,
        problems: Sequence[str],
        *,
        in_index: bool,
        in_database: bool,
        altered: bool,
        backup: Backup | None,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            problems: one sentence each.
            in_index: whether rebuilding the index mends something.
            in_database: whether people and faces are affected.
            altered: whether stored numbers are not those that were kept.
            backup: the newest automatic one that is sound.
        """
        super().__init__("Check", parent)
        self.setMinimumWidth(640)
        self._column = vbox(parent=self, margins=24, spacing=12)
        what = _DATABASE if in_database else _INDEX if in_index else _MODELS
        self._head(gallery, _ALTERED if altered else what)
        self.list = _listed(problems)
        self._column.addWidget(self.list)
        self.rebuild = QPushButton("&Rebuild")
        self.restore = QPushButton("Re&store…")
        self.salvage = QPushButton("Sal&vage…")
        self.take_out = QPushButton("&Remove")
        self.rebuild.clicked.connect(self.rebuild_requested)
        self.take_out.clicked.connect(self.rebuild_requested)
        self.restore.clicked.connect(
            lambda: self.restore_requested.emit(None if backup is None else backup.path)
        )
        self.salvage.clicked.connect(self.salvage_requested)
        if in_index and not in_database:
            text = "It is rebuilt from the database. Nothing is lost."
            self._way("Rebuild the search index", text, self.rebuild)
        if altered:
            text = (
                "Faces whose embeddings have changed are removed and listed. A copy of the "
                "damaged database is kept. Earlier changes can no longer be undone."
            )
            self._way("Remove damaged faces", text, self.take_out)
        if in_database or not in_index:
            self._way("Restore a backup", _restore_text(backup), self.restore)
        if in_database:
            text = (
                "Every face that can still be read and matches its checksum is copied to a new "
                "gallery. What was lost is listed."
            )
            self._way("Salvage readable faces", text, self.salvage)
        self._buttons()
        self.resize(640, self._column.totalHeightForWidth(640))

    def _head(self, gallery: str, text: str) -> None:
        head = hbox((IconLabel("alert", "warning", 24), 0, Qt.AlignmentFlag.AlignTop), spacing=12)
        words = vbox(text_label(f"“{gallery}” is damaged", "heading"), text_label(text), spacing=4)
        head.addLayout(words, 1)
        self._column.addLayout(head)

    def _way(self, title: str, text: str, button: QPushButton) -> None:
        card = QFrame()
        card.setObjectName("card")
        row = hbox(parent=card, margins=(16, 12, 16, 12), spacing=16)
        words = QVBoxLayout(spacing=4)
        name = text_label(title)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        words.addWidget(name)
        words.addWidget(text_label(text, "muted"))
        row.addLayout(words, 1)
        button.setMinimumWidth(96)
        button.setAutoDefault(False)
        button.clicked.connect(self.accept)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addWidget(card)

    def _buttons(self) -> None:
        row = QHBoxLayout()
        row.addStretch(1)
        close = QPushButton("Close", clicked=self.reject, default=True)
        row.addWidget(close)
        self._column.addSpacing(4)
        self._column.addLayout(row)


def salvaged_dialog(saved: Salvaged, parent: QWidget | None) -> ReportDialog:
    """What was saved, and what was lost."""
    saved_text = f"{people_text(saved.identities)}, {faces_text(saved.faces)} saved"
    if not saved.lost:
        sentence = "All faces of the damaged gallery were saved. Its history was not."
        return ReportDialog("Salvage", saved_text, [sentence], parent=parent)
    return ReportDialog("Salvage", saved_text, ["What was lost:", *saved.lost], parent=parent)


def _restore_text(backup: Backup | None) -> str:
    if backup is None:
        return "There is no intact automatic backup. Choose one that you made."
    return f"Newest intact backup: {headline(backup)}. Changes made after it are lost."


def _listed(problems: Sequence[str]) -> QListWidget:
    shown = QListWidget()
    shown.addItems(list(problems))
    shown.setAccessibleName("Problems")
    shown.setWordWrap(True)
    shown.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    shown.setSelectionMode(QListWidget.SelectionMode.NoSelection)
    shown.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    lines = sum(1 + len(problem) // _LINE for problem in problems)
    line = shown.fontMetrics().lineSpacing()
    shown.setFixedHeight(16 + line * min(8, lines) + 12 * len(problems[:4]))
    return shown
