"""Draws the portrait of a face that has no photo: the emblem of :mod:`engine.avatars.emblem`."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
)

from engine.avatars.emblem import LINE_ALPHA, LINE_WIDTH, Floats, curves, palette
from engine.records.types import Vectors
from gallery_app.theme.oklab import to_colors


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
    """Fills ``rect`` with the emblem of ``traits``, float ``(16,)`` in [-1, 1]."""
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
