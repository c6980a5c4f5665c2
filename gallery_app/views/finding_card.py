"""One finding of the review: the question, the evidence side by side, the answers."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.records.findings import Finding
from gallery_app.pictures import Pictures
from gallery_app.widgets.clickable import Clickable
from gallery_app.widgets.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.key_button import KeyButton
from gallery_app.widgets.picture import PictureLabel
from gallery_app.widgets.review_words import Choice, Side, choices, headline, reason, sides
from gallery_app.widgets.rows import refill, section
from gallery_app.widgets.wrapping import WrappingRow

_LARGE, _LARGE_NARROW, _SMALL, _OTHERS = 136, 96, 40, 3
_NARROW = 420


class FindingCard(QFrame):
    """Signals: ``answered`` (the name of an answer), ``identity_wanted`` (identity name)."""

    answered = Signal(str)
    identity_wanted = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._writable = True
        self.question = QLabel()
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.question.setProperty("textRole", "heading")
        self.reason = QLabel()
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.setProperty("textRole", "muted")
        for label in (self.question, self.reason):
            label.setWordWrap(True)
        self.left = SideView(pictures)
        self.right = SideView(pictures)
        for side in (self.left, self.right):
            side.name_clicked.connect(self.identity_wanted)
        self.buttons: dict[str, KeyButton] = {}
        self._answers = WrappingRow()
        self._lay_out()

    def _lay_out(self) -> None:
        halves = QHBoxLayout()
        halves.setSpacing(16)
        halves.addWidget(self.left, 1)
        halves.addWidget(self.right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.question)
        layout.addWidget(self.reason)
        layout.addSpacing(4)
        layout.addLayout(halves)
        layout.addSpacing(4)
        layout.addLayout(self._answers)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the two faces are what stays."""
        narrow = self.width() < _NARROW
        self.reason.setVisible(not narrow)
        self.question.setToolTip(plain_tip(self.reason.text()) if narrow else "")
        for side in (self.left, self.right):
            side.set_narrow(narrow)
        super().resizeEvent(event)

    def set_writable(self, writable: bool) -> None:
        """In a gallery that is open for reading only nothing can be answered but "later"."""
        self._writable = writable
        for name, button in self.buttons.items():
            button.setEnabled(writable or name == "later")

    def show_finding(self, finding: Finding, portraits: Mapping[int, int | None]) -> None:
        self.question.setText(headline(finding))
        self.reason.setText(reason(finding))
        left, right = sides(finding, portraits)
        self.left.show_side(left)
        self.right.setVisible(right is not None)
        if right is not None:
            self.right.show_side(right)
        self._show_answers(finding)

    def forget(self) -> None:
        """Nobody is asked about any more."""
        for label in (self.question, self.reason):
            label.setText("")
        self.question.setToolTip("")
        for side in (self.left, self.right):
            side.show_side(Side("", "", None))

    def _show_answers(self, finding: Finding) -> None:
        wanted = choices(finding)
        if [choice.text for choice in wanted] == [one.text() for one in self.buttons.values()]:
            return  # the next finding of the same kind: nothing moves under the cursor
        self.buttons = {choice.answer: self._button(choice) for choice in wanted}
        self.buttons[wanted[0].answer].setProperty("primary", True)
        refill(self._answers, list(self.buttons.values()))
        self.set_writable(self._writable)

    def _button(self, choice: Choice) -> KeyButton:
        button = KeyButton(choice.text, choice.key, choice.tip, self)
        button.clicked.connect(lambda: self.answered.emit(choice.answer))
        return button


class SideView(QWidget):
    """Signals: ``name_clicked`` (identity name)."""

    name_clicked = Signal(str)

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._side = Side("", "", None)
        self.heading = section("")
        self.name = _Name()
        self.name.clicked.connect(lambda: self.name_clicked.emit(self._side.name))
        self.large = PictureLabel(_LARGE)
        self.others = QVBoxLayout()
        self.others.setSpacing(8)
        faces = QHBoxLayout()
        faces.setSpacing(8)
        faces.addWidget(self.large, 0, Qt.AlignmentFlag.AlignTop)
        self._beside = QWidget()
        column = QVBoxLayout(self._beside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.others)
        column.addStretch()
        faces.addWidget(self._beside)
        faces.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.heading)
        layout.addWidget(self.name)
        layout.addSpacing(4)
        layout.addLayout(faces)
        pictures.ready.connect(lambda _: self._paint())

    def set_narrow(self, narrow: bool) -> None:
        """Without the small pictures."""
        self.large.set_side(_LARGE_NARROW if narrow else _LARGE)
        self._beside.setVisible(not narrow)

    def show_side(self, side: Side) -> None:
        self._side = side
        self.heading.setText(side.heading)
        self.name.set_name(side.name)
        self.large.setAccessibleName(f"{side.heading.capitalize()} {side.name}")
        refill(self.others, [PictureLabel(_SMALL, 6.0) for _ in side.others[:_OTHERS]])
        self._paint()

    def _paint(self) -> None:
        self.large.set_picture(self._pictures.get(self._side.face))
        for place, face in enumerate(self._side.others[:_OTHERS]):
            small = self.others.itemAt(place).widget()
            assert isinstance(small, PictureLabel)
            small.set_picture(self._pictures.get(face))


class _Name(Clickable):
    """A name that leads to its identity."""

    def __init__(self) -> None:
        super().__init__()
        self.label = ElidedLabel()
        self.label.setProperty("textRole", "heading")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.addWidget(self.label)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_name(self, name: str) -> None:
        self.label.setText(name)
        self.setAccessibleName(f"Show {name}")
