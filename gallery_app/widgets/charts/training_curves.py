"""The curves of trainings as charts: one training in full, or several laid over one another.

Import it late: it brings pyqtgraph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.progress import Measured
from engine.records.training_parameters import Kind
from gallery_app.widgets.charts.chart_style import Axis
from gallery_app.widgets.charts.line_chart import LineChart
from gallery_app.widgets.controls.boxes import hbox
from gallery_app.widgets.controls.flow_layouts import Tiles

_CARD_WIDTH = 168  # least, of a small card


@dataclass(frozen=True)
class _Card:
    """A chart, its y axis, and which measured values it shows under which name."""

    title: str
    y: Axis
    lines: Mapping[str, str]
    band: tuple[str, str] | None = None


_SHARE = Axis("share", percent=True)
_LOSS = _Card("Loss", Axis("loss"), {"loss": "training", "validation_loss": "validation"})
_RATE = _Card("Learning rate", Axis("learning rate", log=True), {"rate": "learning rate"})
_CARDS: Mapping[Kind, tuple[_Card, ...]] = {
    "mlp": (
        _LOSS,
        _Card("Accuracy", _SHARE, {"accuracy": "training", "validation_accuracy": "validation"}),
        _RATE,
    ),
    "triplet": (
        _LOSS,
        _Card("Correct on held-out people", _SHARE, {"validation_accuracy": "right"}),
        _Card("Active triplets", Axis("share", percent=True, low=0), {"active": "active"}),
        _Card(
            "Spread",
            Axis("distance", low=0),
            {"spread50": "median"},
            band=("spread05", "spread95"),
        ),
        _RATE,
    ),
}
_BAND = "5th to 95th percentile"


class Curves(QWidget):
    """The charts of one training. Small cards show as many as fit, the most telling first."""

    def __init__(self, kind: Kind, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = _CARDS[kind]
        self._compact = compact
        x = Axis("epoch", low=0, whole=True)
        self.charts = [LineChart(card.title, x, card.y, compact=compact) for card in self._cards]
        self._last = 0
        if compact:
            hbox(*((chart, 1) for chart in self.charts), parent=self, margins=0, spacing=16)
        else:
            _fill(self, self.charts)

    def take(self, measured: Measured) -> None:
        """One more point; a training that begins anew begins an empty chart."""
        if measured.step <= self._last:
            for chart in self.charts:
                chart.clear()
        if measured.steps and (self._last == 0 or measured.step <= self._last):
            for chart in self.charts:
                chart.set_x_end(measured.steps)
        self._last = measured.step
        for card, chart in zip(self._cards, self.charts, strict=True):
            _append(chart, card, measured)

    def show_all(self, points: Iterable[Measured]) -> None:
        """A whole training; the x axis ends where it ended."""
        for point in points:
            self.take(point)
        for chart in self.charts:
            chart.set_x_end(max(self._last, 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(_CARD_WIDTH, 60) if self._compact else super().minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._compact:
            fitting = max((self.width() + 16) // (_CARD_WIDTH + 16), 1)
            for place, chart in enumerate(self.charts):
                chart.setVisible(place < fitting)


def _append(chart: LineChart, card: _Card, measured: Measured) -> None:
    values = measured.values
    if card.band is not None and all(name in values for name in card.band):
        low, high = (values[name] for name in card.band)
        chart.append_band(_BAND, measured.step, low, high, style=0)
    for style, (name, label) in enumerate(card.lines.items()):
        if name in values:
            chart.append(label, measured.step, values[name], style=style)


class ComparedCurves(QWidget):
    """Loss and accuracy of several trainings, one line each; the validation's where it was kept."""

    def __init__(
        self, trainings: Mapping[str, Sequence[Measured]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        x = Axis("epoch", low=0, whole=True)
        self.loss = LineChart("Loss", x, Axis("loss"))
        self.accuracy = LineChart("Correct on held-out data", x, _SHARE)
        for style, (name, points) in enumerate(trainings.items()):
            _overlay(self.loss, name, points, ("validation_loss", "loss"), style)
            _overlay(self.accuracy, name, points, ("validation_accuracy", "accuracy"), style)
        _fill(self, [self.loss, self.accuracy])


def _fill(owner: QWidget, charts: Sequence[LineChart]) -> None:
    hbox(Tiles(charts), parent=owner, margins=0)


def _overlay(
    chart: LineChart, name: str, points: Sequence[Measured], keys: tuple[str, ...], style: int
) -> None:
    for key in keys:
        known = [(float(point.step), point.values[key]) for point in points if key in point.values]
        if known:
            xs, ys = zip(*known, strict=True)
            chart.set_line(name, xs, ys, style)
            return
