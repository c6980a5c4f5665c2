"""The line icons of the window, drawn in the theme's colours at whatever size is asked."""

from __future__ import annotations

from functools import cache
from typing import Literal

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gallery_app.recent import bundled_folder
from gallery_app.theme.colours import current_theme
from gallery_app.theme.stylesheet import faded

Role = Literal["text", "muted", "accent", "on_accent", "good", "warning", "bad"]

FOLDER = bundled_folder("resources") / "icons"

_clones: list[QIconEngine] = []


class _LineIcon(QIconEngine):
    """Renders one SVG on every paint, so that it follows theme, scale and state."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def clone(self) -> QIconEngine:
        copy = _LineIcon(self._name, self._role)
        _clones.append(copy)  # PySide would free it on return, under Qt's feet
        return copy

    def key(self) -> str:
        return "face-gallery-line"

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        paint_icon(painter, square, self._name, self._color(mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        pixmap = self.pixmap(size * scale, mode, state)
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def _color(self, mode: QIcon.Mode) -> QColor:
        theme = current_theme()
        if mode == QIcon.Mode.Disabled:
            return faded(theme)
        color: QColor = getattr(theme, self._role)
        return color


def icon(name: str, role: Role = "text") -> QIcon:
    """The icon of this name in a colour of the theme; muted further where it is disabled.

    Raises:
        FileNotFoundError: no icon of that name in ``resources/icons``.
    """
    _source(name)
    return QIcon(_LineIcon(name, role))


def app_icon() -> QIcon:
    """The application's own emblem, in its own colours."""
    return QIcon(str(FOLDER / "app.svg"))


def paint_icon(painter: QPainter, rect: QRectF, name: str, color: QColor) -> None:
    """Draw an icon where a delegate or a widget paints by hand."""
    _renderer(name, color.name()).render(painter, rect)


@cache
def _source(name: str) -> bytes:
    return (FOLDER / f"{name}.svg").read_bytes()


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace(b"currentColor", color.encode())))
