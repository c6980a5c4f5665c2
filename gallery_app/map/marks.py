"""What lies over the points of a map: the query as a star with lines to its evidence, unknown
queries, names, and a ring around the face under the mouse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from gallery_app.map.camera import Camera, Floats
from gallery_app.map.picture import Points
from gallery_app.theme.colours import current_theme, text_font

_STAR, _DIAMOND, _RING = 11.0, 5.5, 7.0  # logical pixels
_ABOVE = 16.0  # the middle of its people, a name is written
_NOTHING = np.empty((0, 2), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Marks:
    """Places are ``(m, 2)`` or ``(m, 3)``, as the points' own.

    Attributes:
        star: of the query, ``(1, d)``; empty where there is none.
        known: whether it was named.
        evidence: of the faces that voted for the answer.
        unknowns: of the queries on the shelf.
        names: of people, with the place where each is written.
    """

    star: Floats = field(default_factory=lambda: _NOTHING)
    known: bool = False
    evidence: Floats = field(default_factory=lambda: _NOTHING)
    unknowns: Floats = field(default_factory=lambda: _NOTHING)
    names: Sequence[tuple[str, Floats]] = ()


def paint_marks(
    painter: QPainter,
    marks: Marks,
    camera: Camera,
    ratio: float,
    hovered: int,
    points: Points | None,
) -> None:
    """Paint them in logical pixels."""
    theme = current_theme()
    unknowns = _placed(marks.unknowns, camera, ratio)
    evidence = _placed(marks.evidence, camera, ratio)
    star = _placed(marks.star, camera, ratio)
    _paint_names(painter, marks, camera, ratio)
    painter.setBrush(theme.panel)
    painter.setPen(QPen(theme.warning, 1.5))
    for place in unknowns:
        painter.drawPolygon(_diamond(place))
    if star:
        painter.setPen(QPen(theme.text, 1.25))
        for place in evidence:
            painter.drawLine(star[0], place)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for place in evidence:
            painter.drawEllipse(place, _RING, _RING)
        painter.setBrush(theme.good if marks.known else theme.warning)
        painter.setPen(QPen(theme.panel, 1.5))
        painter.drawPolygon(_star(star[0]))
    if points is not None and 0 <= hovered < len(points):
        place = _placed(points.places[hovered : hovered + 1], camera, ratio)[0]
        painter.setBrush(QColor.fromRgb(int(points.colours[hovered])))
        painter.setPen(QPen(theme.text, 2))
        painter.drawEllipse(place, _RING, _RING)


def _paint_names(painter: QPainter, marks: Marks, camera: Camera, ratio: float) -> None:
    """Those that find room; the first come first."""
    theme, font = current_theme(), text_font("small")
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    taken: list[QRectF] = []
    width, height = camera.width / ratio, camera.height / ratio
    for name, where in marks.names:
        place = _placed(where, camera, ratio)[0]
        room = QRectF(0, 0, metrics.horizontalAdvance(name) + 10, metrics.height() + 4)
        room.moveCenter(place - QPointF(0, _ABOVE))
        if QRectF(0, 0, width, height).contains(place):  # then all of it
            room.moveLeft(min(max(room.left(), 2.0), width - room.width() - 2.0))
            room.moveTop(max(room.top(), 2.0))
        if any(room.intersects(other) for other in taken):
            continue
        taken.append(room)
        ground = QColor(theme.panel)
        ground.setAlphaF(0.82)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(room, 4, 4)
        painter.setPen(theme.text)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, name)


def _placed(places: Floats, camera: Camera, ratio: float) -> list[QPointF]:
    if not len(places):
        return []
    across, down = camera.pixels(camera.seen(places))
    return [
        QPointF(*pair)
        for pair in zip((across / ratio).tolist(), (down / ratio).tolist(), strict=True)
    ]


def _diamond(place: QPointF) -> QPolygonF:
    steps = ((0, -_DIAMOND), (_DIAMOND, 0), (0, _DIAMOND), (-_DIAMOND, 0))
    return QPolygonF([place + QPointF(*step) for step in steps])


def _star(place: QPointF) -> QPolygonF:
    corners = []
    for corner in range(10):
        reach = _STAR if corner % 2 == 0 else _STAR * 0.45
        angle = math.pi * corner / 5
        corners.append(place + QPointF(reach * math.sin(angle), -reach * math.cos(angle)))
    return QPolygonF(corners)
