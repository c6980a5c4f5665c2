"""Distances as colours: the nearer, the stronger; a cell for each pair of faces."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from engine.records.types import Vectors
from gallery_app.theme.colours import current_theme, tabular, text_font, theme_changed
from gallery_app.theme.oklab import to_pixels
from gallery_app.widgets.charts.chart_saving import saving_menu

_STEPS = 256
_LEGEND, _WORDS, _GAP = 12, 18, 10  # logical pixels
_LARGEST = 44  # of a cell
_LONG = 4  # times its shorter side, at most
_KEYS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class HeatMap(QWidget):
    """Signals: ``pointed`` (row and column under the mouse or the arrow keys; -1 for none)."""

    pointed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, mouseTracking=True, focusPolicy=Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(260, 220)
        self.setAccessibleName("Distances between the faces")
        self._distances = np.empty((0, 0), dtype=np.float32)
        self._span, self._line = (0.0, 1.0), float("nan")
        self._names: tuple[Sequence[str], Sequence[str]] = ((), ())
        self._image = QImage()
        self._cell = (-1, -1)
        theme_changed().changed.connect(self._colour)

    def show_distances(
        self,
        distances: Vectors,
        span: tuple[float, float],
        line: float,
        names: tuple[Sequence[str], Sequence[str]],
    ) -> None:
        """
        Args:
            distances: ``(m, n)``; NaN stays empty.
            span: distances at the ends of the colours.
            line: distance to mark in the legend; NaN for none.
            names: of the rows and of the columns, for the table that can be copied or saved.
        """
        self._names = names
        self._distances, self._span, self._line = distances, span, line
        self._colour()

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    # -- painting ----------------------------------------------------------------------------

    def _colour(self) -> None:
        low, high = self._span
        share = (self._distances - low) / max(high - low, 1e-9)
        known = np.isfinite(share)
        step = (np.clip(np.where(known, share, 0), 0, 1) * (_STEPS - 1)).astype(np.intp)
        ground = np.uint32(current_theme().panel.rgb())
        cells = np.ascontiguousarray(np.where(known, ramp(current_theme().dark)[step], ground))
        height, width = cells.shape
        kind = QImage.Format.Format_RGB32
        self._image = QImage(cells.data, width, height, 4 * width, kind).copy()
        self.update()

    def _place(self) -> QRectF:
        """Of the cells: as large as there is room for, square or nearly so where that is enough."""
        rows, columns = self._distances.shape
        room = QSize(self.width() - 2, self.height() - _LEGEND - _WORDS - 2 * _GAP)
        wide = min(room.width() / max(columns, 1), _LARGEST)
        high = min(room.height() / max(rows, 1), _LARGEST)
        side = min(wide, high)
        return QRectF(1, 1, min(wide, _LONG * side) * columns, min(high, _LONG * side) * rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._image.isNull():
            painter.drawImage(self._place(), self._image)
            self._paint_cell(painter)
        self._paint_legend(painter)
        if self.hasFocus():
            painter.setPen(QPen(current_theme().accent, 2))
            painter.drawRect(self._place())

    def _paint_cell(self, painter: QPainter) -> None:
        row, column = self._cell
        if row < 0:
            return
        place = self._place()
        rows, columns = self._distances.shape
        wide, high = place.width() / columns, place.height() / rows
        cell = QRectF(place.x() + column * wide, place.y() + row * high, wide, high)
        painter.setPen(QPen(current_theme().text, 2))
        painter.drawRect(cell)

    def _paint_legend(self, painter: QPainter) -> None:
        theme, (low, high) = current_theme(), self._span
        top = self.height() - _LEGEND - _WORDS
        width = min(self.width() - 2, 320)
        bar = QRectF(1, top, width, _LEGEND)
        colours = np.ascontiguousarray(ramp(theme.dark)[None])
        strip = QImage(colours.data, _STEPS, 1, 4 * _STEPS, QImage.Format.Format_RGB32)
        painter.drawImage(bar, strip)
        painter.setFont(tabular(text_font("small")))
        painter.setPen(theme.muted)
        words = QRectF(1, top + _LEGEND, width, _WORDS)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignLeft, f"{low:.2f} near")
        painter.drawText(words, middle | Qt.AlignmentFlag.AlignRight, f"far {high:.2f}")
        if np.isfinite(self._line) and low < self._line < high:
            at = bar.x() + bar.width() * (self._line - low) / (high - low)
            painter.setPen(QPen(theme.text, 2))
            painter.drawLine(QPointF(at, top - 3), QPointF(at, top + _LEGEND + 2))

    # -- pointing ----------------------------------------------------------------------------

    def cell_at(self, place: QPointF) -> tuple[int, int]:
        """Row and column there; -1 for none."""
        cells = self._place()
        if not cells.contains(place) or not self._distances.size:
            return -1, -1
        rows, columns = self._distances.shape
        row = int((place.y() - cells.y()) / cells.height() * rows)
        column = int((place.x() - cells.x()) / cells.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)

    def _point(self, cell: tuple[int, int]) -> None:
        if cell != self._cell:
            self._cell = cell
            self.pointed.emit(*cell)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point((-1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEYS.get(Qt.Key(event.key()))
        if step is None or not self._distances.size:
            super().keyPressEvent(event)
            return
        rows, columns = self._distances.shape
        row, column = self._cell if self._cell[0] >= 0 else (-step[0], -step[1])
        self._point(
            (min(max(row + step[0], 0), rows - 1), min(max(column + step[1], 0), columns - 1))
        )

    # -- saving ------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = saving_menu(self, "Distances", self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def table(self, separator: str) -> str:
        """A row a row, a column a column, with their names; empty where there is no distance."""
        rows, columns = self._names
        memory = io.StringIO()
        writer = csv.writer(memory, delimiter=separator, lineterminator="\n")
        writer.writerow(["", *columns])
        for name, distances in zip(rows, self._distances.tolist(), strict=True):
            writer.writerow(
                [
                    name,
                    *(f"{distance:.9g}" if distance == distance else "" for distance in distances),
                ]
            )
        return memory.getvalue()


def ramp(dark: bool) -> np.ndarray:  # type: ignore[type-arg]
    """From near to far, 0xffRRGGBB ``(256,)``: lightness goes in equal steps (OKLab)."""
    way = np.linspace(0.0, 1.0, _STEPS)
    near, far = (0.90, 0.28) if dark else (0.34, 0.97)
    chroma = 0.02 + 0.08 * np.sin(np.pi * (0.15 + 0.8 * (1 - way)))
    hue = np.deg2rad(262 - 60 * way)
    lab = np.stack([near + (far - near) * way, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    return to_pixels(lab)
