"""Enroll faces under a name: files by picker or drop, checked before anything is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QStringListModel, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import IdentityNameError
from engine.names import check_name
from engine.types import EnrolmentReport, FaceBatch, Rejection
from gallery_app.dialogs.files import choose_embeddings, local_paths
from gallery_app.icons import icon
from gallery_app.operations import enrolling
from gallery_app.operations.context import Context

_PAUSE = 250  # ms without a key before the check runs


class EnrollDialog(QDialog):
    """Collects name and faces; ``report`` is set when they were enrolled."""

    def __init__(
        self,
        context: Context,
        names: Sequence[str],
        batches: Sequence[FaceBatch] = (),
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Enroll a person")
        self.setAcceptDrops(True)
        self.resize(560, 520)
        self._context = context
        self._names = set(names)
        self._enrolling = False
        self._batches: list[FaceBatch] = []
        self.report: EnrolmentReport | None = None
        self.name = self._name_field(names)
        self.who = QLabel()
        self.who.setTextFormat(Qt.TextFormat.PlainText)
        self.who.setProperty("textRole", "small")
        self.files = QListWidget()
        self.files.setAccessibleName("Faces to enroll")
        self.files.setMinimumHeight(120)
        self.add = QPushButton(icon("folder-open"), "Add files…")
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self._pick)
        self.warnings = QLabel()
        self.warnings.setWordWrap(True)
        self.warnings.setTextFormat(Qt.TextFormat.PlainText)
        self.warnings.setProperty("textRole", "warning")
        self.buttons = self._buttons()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._check)
        self._lay_out()
        self.name.setText(name)
        self._take(list(batches), [])

    def _name_field(self, names: Sequence[str]) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText("Name of a new or enrolled person")
        field.setAccessibleName("Name")
        completer = QCompleter(QStringListModel(list(names), self), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        field.setCompleter(completer)
        field.textChanged.connect(self._changed)
        return field

    def _buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = box.addButton("Enroll", QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setProperty("primary", True)
        self.ok.setDefault(True)
        box.accepted.connect(self._enroll)
        box.rejected.connect(self.reject)
        return box

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setVerticalSpacing(8)
        form.addRow("Name", self.name)
        form.addRow("", self.who)
        form.addRow("Faces", self.files)
        row = QHBoxLayout()
        row.addWidget(self.add)
        hint = QLabel("or drop .npy, .npz or .csv files here")
        hint.setProperty("textRole", "small")
        row.addWidget(hint)
        row.addStretch()
        form.addRow("", row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(self.warnings)
        layout.addStretch()
        layout.addWidget(self.buttons)

    def _pick(self) -> None:
        paths = choose_embeddings(self, self._context.settings)
        if paths:
            self.add_files(paths)

    def add_files(self, paths: Sequence[Path]) -> None:
        """Reads files; those that cannot be used are listed with the reason."""
        enrolling.read_faces(self._context, paths, self._take)

    def _take(self, batches: list[FaceBatch], rejected: list[Rejection]) -> None:
        self._batches += batches
        for batch in batches:
            count = "1 face" if len(batch) == 1 else f"{len(batch):,} faces"
            item = QListWidgetItem(icon("face", "muted"), f"{Path(batch.files[0]).name} · {count}")
            item.setToolTip(batch.files[0])
            self.files.addItem(item)
        for refused in rejected:
            text = f"{Path(refused.file).name} · left out: {refused.reason}"
            item = QListWidgetItem(icon("alert", "muted"), text)
            item.setToolTip(f"{refused.file}\n{refused.reason}")
            self.files.addItem(item)
        self._changed()

    def _batch(self) -> FaceBatch:
        name = self.name.text().strip()
        parts = self._batches
        return FaceBatch(
            np.concatenate([part.vectors for part in parts]),
            [name] * sum(len(part) for part in parts),
            [file for part in parts for file in part.files],
            [row for part in parts for row in part.rows],
            [photo for part in parts for photo in part.photos],
        )

    def _changed(self) -> None:
        name = self.name.text().strip()
        problem = ""
        try:
            check_name(name)
        except IdentityNameError as error:
            problem = error.problem if name else "Type a name"
        exact = name in self._names
        self.who.setText(problem or (f"Adds to {name}" if exact else "A new person"))
        self.ok.setEnabled(not problem and bool(self._batches) and not self._enrolling)
        self.ok.setText("Add faces" if exact else "Enroll")
        self.warnings.setText("")
        if self.ok.isEnabled():
            self._pause.start()

    def _check(self) -> None:
        if self.ok.isEnabled():
            enrolling.check_enrolment(
                self._context, self.name.text().strip(), self._batch(), self._show_warnings
            )

    def _show_warnings(self, warnings: tuple[str, ...]) -> None:
        self.warnings.setText("\n".join(warnings))

    def _enroll(self) -> None:
        self._enrolling = True
        self._changed()
        name = self.name.text().strip()
        enrolling.enroll(self._context, name, self._batch(), self._enrolled, self._refused)

    def _refused(self) -> None:
        self._enrolling = False
        self._changed()

    def _enrolled(self, report: EnrolmentReport) -> None:
        self.report = report
        self.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add_files(local_paths(event.mimeData()))
