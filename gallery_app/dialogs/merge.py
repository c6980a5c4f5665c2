"""Merge several identities into one: which name stays, and what that does to recognition."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engine.records.changes import MergePreview
from engine.types import Identity
from gallery_app.dialogs.late import while_open
from gallery_app.item_models.identities import faces_text
from gallery_app.operations import correcting
from gallery_app.operations.context import Context
from gallery_app.widgets.before_after import BeforeAfter
from gallery_app.widgets.elided_label import ElidedLabel
from gallery_app.widgets.picture import PictureLabel
from gallery_app.widgets.rows import section
from gallery_app.widgets.scrolling import scrolling


class MergeDialog(QDialog):
    """Args:
    people: the identities, the one that keeps its name first.
    merged: called with the names that go and the name that stays.
    """

    def __init__(
        self,
        context: Context,
        people: Sequence[Identity],
        merged: Callable[[list[str], str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Merge people")
        self.resize(480, 236 + 56 * min(len(people), 5))
        self._context, self._people = context, list(people)
        self._pictures: list[tuple[PictureLabel, int | None]] = []
        self.choice = QButtonGroup(self)
        rows = QWidget()
        self._rows = QVBoxLayout(rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        for number, identity in enumerate(self._people):
            self._rows.addWidget(self._row(number, identity))
        self._rows.addStretch()
        self.outcome = QLabel()
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setWordWrap(True)
        self.effect = BeforeAfter()
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = box.addButton("Merge", QDialogButtonBox.ButtonRole.AcceptRole)
        self.ok.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        self.accepted.connect(lambda: merged(*self._names()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(section("WHICH NAME STAYS"))
        layout.addWidget(scrolling(rows), 1)
        layout.addWidget(self.outcome)
        layout.addWidget(self.effect)
        layout.addWidget(box)
        context.pictures.ready.connect(self._paint)
        self.finished.connect(lambda: context.pictures.ready.disconnect(self._paint))
        self.choice.button(0).setChecked(True)
        self.choice.idToggled.connect(lambda _, on: on and self._look())
        self._paint()
        self._look()

    def _row(self, number: int, identity: Identity) -> QWidget:
        button = QRadioButton()
        button.setAccessibleName(f"{identity.name} stays")
        self.choice.addButton(button, number)
        picture = PictureLabel(40, 20.0)
        self._pictures.append((picture, identity.portrait))
        count = QLabel(faces_text(identity.faces))
        count.setProperty("textRole", "muted")
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 4, 8, 4)
        layout.setSpacing(12)
        layout.addWidget(button)
        layout.addWidget(picture)
        layout.addWidget(ElidedLabel(identity.name), 1)
        layout.addWidget(count)
        return row

    def _paint(self) -> None:
        for label, face in self._pictures:
            label.set_picture(self._context.pictures.get(face))

    def _names(self) -> tuple[list[str], str]:
        """The names that go, and the one that stays."""
        stays = self._people[self.choice.checkedId()].name
        return [one.name for one in self._people if one.name != stays], stays

    def _look(self) -> None:
        names, into = self._names()
        self.outcome.setText(f"All faces get the name {into}.")
        self.effect.show_waiting()
        show, gone = while_open(self, self._show), while_open(self, self.reject)
        correcting.preview_merge(self._context, names, into, show, gone)

    def _show(self, preview: MergePreview) -> None:
        if preview.survivor != self._names()[1]:
            return
        doubles = preview.duplicates
        left_out = f" {faces_text(doubles)} twice there would be left out." if doubles else ""
        self.outcome.setText(
            f"{preview.survivor} would have {faces_text(preview.faces)}.{left_out}"
        )
        self.effect.show_shares(preview.before, preview.after)
