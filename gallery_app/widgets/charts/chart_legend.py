"""The key of a chart: which line is which, and under the mouse the value of each."""

from __future__ import annotations

from collections.abc import Sequence

from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gallery_app.theme.colours import current_theme, tabular, text_font
from gallery_app.widgets.charts.chart_style import Band, Drawn
from gallery_app.widgets.faces.painting import elided

_SWATCH = 24
_GAP = 6
_BETWEEN = 14
_LEAST = 2 * _SWATCH + _GAP  # of a compact one
_RESERVED = " 99.9 %"  # room for the value, so that nothing moves when it comes


class ChartKey(QWidget):
    """Entries in as many rows as the width asks for; one row with ``compact``.

    A compact key names its lines only where there are several and where they fit.
    """

    def __init__(self, *, compact: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = compact
        self._entries: Sequence[Drawn] = ()
        self._values: Sequence[str] = ()
        self._where = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(tabular(text_font("small")))

    def set_entries(self, entries: Sequence[Drawn]) -> None:
        self._entries, self._values = entries, ()
        self.updateGeometry()
        self._keep_height()
        self.update()

    def read(self, values: Sequence[str], where: str = "") -> None:
        """Show a value beside each entry, a compact key also at which x; none ends it."""
        self._values, self._where = values, where
        self.update()

    def values(self) -> Sequence[str]:
        return self._values

    def sizeHint(self) -> QSize:
        return QSize(_LEAST, self._row_height() * self._rows(max(self.width(), _LEAST)))

    def minimumSizeHint(self) -> QSize:
        several = self._compact and len(self._entries) > 1
        return QSize(_LEAST if several else 0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def _keep_height(self) -> None:
        height = self._row_height() * self._rows(self.width())
        if height != self.minimumHeight() or height != self.maximumHeight():
            self.setFixedHeight(height)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 3

    def _rows(self, width: int) -> int:
        if self._compact or not self._entries:
            return 1
        return self._places(width)[-1][1] + 1

    def _entry_width(self, entry: Drawn) -> int:
        words = entry.name + ("" if self._compact else _RESERVED)
        return _SWATCH + _GAP + self.fontMetrics().horizontalAdvance(words) + 2

    def _places(self, width: int) -> list[tuple[int, int]]:
        """x and row of each entry."""
        places: list[tuple[int, int]] = []
        x = row = 0
        for entry in self._entries:
            wide = self._entry_width(entry)
            if x and x + wide > width:
                x, row = 0, row + 1
            places.append((x, row))
            x += wide + _BETWEEN
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._compact:
            self._paint_compact(painter)
        else:
            for entry, value, (x, row) in zip(
                self._entries, self._padded(), self._places(self.width()), strict=True
            ):
                self._paint_entry(painter, entry, value, x, row * self._row_height())
        painter.end()

    def _padded(self) -> Sequence[str]:
        return self._values or [""] * len(self._entries)

    def _paint_compact(self, painter: QPainter) -> None:
        """At the right: the values under the mouse, else the entries as far as there is room."""
        if any(self._values):
            metrics = QFontMetrics(self.font())
            values = " / ".join(filter(None, self._values))
            text = elided(f"{self._where}: {values}", metrics, self.width())
            painter.setPen(current_theme().text)
            painter.drawText(
                self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text
            )
        elif len(self._entries) > 1:
            widths = [self._entry_width(entry) for entry in self._entries]
            named = sum(widths) + _GAP * (len(widths) - 1) <= self.width()
            widths = widths if named else [_SWATCH] * len(widths)
            x = self.width() - sum(widths) - _GAP * (len(widths) - 1)
            for entry, width in zip(self._entries, widths, strict=True):
                self._paint_entry(painter, entry, "", x, 0, named=named)
                x += width + _GAP

    def _paint_entry(
        self, painter: QPainter, entry: Drawn, value: str, x: int, y: int, *, named: bool = True
    ) -> None:
        height = self._row_height()
        self._paint_swatch(painter, entry, QRectF(x, y, _SWATCH, height))
        if not named:
            return
        theme = current_theme()
        left = x + _SWATCH + _GAP
        metrics = self.fontMetrics()
        name = elided(entry.name, metrics, self.width() - left)
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.muted)
        painter.drawText(QRectF(left, y, self.width() - left, height), align, name)
        painter.setPen(theme.text)
        past = left + metrics.horizontalAdvance(f"{name} ")
        painter.drawText(QRectF(past, y, self.width() - past, height), align, value)

    def _paint_swatch(self, painter: QPainter, entry: Drawn, rect: QRectF) -> None:
        if isinstance(entry, Band):
            painter.fillRect(rect.adjusted(2, 4, -2, -4), entry.fill())
            return
        middle = rect.center().y()
        painter.setPen(entry.style.pen())
        painter.drawLine(QLineF(QPointF(rect.left(), middle), QPointF(rect.right(), middle)))
        if not self._compact:
            painter.save()
            painter.translate(rect.center())
            painter.scale(7, 7)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(entry.style.color())
            painter.drawPath(Symbols[entry.style.mark])
            painter.restore()
