"""How charts look: axes with their ticks, line styles, and the lines and bands they draw."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from gallery_app.theme.colours import current_theme

_TINY = 1e-12  # what a logarithm takes for nothing
_WIDTH = 1.75  # of a line
_STEPS = (1, 2, 2.5, 5, 10)
_DECADE_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Attributes:
        label: with its unit where there is one, such as "distance" or "time in s".
        percent: values are shares in [0, 1], shown in percent.
        low, high: ends that stay; None follows the data. On a logarithmic axis ``low`` is also
            where smaller values are drawn.
        whole: only whole numbers occur, such as epochs.
    """

    label: str = ""
    log: bool = False
    percent: bool = False
    low: float | None = None
    high: float | None = None
    whole: bool = False

    def place(self, value: float) -> float:
        """Where a value is drawn."""
        if not self.log:
            return value
        return math.log10(max(value, self.low or _TINY)) if math.isfinite(value) else math.nan

    def value(self, place: float) -> float:
        """Value at a place on the axis."""
        return 10.0**place if self.log else place

    def text(self, value: float) -> str:
        """A value as it is read out."""
        if self.whole:
            return f"{value:,.0f}"
        if self.percent:
            return f"{value * 100:.3g} %" if value < 0.1 else f"{value * 100:.1f} %"
        return f"{value:.3g}"

    def span(self, values: Iterable[float]) -> tuple[float, float]:
        """The places of both ends for what is to be shown, with a little air."""
        places = [place for place in map(self.place, values) if math.isfinite(place)]
        low, high = (min(places), max(places)) if places else (self.place(0.1), self.place(1))
        fixed_low = None if self.low is None else self.place(self.low)
        fixed_high = None if self.high is None else self.place(self.high)
        low = low if fixed_low is None else fixed_low
        high = high if fixed_high is None else fixed_high
        air = 0.06 * (high - low) or (0.5 if self.whole or self.log else abs(high) * 0.1 or 1.0)
        low = low - air if fixed_low is None else low
        high = high + air if fixed_high is None else high
        if self.percent and not self.log:
            low, high = max(low, 0.0), min(high, 1.0 + air / 4)
        return low, high

    def ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        """Places of round values between two places, and their words; at most about ``most``."""
        if self.log and high - low >= 1:
            values = _decades(low, high, most)
        elif self.log:
            values = _round_values(10**low, 10**high, most)
        else:
            values = _round_values(low, high, most, 1.0 if self.whole else 0.0)
        shown = [value * 100 if self.percent else value for value in values]
        decimals = 0 if self.log else max((_decimals(number) for number in shown), default=0)
        unit = " %" if self.percent else ""
        texts = [f"{number:.9g}" if self.log else f"{number:,.{decimals}f}" for number in shown]
        return [(self.place(value), text + unit) for value, text in zip(values, texts, strict=True)]


def _round_values(low: float, high: float, most: int, least_step: float = 0.0) -> list[float]:
    raw = max((high - low) / max(most, 1), _TINY)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * step for step in _STEPS if power * step >= raw * 0.999)
    step = max(step, least_step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def _decimals(value: float) -> int:
    """Digits after the point that a round value needs."""
    text = f"{value:.9f}".rstrip("0")
    return len(text) - text.index(".") - 1


def _decades(low: float, high: float, most: int) -> list[float]:
    powers = range(math.floor(low), math.ceil(high) + 1)
    every = max(1, math.ceil((high - low) / max(most, 1)))
    steps = _DECADE_STEPS if (high - low) * len(_DECADE_STEPS) <= most else (1,)
    values = [step * 10.0**power for power in powers[::every] for step in steps]
    return [value for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]


@dataclass(frozen=True)
class LineStyle:
    """Colour, dashes and mark of one line: any two differ in all that is seen without colour."""

    light: str
    dark: str
    dashes: tuple[float, ...]
    mark: str

    def color(self) -> QColor:
        return QColor(self.dark if current_theme().dark else self.light)

    def pen(self, pixels: float = 0.0) -> QPen:
        """For a scaled scene on a screen of ``pixels`` to a point, or plain for a widget."""
        pen = QPen(self.color(), _WIDTH * (pixels or 1))
        pen.setCosmetic(bool(pixels))
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if self.dashes:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern(list(self.dashes))
        return pen


# Eight colours with 3 to 1 on both grounds; neighbours in the list differ in lightness too.
STYLES = (
    LineStyle("#1f6feb", "#6ea8ff", (), "o"),
    LineStyle("#c2410c", "#ff9f6b", (6, 2.5), "s"),
    LineStyle("#1a7f5a", "#58c79a", (2, 1.5), "t1"),
    LineStyle("#8a2f7b", "#e592d3", (7, 2, 1.5, 2), "d"),
    LineStyle("#8f5a00", "#e3b04b", (10, 3), "x"),
    LineStyle("#0e7490", "#5cc8e6", (4, 2, 1.5, 2, 1.5, 2), "+"),
    LineStyle("#5f6b74", "#97a3ad", (1.5, 3), "t"),
    LineStyle("#3f4a52", "#c9d1d8", (4, 4), "star"),
)


def style_of(index: int) -> LineStyle:
    """The style of the nth line; after the last colour they begin anew with other dashes."""
    own, turn = STYLES[index % len(STYLES)], index // len(STYLES)
    other = STYLES[(index + 3 * turn) % len(STYLES)]
    return replace(own, dashes=other.dashes, mark=other.mark)


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
        """Draw what is known now in the theme's colours, on a screen of ``pixels`` to a point."""
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
    around = [index for index in (at - 1, at) if 0 <= index < len(xs)]
    return min(around, key=lambda index: abs(xs[index] - x))
