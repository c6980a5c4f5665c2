"""Which backup to restore, what that would change, and where it is to go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.records.safety import Backup, Preview, Restored
from gallery_app.dialogs.report_dialog import ReportDialog
from gallery_app.theme.colours import tabular
from gallery_app.widgets.controls.boxes import Stretch, hbox, text_label, vbox
from gallery_app.widgets.controls.dialog import Dialog
from gallery_app.wording.backup_words import differences, headline, reason_text
from gallery_app.wording.number_words import date_text, size_text

_COLUMNS = (("Made", 168), ("Reason", 200), ("People", 72), ("Faces", 80), ("Size", 80))
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
        """Replace all rows."""
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


class RestoreDialog(Dialog):
    """Shows what it is given and asks; never changes anything itself.

    Signals: ``preview_requested`` (path of a backup), ``file_requested``, ``restore_requested``
    (path, and whether the present gallery is to be replaced), ``keep_requested`` (number of
    automatic backups).
    """

    preview_requested = Signal(object)
    file_requested = Signal()
    restore_requested = Signal(object, bool)
    keep_requested = Signal(int)

    def __init__(
        self, gallery: str, parent: QWidget | None = None, *, encrypted: bool = False
    ) -> None:
        """
        Args:
            gallery: name of the present gallery; "" where there is none.
            encrypted: whether it is; only a backup that is like it can replace it.
        """
        super().__init__("Restore", parent)
        self.setMinimumWidth(680)
        self._gallery = gallery
        self._encrypted = encrypted
        self._number = 0
        self._source: Path | None = None
        self.title = text_label("Restore a backup", "heading")
        self.intro = text_label(
            "Backups are made automatically before large imports and deletions, before a restore "
            "and before an update, and whenever you ask for one."
            if gallery
            else "Choose a backup file.",
            "muted",
        )
        self.table = BackupsTable()
        self.table.chosen.connect(self.preview_requested)
        self.keep = QSpinBox()
        self.keep.setRange(0, 1_000)
        self.keep.setSpecialValueText("none")
        self.keep.setAccessibleName("Automatic backups to keep")
        self.keep.editingFinished.connect(self._keep)
        self.file_button = QPushButton("Choose a &file…")
        self.file_button.clicked.connect(self.file_requested)
        self.headline = text_label("")
        font = self.headline.font()
        font.setBold(True)
        self.headline.setFont(font)
        self.sentences = text_label("")
        self.problem = text_label("", "bad")
        self.replace = QRadioButton(text=f"&Restore “{gallery}” to that state")
        self.safety = text_label(
            "The current state is backed up first, so you can return to it.", "small"
        )
        policy = self.safety.sizePolicy()
        policy.setRetainSizeWhenHidden(bool(gallery))  # nothing moves when it comes and goes
        self.safety.setSizePolicy(policy)
        self.new = QRadioButton("Create a &new gallery from it", checked=True)
        self.restore_button = QPushButton("&Restore", clicked=self._restore)
        self.cancel_button = QPushButton("Cancel", clicked=self.reject)
        self._lay_out()
        self.set_backups([])
        self._clear()

    def _lay_out(self) -> None:
        self.box = QFrame(objectName="card")
        vbox(
            self.headline,
            self.sentences,
            self.problem,
            Stretch(1),
            parent=self.box,
            margins=(16, 12, 16, 12),
            spacing=4,
        )
        self.box.setMinimumHeight(128)
        self.kept = QWidget()
        self.kept.hide()
        hbox(
            QLabel("Automatic backups to keep:"),
            self.keep,
            Stretch(1),
            parent=self.kept,
            margins=0,
            spacing=8,
        )
        ways = QVBoxLayout(spacing=4)
        under = hbox(24, self.safety)
        ways.addWidget(self.replace)
        ways.addLayout(under)
        ways.addWidget(self.new)
        buttons = hbox(
            self.file_button, Stretch(1), self.cancel_button, self.restore_button, spacing=8
        )
        vbox(
            self.title,
            self.intro,
            (self.table, 1),
            self.kept,
            self.box,
            ways,
            4,
            buttons,
            parent=self,
            margins=24,
            spacing=12,
        )

    def set_backups(self, backups: Sequence[Backup]) -> None:
        """The automatic ones, newest first; the newest is looked at."""
        self.table.setVisible(bool(backups))
        self.table.show_backups(backups)
        (self.table if backups else self.file_button).setFocus()
        if backups and self._source is None:
            self.table.selectRow(0)

    def show_kept(self, number: int) -> None:
        """How many automatic backups the gallery keeps; until then it cannot be chosen."""
        self._number = number
        self.keep.setValue(number)
        self.kept.show()
        self._make_room()

    def show_reading(self, source: Path) -> None:
        """A backup is being looked at."""
        self._source = source
        if not self.table.lists(source):
            self.table.clearSelection()
        self._clear(f"Reading {source.name} …")

    def show_preview(self, preview: Preview) -> None:
        """What is in it, and what would change."""
        self._source = preview.backup.path
        present = preview.present
        self.headline.setText(headline(preview.backup))
        lines = [f"Made from “{preview.backup.gallery}”, {preview.backup.path.name}"]
        if present is not None and present.same:
            lines += differences(present, self._gallery)
        elif present is not None:
            lines.append(
                f"It is a backup of a different gallery, so it cannot replace “{self._gallery}”."
            )
        elif preview.obstacle:
            lines.append(f"“{self._gallery}” cannot be read now; its database will be kept.")
        alike = preview.backup.encrypted == self._encrypted
        if self._gallery and not alike:
            lines.append(self._unlike(preview.backup))
        self.sentences.setText("\n".join(lines))
        self.sentences.show()
        self.problem.hide()
        self._show_ways(
            replaceable=bool(self._gallery)
            and alike
            and (bool(preview.obstacle) or (present is not None and present.same)),
            damaged=bool(preview.obstacle),
        )
        self.restore_button.setEnabled(True)
        self.restore_button.setDefault(True)
        self._make_room()

    def _unlike(self, backup: Backup) -> str:
        """Reason a backup that is not encrypted as the gallery is can only become a new one."""
        if backup.encrypted:
            return f"The backup is encrypted but “{self._gallery}” is not, so it cannot replace it."
        return f"The backup is not encrypted but “{self._gallery}” is, so it cannot replace it."

    def show_problem(self, source: Path, text: str) -> None:
        """Reason a file cannot be restored."""
        if source == self._source:
            self._clear(source.name)
            self.problem.setText(text)
            self.problem.show()

    def _show_ways(self, *, replaceable: bool, damaged: bool) -> None:
        self.replace.setVisible(bool(self._gallery))
        self.safety.setVisible(replaceable and not damaged)
        self.replace.setEnabled(replaceable)
        (self.replace if replaceable else self.new).setChecked(True)
        self.new.setVisible(bool(self._gallery))

    def _clear(self, text: str = "No backup is selected.") -> None:
        self.headline.setText(text)
        self.sentences.hide()
        self.problem.hide()
        self.restore_button.setEnabled(False)
        self._show_ways(replaceable=False, damaged=False)

    def _make_room(self) -> None:
        """For what came in since it was opened; it never gets smaller under the cursor."""
        height = self.layout().totalHeightForWidth(self.width())
        self.resize(self.width(), max(self.height(), height))

    def _keep(self) -> None:
        """Also where the field was only left: then nothing is asked for."""
        if self.keep.value() != self._number:
            self._number = self.keep.value()
            self.keep_requested.emit(self._number)

    def _restore(self) -> None:
        self.restore_requested.emit(self._source, self.replace.isChecked())


def restored_dialog(done: Restored, parent: QWidget | None) -> ReportDialog:
    """What was put in place, and where to find what was there before."""
    sentences = [f"Restored from the backup of {headline(done.backup)}."]
    if done.safety is not None:
        sentences.append(f"The previous state is kept in {done.safety}; find it under Restore….")
    if done.aside is not None:
        sentences.append(f"The damaged database is kept in {done.aside}.")
    title = f"“{done.folder.name}” was restored"
    return ReportDialog("Restore", title, sentences, parent=parent)
