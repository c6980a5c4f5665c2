"""A label that shows one icon and keeps to the theme's colours when they change."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gallery_app.theme.colours import current_theme
from gallery_app.theme.icons import Role, paint_icon


class IconLabel(QWidget):
    """``side`` logical pixels square."""

    def __init__(
        self, name: str, role: Role = "muted", side: int = 20, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._side = side
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_icon(name, role)

    def set_icon(self, name: str, role: Role) -> None:
        self._name, self._role = name, role
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        square = QRectF(0, 0, self._side, self._side)
        paint_icon(painter, square, self._name, getattr(current_theme(), self._role))
        painter.end()
