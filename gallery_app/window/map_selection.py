"""Below the map: the faces that were clicked or lassoed, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QWidget

from engine.records.exports import EXPORT_KINDS
from engine.records.types import Face
from gallery_app.item_models.face_model import caption
from gallery_app.pictures import Pictures
from gallery_app.widgets.controls.boxes import hbox, vbox
from gallery_app.widgets.controls.flow_layouts import WrappingRow
from gallery_app.widgets.controls.labels import ElidedLabel
from gallery_app.widgets.faces.painting import PictureLabel
from gallery_app.wording.export_words import TITLES
from gallery_app.wording.number_words import faces_text, people_text

_PICTURES = 3
NAMED = 4
"""People who are named."""


class MapSelection(QFrame):
    """Signals: ``show_requested`` (their person, in the faces), ``ask_requested`` (who is this),
    ``move_requested`` (name them, or move them to somebody), ``review_requested`` (look at them one
    beside the other), ``export_requested`` (as what), ``cleared``.
    """

    show_requested = Signal()
    ask_requested = Signal()
    move_requested = Signal()
    review_requested = Signal()
    export_requested = Signal(str)
    cleared = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent, objectName="faceDetails")
        self._pictures = pictures
        self.faces: list[Face] = []
        self.pictures = [PictureLabel(44) for _ in range(_PICTURES)]
        self.title, self.detail = ElidedLabel(), ElidedLabel()
        self.title.setProperty("textRole", "heading")
        self.detail.setProperty("textRole", "small")
        self.show_them = self._button("Show", self.show_requested, "Their person's faces")
        self.ask = self._button(
            "Who is this?", self.ask_requested, "Test this face as if it were not enrolled"
        )
        self.move_them = self._button(
            "Name or move…", self.move_requested, "Move to another person, or create a new one"
        )
        self.review = self._button("Review…", self.review_requested, "Show the faces side by side")
        self.export = self._export_button()
        self.clear = self._button("Clear", self.cleared, "Clear selection (Escape)")
        self._lay_out()
        pictures.ready.connect(lambda _: self._show_pictures())
        self.hide()

    def _button(self, text: str, signal: Signal, tip: str) -> QPushButton:
        button = QPushButton(text, toolTip=tip, clicked=lambda: signal.emit())
        return button

    def _export_button(self) -> QPushButton:
        button = QPushButton("Export", toolTip="Export these faces")
        menu = QMenu(button)
        for kind in EXPORT_KINDS:
            if kind != "report":  # which is of the whole gallery
                act = menu.addAction(f"{TITLES[kind]}…")
                act.triggered.connect(lambda _=False, to=kind: self.export_requested.emit(to))
        button.setMenu(menu)
        return button

    def _lay_out(self) -> None:
        row = hbox(*self.pictures, 6, (vbox(self.title, self.detail, spacing=2), 1), spacing=6)
        below = QWidget()
        doors = WrappingRow(below, spacing=6)
        buttons = (
            self.show_them, self.ask, self.move_them, self.review, self.export, self.clear,
        )  # fmt: skip
        for button in buttons:
            doors.addWidget(button)
        vbox(row, below, parent=self, margins=(24, 12, 24, 12), spacing=8)

    def show_faces(
        self, some: Sequence[Face], count: int, who: str = "", *, writable: bool = True
    ) -> None:
        """
        Args:
            some: the first of them.
            count: how many are selected; 0 hides it.
            who: whose they are.
        """
        self.faces = list(some)
        self.setVisible(count > 0)
        if not count:
            return
        alone = count == 1
        self.title.setText(some[0].name if alone and some else faces_text(count))
        self.detail.setText(caption(some[0]) if alone and some else who)
        self.ask.setVisible(alone)
        self.review.setVisible(not alone)
        self.move_them.setEnabled(writable)
        self._show_pictures()

    def _show_pictures(self) -> None:
        for place, label in enumerate(self.pictures):
            label.setVisible(place < len(self.faces))
            if place < len(self.faces):
                label.set_picture(self._pictures.get(self.faces[place].id))


def who_text(people: int, most: Sequence[tuple[str, int]]) -> str:
    """ "3 people: Tony Blair 20, Colin Powell 3, …".

    Args:
        most: names of those with most faces, and how many.
    """
    named = ", ".join(f"{name} {number:,}" for name, number in most[:NAMED])
    return f"{people_text(people)}: {named}{', …' if people > NAMED else ''}"
