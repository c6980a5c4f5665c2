"""A label that shows a face at a fixed size with rounded corners, or a calm placeholder."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from gallery_app.theme import current_theme


class PictureLabel(QWidget):
    """``side`` logical pixels square; sharp at any scale."""

    def __init__(self, side: int, radius: float = 8.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self._radius = radius
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Picture of the face")

    def set_picture(self, picture: QPixmap | None) -> None:
        """None shows the placeholder."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        rect = QRectF(0, 0, self._side, self._side)
        path = QPainterPath()
        path.addRoundedRect(rect, self._radius, self._radius)
        painter.setClipPath(path)
        if self._picture is None or self._picture.isNull():
            painter.fillRect(rect, current_theme().track)
        else:
            painter.drawPixmap(rect, self._picture, self._square(self._picture))
        painter.end()

    @staticmethod
    def _square(picture: QPixmap) -> QRectF:
        """The middle square of a picture that is not square, a little above centre."""
        width, height = picture.width(), picture.height()
        side = min(width, height)
        return QRectF((width - side) / 2, (height - side) / 3, side, side)
