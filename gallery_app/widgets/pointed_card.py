"""The small card beside the mouse that says whose face a point of the map is."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.types import Face
from gallery_app.item_models.faces import caption
from gallery_app.pictures import Pictures
from gallery_app.widgets.picture import PictureLabel

_BESIDE = 16  # logical pixels from the mouse


class PointedCard(QFrame):
    """Lies over its parent and lets the mouse through."""

    def __init__(self, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._pictures = pictures
        self._face = -1
        self.picture = PictureLabel(56)
        self.name, self.caption = QLabel(), QLabel()
        self.name.setProperty("textRole", "heading")
        self.caption.setProperty("textRole", "small")
        for label in (self.name, self.caption):
            label.setTextFormat(Qt.TextFormat.PlainText)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch()
        words.addWidget(self.name)
        words.addWidget(self.caption)
        words.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 12, 8)
        layout.setSpacing(10)
        layout.addWidget(self.picture)
        layout.addLayout(words)
        pictures.ready.connect(self._pictures_ready)
        self.hide()

    def show_face(self, face: Face, at: QPoint) -> None:
        """Beside a place on the screen, within the parent."""
        self._face = face.id
        self.name.setText(face.name)
        self.caption.setText(caption(face))
        self.picture.set_picture(self._pictures.get(face.id))
        self.adjustSize()
        place = self.parentWidget().mapFromGlobal(at) + QPoint(_BESIDE, _BESIDE)
        room = self.parentWidget().rect()
        if place.x() + self.width() > room.right():
            place.setX(max(0, place.x() - self.width() - 2 * _BESIDE))
        if place.y() + self.height() > room.bottom():
            place.setY(max(0, place.y() - self.height() - 2 * _BESIDE))
        self.move(place)
        self.show()
        self.raise_()

    def _pictures_ready(self, faces: list[int]) -> None:
        if self.isVisible() and self._face in faces:
            self.picture.set_picture(self._pictures.get(self._face))
