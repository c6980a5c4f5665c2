"""What a chart draws: lines with their marks, and bands between two lines."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from gallery_app.widgets.chart_style import Axis, LineStyle

_MARKS = 7  # along a line
_MARK_SIDE = 7
_FEW = 24  # points up to which each one is marked

Column = tuple[str, list[float]]


class Line:
    """A named line; ``style`` tells it from others."""

    def __init__(self, name: str, style: LineStyle, order: int) -> None:
        self.name, self.style = name, style
        self.x: list[float] = []
        self.y: list[float] = []
        self._order = order
        self._curve = pg.PlotCurveItem(antialias=True, connect="finite")
        self._marks = pg.ScatterPlotItem(size=_MARK_SIDE, symbol=style.mark, antialias=True)

    def items(self) -> tuple[object, ...]:
        return self._curve, self._marks

    def heights(self) -> list[float]:
        """All y values, for the ends of the axis."""
        return self.y

    def columns(self) -> list[Column]:
        """Names and values for a table."""
        return [(self.name, self.y)]

    def read(self, x: float, axis: Axis) -> str:
        """The value nearest to ``x``, in words."""
        at = nearest(self.x, x)
        return "" if at is None else axis.text(self.y[at])

    def show(self, x_axis: Axis, y_axis: Axis, *, marked: bool, pixels: float) -> None:
        """Draws what is known now in the theme's colours, on a screen of ``pixels`` to a point."""
        x, y = placed(self.x, x_axis), placed(self.y, y_axis)
        self._curve.setData(x, y, connect="finite")
        self._curve.setPen(self.style.pen(pixels))
        chosen = self._marked(len(x)) if marked else slice(0, 0)
        self._marks.setData(
            x=x[chosen], y=y[chosen], symbol=self.style.mark, size=_MARK_SIDE,
            pen=pg.mkPen(self.style.color()), brush=pg.mkBrush(self.style.color()),
        )  # fmt: skip

    def _marked(self, count: int) -> slice:
        if count <= _FEW:
            return slice(None)
        every = max(count // _MARKS, 1)
        return slice(self._order * every // 4 % every, None, every)  # not all at the same x


class Band:
    """The room between two lines, such as the 5th and the 95th percentile."""

    def __init__(self, name: str, style: LineStyle) -> None:
        self.name, self.style = name, style
        self.x: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self._edges = pg.PlotCurveItem(), pg.PlotCurveItem()
        self._room = pg.FillBetweenItem(*self._edges)

    def items(self) -> tuple[object, ...]:
        return *self._edges, self._room

    def heights(self) -> list[float]:
        return [*self.low, *self.high]

    def columns(self) -> list[Column]:
        return [(f"{self.name}, low", self.low), (f"{self.name}, high", self.high)]

    def read(self, x: float, axis: Axis) -> str:
        at = nearest(self.x, x)
        return "" if at is None else f"{axis.text(self.low[at])}–{axis.text(self.high[at])}"

    def fill(self) -> QColor:
        color = self.style.color()
        color.setAlphaF(0.22)
        return color

    def show(self, x_axis: Axis, y_axis: Axis, *, marked: bool, pixels: float) -> None:
        x = placed(self.x, x_axis)
        for edge, values in zip(self._edges, (self.low, self.high), strict=True):
            edge.setData(x, placed(values, y_axis))
            edge.setPen(pg.mkPen(None))
        self._room.setBrush(self.fill())


Drawn = Line | Band


def placed(values: Sequence[float], axis: Axis) -> np.ndarray:  # type: ignore[type-arg]
    """float64 ``(n,)``, where the values are drawn."""
    return np.array([axis.place(value) for value in values], np.float64)


def nearest(xs: Sequence[float], x: float) -> int | None:
    """Index of the x nearest to one, in an ascending list; None in an empty one."""
    if not xs or math.isnan(x):
        return None
    at = bisect_left(xs, x)
    around = [one for one in (at - 1, at) if 0 <= one < len(xs)]
    return min(around, key=lambda one: abs(xs[one] - x))
