"""Draws the portrait of a face that has no photo: a symmetric emblem of nested smooth curves.

It is abstract on purpose: an embedding does not say what somebody looks like. Like traits give
like emblems, since every colour and every curve follows the traits without a jump.
"""

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

from engine.types import Vectors
from gallery_app.widgets.oklab import Floats, to_colors

_LAYERS = 6
_HALF = np.linspace(0.0, np.pi, 61)  # angles from the top, clockwise, to the bottom
_COSINES = np.cos(np.outer([2, 3, 4, 5, 6, 8], _HALF))
_OUTER_SWING = np.array([0.24, 0.19, 0.21, 0.17, 0.13, 0.07])
_INNER_SWING = np.array([0.20, 0.13, 0.16, 0.09, 0.07, 0.03])
_WIDER = np.array([-0.07, 0.0, 0.0, 0.0, 0.0, 0.0])  # tall shapes would look like bodies
_REACH = 0.45  # of the side, from the centre to the farthest point
_HEART = 0.20  # size of the innermost layer beside the outermost
_RIM_LIGHT = 0.80
_LARGEST_TURN = 1.5  # radians between the hues of rim and heart
_LINE_WIDTH = 0.005  # of the side
_LINE_ALPHA = 0.55


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
    top, bottom, line, *layers = to_colors(_palette(trait))
    shade = QLinearGradient(rect.topLeft(), rect.bottomLeft())
    shade.setColorAt(0.0, top)
    shade.setColorAt(1.0, bottom)
    painter.fillRect(rect, shade)
    line.setAlphaF(_LINE_ALPHA)
    painter.setPen(QPen(line, side * _LINE_WIDTH))
    for curve, color in zip(_curves(trait) * side, layers, strict=True):
        painter.setBrush(color)
        painter.drawPolygon(_polygon(curve, rect.center()))
    painter.restore()


def _palette(trait: Floats) -> Floats:
    """OKLab rows: top and bottom of the ground, the line, then the layers from the outside in.

    The first two traits are the hue, as a point of the colour plane: near its middle all is grey,
    so that no small step can jump round the circle. The third turns the heart's hue away.
    """
    hue = trait[:2] * 1.3 / (0.3 + np.hypot(trait[0], trait[1]))
    turn = _LARGEST_TURN * trait[2]
    heart = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ hue
    tone = trait[3]
    depth = np.linspace(0.0, 1.0, _LAYERS)[:, None]
    layers = np.hstack(
        [
            _RIM_LIGHT + 0.03 * tone - (0.40 + 0.05 * tone) * depth**0.9,
            (1 - depth) * hue * 0.095 + depth * heart * 0.12,
        ]
    )
    layers[-1] = [0.93 - 0.03 * tone, *(heart * 0.045)]
    ground = [[0.925 + 0.035 * tone, *(hue * 0.028)], [0.860 + 0.05 * tone, *(hue * 0.05)]]
    return np.vstack([ground, [0.97, *(hue * 0.02)], layers])


def _curves(trait: Floats) -> Floats:
    """Layer outlines ``(layers, points, 2)`` for a side of one, round the origin.

    ``r(θ) = exp Σ a_k cos kθ``, θ from the top, is symmetric left to right and never crosses
    itself; the layers between the outer and the inner curve are mixtures of the two.
    """
    depth = np.linspace(0.0, 1.0, _LAYERS)[:, None]
    swings = np.stack([trait[4:10] * _OUTER_SWING, trait[10:16] * _INNER_SWING])
    outer, inner = np.exp((swings + _WIDER) @ _COSINES)
    radius = (1 - depth) * outer / outer.max() + depth * inner / inner.max()
    radius *= _REACH * (1 - (1 - _HEART) * depth)
    x, y = radius * np.sin(_HALF), -radius * np.cos(_HALF)
    right, left = np.stack([x, y], axis=-1), np.stack([-x, y], axis=-1)
    return np.concatenate([right, left[:, -2:0:-1]], axis=1)


def _polygon(points: Floats, centre: QPointF) -> QPolygonF:
    """The outline round ``centre``, handed over in one piece: a point at a time takes longer
    than all the painting.
    """
    placed = points + np.array([centre.x(), centre.y()])
    written = len(points).to_bytes(4, "big") + placed.astype(">f8").tobytes()
    polygon = QPolygonF()
    QDataStream(QByteArray(written)) >> polygon
    return polygon
