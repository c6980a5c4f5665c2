"""The plot of a chart: its axes, grid and ends, and where the mouse is."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from gallery_app.theme import current_theme, tabular, text_font
from gallery_app.widgets.chart_style import Axis


class _AxisItem(pg.AxisItem):
    """Lets the words at both ends stand out over the ends."""

    def boundingRect(self) -> QRectF:
        return super().boundingRect().adjusted(-24, -10, 24, 10)


class Plot(pg.PlotWidget):
    """Does not move, zoom, or have a menu of its own.

    Signals: ``hovered`` (place on the x axis under the mouse), ``left``.
    """

    hovered = Signal(float)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        axes = {side: _AxisItem(side) for side in ("left", "bottom")}
        super().__init__(parent=parent, enableMenu=False, axisItems=axes)
        for axis in axes.values():
            axis.setZValue(-1000)  # the grid behind the lines
            axis.enableAutoSIPrefix(False)
        self.setAntialiasing(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.plotItem.getViewBox().setDefaultPadding(0)
        self.setMinimumHeight(30)

    def dress(
        self, x: Axis, y: Axis, spans: tuple[tuple[float, float], ...], *, compact: bool
    ) -> None:
        """Ends, ticks, names and colours of both axes."""
        self.setRange(xRange=spans[0], yRange=spans[1], padding=0, disableAutoRange=True)
        theme = current_theme()
        self.setBackground(theme.window if compact else theme.panel)
        font = tabular(text_font("small"))
        counts = {"bottom": max(self.width() // 80, 2), "left": max(self.height() // 36, 3)}
        for side, axis, (low, high) in zip(("bottom", "left"), (x, y), spans, strict=True):
            item = self.getAxis(side)
            item.setTicks([axis.ticks(low, high, counts[side])])
            item.setStyle(
                tickFont=font, tickLength=0, tickTextOffset=5, hideOverlappingLabels=False
            )
            item.setPen(QPen(theme.line))
            item.setTickPen(QPen(theme.line))
            item.setTextPen(QPen(theme.muted))
            item.setGrid(255 if side == "left" else False)
            if axis.label and not compact:
                style = {"color": theme.muted.name(), "font-size": f"{font.pointSizeF():.1f}pt"}
                item.setLabel(axis.label, **style)
        self.getAxis("bottom").setStyle(showValues=not compact)
        self.plotItem.setContentsMargins(0, 6, 4 if compact else 18, 6 if compact else 0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        box = self.plotItem.getViewBox()
        if box.sceneBoundingRect().contains(event.position()):
            self.hovered.emit(box.mapSceneToView(QPointF(event.position())).x())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the page scrolls, the chart does not

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.ignore()
