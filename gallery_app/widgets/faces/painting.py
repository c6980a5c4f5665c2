"""Faces as they are painted: photographs, drawn portraits, and a label that shows one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPixmapCache,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.avatars.emblem import LINE_ALPHA, LINE_WIDTH, Floats, curves, palette
from engine.records.types import Vectors
from gallery_app.theme.colours import current_theme
from gallery_app.theme.oklab import to_colors

Picture = QPixmap | QImage | None


def paint_picture(painter: QPainter, rect: QRectF, picture: Picture, radius: float) -> None:
    """A picture with rounded corners, cut to a square; a calm block while there is none."""
    if picture is None or picture.isNull():
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current_theme().track)
        painter.drawRoundedRect(rect, radius, radius)
        painter.restore()
    else:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect.topLeft(), _rounded(picture, rect.width(), radius, ratio))


def _rounded(picture: QPixmap | QImage, side: float, radius: float, ratio: float) -> QPixmap:
    """The picture at exactly the pixels that are shown; kept, since lists paint it often."""
    key = f"face-{type(picture).__name__}-{picture.cacheKey()}-{side}-{radius}-{ratio}"
    kept = QPixmap()
    if QPixmapCache.find(key, kept):
        return kept
    pixels = round(side * ratio)
    source = picture.toImage() if isinstance(picture, QPixmap) else picture
    fitted = source.copy(_middle_square(source)).scaled(
        pixels, pixels, Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    made = QPixmap(pixels, pixels)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(fitted))
    painter.drawRoundedRect(made.rect(), radius * ratio, radius * ratio)
    painter.end()
    made.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, made)
    return made


def _middle_square(picture: QImage) -> QRect:
    """The square that is shown of a picture that is not one: a little above its middle."""
    width, height = picture.width(), picture.height()
    side = min(width, height)
    return QRect((width - side) // 2, (height - side) // 3, side, side)


def paint_ring(painter: QPainter, rect: QRectF, color: QColor, radius: float, width: float) -> None:
    """A rounded outline of ``width`` inside ``rect``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, width))
    half = width / 2
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius, radius)
    painter.restore()


def paint_words(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    color: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line of plain text, vertically centred, cut at its end where it does not fit.

    The place is absolute: a name written from right to left still stands where the others do.
    """
    painter.setFont(font)
    painter.setPen(color)
    painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    line = elided(text, QFontMetrics(font), rect.width())
    flags = align | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
    painter.drawText(rect, flags, line)


def elided(text: str, metrics: QFontMetrics, width: int) -> str:
    """The text on one line, cut at the right to ``width``."""
    return metrics.elidedText(" ".join(text.split()), Qt.TextElideMode.ElideRight, width)


def portrait_image(
    traits: Vectors,
    side: int,
    shape: Literal["square", "circle"] = "square",
    device_pixel_ratio: float = 1.0,
) -> QImage:
    """The emblem as an image of its own; safe off the UI thread.

    Args:
        traits: float ``(16,)`` in [-1, 1].
        side: logical pixels.
        shape: ``square`` fills the image, ``circle`` leaves the corners clear.
    """
    pixels = round(side * device_pixel_ratio)
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(device_pixel_ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rect = QRectF(0, 0, side, side)
    if shape == "circle":
        circle = QPainterPath()
        circle.addEllipse(rect)
        painter.setClipPath(circle)
    paint_portrait(painter, rect, traits)
    painter.end()
    return image


def paint_portrait(painter: QPainter, rect: QRectF, traits: Vectors) -> None:
    """Fill ``rect`` with the emblem of ``traits``, float ``(16,)`` in [-1, 1]."""
    trait = np.clip(np.asarray(traits, dtype=np.float64), -1.0, 1.0)
    side = min(rect.width(), rect.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    top, bottom, line, *layers = to_colors(palette(trait))
    shade = QLinearGradient(rect.topLeft(), rect.bottomLeft())
    shade.setColorAt(0.0, top)
    shade.setColorAt(1.0, bottom)
    painter.fillRect(rect, shade)
    line.setAlphaF(LINE_ALPHA)
    painter.setPen(QPen(line, side * LINE_WIDTH))
    for curve, color in zip(curves(trait) * side, layers, strict=True):
        painter.setBrush(color)
        painter.drawPolygon(_polygon(curve, rect.center()))
    painter.restore()


def _polygon(points: Floats, centre: QPointF) -> QPolygonF:
    """The outline round ``centre``, handed over in one piece: a point at a time takes longer
    than all the painting.
    """
    placed = points + np.array([centre.x(), centre.y()])
    written = len(points).to_bytes(4, "big") + placed.astype(">f8").tobytes()
    polygon = QPolygonF()
    QDataStream(QByteArray(written)) >> polygon
    return polygon


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
