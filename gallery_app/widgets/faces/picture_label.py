"""A label that shows a face at a fixed size with rounded corners, or a calm placeholder."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gallery_app.widgets.faces.painting import paint_picture


class PictureLabel(QWidget):
    """``side`` logical pixels square; sharp at any scale."""

    def __init__(self, side: int, radius: float = 8.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._radius = radius
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Photo of the face")

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self._picture = picture
        self.update()

    def set_side(self, side: int) -> None:
        if side != self._side:
            self._side = side
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_picture(painter, QRectF(0, 0, self._side, self._side), self._picture, self._radius)
        painter.end()
