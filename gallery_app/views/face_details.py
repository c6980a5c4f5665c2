"""Details of one enrolled face: where it came from, and who it looks like."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.types import Candidate, Face
from gallery_app.icons import icon
from gallery_app.item_models.faces import caption
from gallery_app.pictures import Pictures
from gallery_app.widgets.elided_label import ElidedLabel, plain_tip
from gallery_app.widgets.picture import PictureLabel

_NEAREST = 3
_NARROW = 520


class FaceDetails(QFrame):
    """A strip under the grid.

    Signals: ``who_is_this`` (face id), ``identity_wanted`` (identity id), ``closed``.
    """

    who_is_this = Signal(int)
    identity_wanted = Signal(int)
    closed = Signal()

    def __init__(self, pictures: Pictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("faceDetails")
        self._pictures = pictures
        self._face: Face | None = None
        self.picture = PictureLabel(112)
        self.name = ElidedLabel()
        self.name.setProperty("textRole", "heading")
        self.file = ElidedLabel()
        self.added = QLabel()
        self.added.setProperty("textRole", "muted")
        self.ask = QPushButton(icon("question"), "Who is this?")
        self.ask.setToolTip("Identify this face as if it were not enrolled (Enter)")
        self.ask.clicked.connect(self._ask)
        self.nearest = [self._nearest_button() for _ in range(_NEAREST)]
        self._lay_out()
        pictures.ready.connect(self._pictures_ready)

    def _nearest_button(self) -> QPushButton:
        button = QPushButton()
        button.setProperty("quiet", True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.identity_wanted.emit(button.property("identity")))
        return button

    def _lay_out(self) -> None:
        about = QVBoxLayout()
        about.setSpacing(4)
        for widget in (self.name, self.file, self.added):
            about.addWidget(widget)
        about.addSpacing(8)
        about.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)
        about.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 16, 16, 16)
        layout.setSpacing(16)
        layout.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(16)
        self._columns.addLayout(about, 1)
        self._columns.addLayout(self._nearest_column(), 1)
        layout.addLayout(self._columns, 1)
        layout.addWidget(self._close_button(), 0, Qt.AlignmentFlag.AlignTop)

    def _nearest_column(self) -> QGridLayout:
        others = QGridLayout()
        others.setSpacing(0)
        label = QLabel("LOOKS MOST LIKE, ITSELF LEFT OUT")
        label.setProperty("textRole", "section")
        others.addWidget(label, 0, 0)
        for row, button in enumerate(self.nearest, start=1):
            others.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
        others.setRowStretch(_NEAREST + 1, 1)
        return others

    def _close_button(self) -> QToolButton:
        close = QToolButton()
        close.setIcon(icon("close", "muted"))
        close.setToolTip("Close the details (Escape)")
        close.setAccessibleName("Close the details")
        close.clicked.connect(self.closed)
        return close

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the columns stand one above the other, without the picture."""
        narrow = self.width() < _NARROW
        self.picture.setVisible(not narrow)
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(down if narrow else across)
        super().resizeEvent(event)

    def show_face(self, face: Face) -> None:
        """What is known at once; the nearest identities follow."""
        self._face = face
        self.picture.set_picture(self._pictures.get(face.id))
        self.name.setText(f"{face.name} · {caption(face)}")
        row = f" · row {face.row + 1}" if face.row else ""
        self.file.setText("/".join(PurePath(face.file).parts[-2:]) + row)
        self.file.setToolTip(plain_tip(face.file))
        self.added.setText(f"Enrolled {datetime.fromtimestamp(face.added):%d %B %Y, %H:%M}")
        for button in self.nearest:
            button.setVisible(False)
        self.show()

    def forget(self) -> None:
        """Hidden, and without what it showed."""
        self._face = None
        self.picture.set_picture(None)
        for label in (self.name, self.file, self.added):
            label.setText("")
        self.file.setToolTip("")
        for button in self.nearest:
            button.setText("")
            button.setToolTip("")
        self.hide()

    def show_nearest(self, face: Face, nearest: list[Candidate]) -> None:
        """Fills in who the face looks like."""
        for button, candidate in zip(self.nearest, nearest, strict=False):
            own = " (this person)" if candidate.identity_id == face.identity_id else ""
            name = button.fontMetrics().elidedText(candidate.name, Qt.TextElideMode.ElideRight, 180)
            button.setText(f"{name}{own} · {candidate.distance:.3f}".replace("&", "&&"))
            tip = f"Show {candidate.name}; distance {candidate.distance:.3f}"
            button.setToolTip(plain_tip(tip))
            button.setProperty("identity", candidate.identity_id)
            button.setVisible(True)

    def _ask(self) -> None:
        if self._face is not None:
            self.who_is_this.emit(self._face.id)

    def _pictures_ready(self, faces: list[int]) -> None:
        if self._face is not None and self._face.id in faces:
            self.picture.set_picture(self._pictures.get(self._face.id))
