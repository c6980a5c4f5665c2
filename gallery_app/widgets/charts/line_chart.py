"""A calm line chart on pyqtgraph. Import it late: pyqtgraph takes most of a second."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from gallery_app.theme.colours import current_theme, tabular, text_font, theme_changed
from gallery_app.widgets.charts.chart_legend import ChartKey
from gallery_app.widgets.charts.chart_saving import saving_menu, table
from gallery_app.widgets.charts.chart_style import Axis, Band, Drawn, Line, nearest, style_of
from gallery_app.widgets.controls.labels import ElidedLabel, plain_tip


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


_PAUSE = 50  # ms between two pictures, however many points arrive


class LineChart(QFrame):
    """Title, key and plot. Values are read under the mouse, or with the arrow keys.

    Points must come in ascending x. ``compact`` has no axis names, for a card of 80 pixels.
    """

    def __init__(
        self,
        title: str,
        x: Axis,
        y: Axis,
        *,
        compact: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, objectName="chart")
        self.setProperty("compact", compact)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Chart: {title}")
        self._x, self._y, self._compact = x, y, compact
        self._drawn: dict[str, Drawn] = {}
        self._identity: pg.PlotCurveItem | None = None
        self._mark: pg.InfiniteLine | None = None
        self.title = QLabel(title) if not compact else ElidedLabel(title)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setProperty("textRole", "small" if compact else "heading")
        self.key = ChartKey(compact=compact)
        self.plot = Plot(self)
        self.plot.hovered.connect(lambda place: self.read_at(self._x.value(place)))
        self.plot.left.connect(lambda: self.read_at(None))
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        self.plot.addItem(self._line, ignoreBounds=True)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE, timeout=self.refresh)
        self._read = 0
        self._lay_out()
        theme_changed().changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        head = QHBoxLayout() if self._compact else QVBoxLayout()
        head.setSpacing(8 if self._compact else 2)
        head.addWidget(self.title)
        head.addWidget(self.key, 1)
        if self._compact:
            layout.setContentsMargins(8, 4, 8, 4)
            layout.setSpacing(0)
            self.title.setMinimumWidth(24)
            self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        else:
            layout.setContentsMargins(16, 12, 16, 8)
            layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)

    def set_x_end(self, high: float) -> None:
        """Where the x axis ends, so that a live line grows into room that is there already."""
        self._x = Axis(**{**vars(self._x), "high": high})
        self._later()

    def set_line(
        self, name: str, x: Sequence[float], y: Sequence[float], style: int | None = None
    ) -> None:
        """A whole line, new or in place of the one of that name."""
        line = self._line_of(name, style)
        line.x, line.y = list(x), list(y)
        self._later()

    def append(self, name: str, x: float, y: float, style: int | None = None) -> None:
        """One more point of a line."""
        line = self._line_of(name, style)
        line.x.append(x)
        line.y.append(y)
        self._later()

    def append_band(
        self, name: str, x: float, low: float, high: float, style: int | None = None
    ) -> None:
        """One more point of a band."""
        band = self._drawn.get(name)
        if not isinstance(band, Band):
            band = Band(name, style_of(len(self._drawn) if style is None else style))
            self._add(band)
        band.x.append(x)
        band.low.append(low)
        band.high.append(high)
        self._later()

    def show_identity(self) -> None:
        """The diagonal on which what was stated came true."""
        self._identity = pg.PlotCurveItem([0, 1], [0, 1], antialias=True)
        self.plot.addItem(self._identity)
        self._later()

    def mark_x(self, x: float, words: str) -> None:
        """Draw an upright line at an x, with what it stands for; in place of the one before."""
        if self._mark is None:
            self._mark = pg.InfiniteLine(angle=90, movable=False, label="")
            self._mark.label.setPosition(0.94)
            self.plot.addItem(self._mark, ignoreBounds=True)
        self._mark.label.setFormat(words.replace("{", "{{").replace("}", "}}"))
        self._mark.setValue(self._x.place(x))
        self._later()

    def clear(self) -> None:
        """Take all lines away."""
        for drawn in self._drawn.values():
            for item in drawn.items():
                self.plot.removeItem(item)
        self._drawn = {}
        self.key.set_entries(())
        self._later()

    def drawn(self) -> Sequence[Drawn]:
        """What is shown, in the order it came."""
        return tuple(self._drawn.values())

    def read_at(self, x: float | None) -> None:
        """Read all lines out at an x; None ends it."""
        xs = sorted({x_value for drawn in self._drawn.values() for x_value in drawn.x})
        at = None if x is None else nearest(xs, x)
        self._line.setVisible(at is not None)
        if at is None:
            self.key.read(())
            self._make_room()
            self.setAccessibleDescription("")
            return
        self._line.setValue(self._x.place(xs[at]))
        values = [drawn.read(xs[at], self._y) for drawn in self._drawn.values()]
        where = f"{self._x.label or 'x'} {self._x.text(xs[at])}"
        named = zip(self._drawn, values, strict=True)
        words = "; ".join([where, *(f"{name} {value}" for name, value in named)])
        self.setAccessibleDescription(words)
        self.plot.setToolTip(plain_tip(words))
        self.key.read(values, where)
        self._make_room()
        self._read = at

    def _make_room(self) -> None:
        """In a small card the values take the title's place."""
        self.title.setVisible(not (self._compact and self.key.values()))

    def refresh(self) -> None:
        """Draw everything anew, now."""
        self._pause.stop()
        marked = not self._compact
        for drawn in self._drawn.values():
            drawn.show(self._x, self._y, marked=marked, pixels=self.devicePixelRatioF())
        everything = self._drawn.values()
        spans = (
            self._x.span(x for drawn in everything for x in drawn.x),
            self._y.span(y for drawn in everything for y in drawn.heights()),
        )
        self.plot.dress(self._x, self._y, spans, compact=self._compact)
        theme = current_theme()
        self._line.setPen(pg.mkPen(theme.muted))
        if self._identity is not None:
            self._identity.setPen(pg.mkPen(theme.muted, style=Qt.PenStyle.DashLine))
        if self._mark is not None:
            width = self.devicePixelRatioF()
            self._mark.setPen(pg.mkPen(theme.muted, width=width, style=Qt.PenStyle.DashLine))
            self._mark.label.setColor(theme.muted)
            self._mark.label.setFont(text_font("small"))
        self.key.setFont(tabular(text_font("small")))
        self.key.update()

    def _line_of(self, name: str, style: int | None) -> Line:
        line = self._drawn.get(name)
        if not isinstance(line, Line):
            order = len(self._drawn)
            line = Line(name, style_of(order if style is None else style), order)
            self._add(line)
        return line

    def _add(self, drawn: Drawn) -> None:
        self._drawn[drawn.name] = drawn
        for item in drawn.items():
            self.plot.addItem(item, ignoreBounds=True)
        self.key.set_entries(self.drawn())

    def _later(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        xs = sorted({x_value for drawn in self._drawn.values() for x_value in drawn.x})
        step = steps.get(Qt.Key(event.key()))
        if step is None or not xs:
            super().keyPressEvent(event)
            return
        begun = self._line.isVisible()
        at = self._read + step if begun else (0 if step > 0 else len(xs) - 1)
        self.read_at(xs[min(max(at, 0), len(xs) - 1)])

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def menu(self) -> QMenu:
        """Copy, and save as picture or table."""
        drawn, x_name = self.drawn(), self._x.label or "x"
        return saving_menu(self, self.title.text(), lambda by: table(drawn, x_name, by))
