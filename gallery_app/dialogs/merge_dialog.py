"""Merge several identities into one: which name stays, and what that does to recognition."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from engine.records.changes import MergePreview
from engine.records.types import Identity
from gallery_app.operations import corrections
from gallery_app.operations.context import Context
from gallery_app.widgets.controls.boxes import hbox, section, text_label, vbox
from gallery_app.widgets.controls.confidence_bar import BeforeAfter
from gallery_app.widgets.controls.dialog import Dialog, scrolling
from gallery_app.widgets.controls.labels import ElidedLabel, IconLabel
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.wording.number_words import faces_text
from gallery_app.wording.similarity_words import merge_comfort, merge_warning


class MergeDialog(Dialog):
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
        super().__init__("Merge people", parent)
        self.resize(520, 300 + 56 * min(len(people), 5))
        self._context, self._people = context, list(people)
        self._pictures: list[tuple[PictureLabel, int | None]] = []
        self.choice = QButtonGroup(self)
        rows = QWidget()
        self._rows = QVBoxLayout(rows)
        self._rows.setContentsMargins(0, 0, 0, 0)
        for number, identity in enumerate(self._people):
            self._rows.addWidget(self._row(number, identity))
        self._rows.addStretch()
        self.outcome = text_label()
        self.effect = BeforeAfter()
        self.compared = text_label()
        self.warned = IconLabel("alert", "bad")
        box = QDialogButtonBox()
        self.ok = box.addButton("Merge anyway", QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel = box.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.ok.setMinimumWidth(self.ok.sizeHint().width())  # nothing moves when its text changes
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        self.accepted.connect(lambda: merged(*self._names()))
        layout = vbox(
            section("NAME TO KEEP"),
            (scrolling(rows), 1),
            self.outcome,
            parent=self,
            margins=24,
            spacing=12,
        )
        judged = hbox((self.warned, 0, Qt.AlignmentFlag.AlignTop), (self.compared, 1), spacing=8)
        layout.addLayout(judged)
        layout.addWidget(self.effect)
        layout.addWidget(box)
        context.pictures.ready.connect(self._paint)
        self.finished.connect(lambda: context.pictures.ready.disconnect(self._paint))
        self.choice.button(0).setChecked(True)
        self.choice.idToggled.connect(lambda _, on: on and self._look())
        self._paint()
        self._look()

    def _row(self, number: int, identity: Identity) -> QWidget:
        button = QRadioButton(accessibleName=f"Keep {identity.name}")
        self.choice.addButton(button, number)
        picture = PictureLabel(40, 20.0)
        self._pictures.append((picture, identity.portrait))
        row = QWidget()
        hbox(
            button,
            picture,
            (ElidedLabel(identity.name), 1),
            text_label(faces_text(identity.faces), "muted", wrap=False),
            parent=row,
            margins=(0, 4, 8, 4),
            spacing=12,
        )
        return row

    def _paint(self) -> None:
        for label, face in self._pictures:
            label.set_picture(self._context.pictures.get(face))

    def _names(self) -> tuple[list[str], str]:
        """The names that go, and the one that stays."""
        stays = self._people[self.choice.checkedId()].name
        return [person.name for person in self._people if person.name != stays], stays

    def _look(self) -> None:
        names, into = self._names()
        self.outcome.setText(f"All faces will be named {into}.")
        self.effect.show_waiting()
        self._show_compared("Comparing their faces…", unlike=False, sure=False)
        show, stale = self.while_open(self._show), self.while_open(self.reject)
        corrections.preview_merge(self._context, names, into, show, stale)

    def _show(self, preview: MergePreview) -> None:
        if preview.survivor != self._names()[1]:
            return
        doubles = preview.duplicates
        left_out = (
            (f" {faces_text(doubles)} that would occur twice will be left out.") if doubles else ""
        )
        self.outcome.setText(f"{preview.survivor} will have {faces_text(preview.faces)}.{left_out}")
        self.effect.show_shares(preview.before, preview.after)
        warning = merge_warning(preview.compared, preview.survivor)
        words = warning or merge_comfort(preview.compared, preview.survivor)
        self._show_compared(words, unlike=bool(warning), sure=not warning)

    def _show_compared(self, words: str, *, unlike: bool, sure: bool) -> None:
        """What the comparison says. Enter merges only where nothing speaks against it."""
        self.compared.setText(words)
        self.compared.setProperty("textRole", "bad" if unlike else "muted")
        self.compared.style().unpolish(self.compared)
        self.compared.style().polish(self.compared)
        self.warned.setVisible(unlike)
        self.ok.setText("Merge anyway" if unlike else "Merge")
        (self.ok if sure else self.cancel).setDefault(True)
