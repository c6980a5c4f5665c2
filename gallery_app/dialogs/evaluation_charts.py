"""The charts of an open-set evaluation. Import it late: it brings pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from engine.records.figures import OpenFigures
from gallery_app.widgets.charts.chart_style import Axis
from gallery_app.widgets.charts.line_chart import LineChart
from gallery_app.widgets.controls.flow_layouts import Tiles
from gallery_app.wording.method_words import method_title

_HEIGHT = 360  # with a key of several rows
_LEAST = 1e-3  # of both sides of the DET curve; fewer searches than that are rarely there


def charts(methods: Sequence[OpenFigures]) -> Tiles:
    """CMC, DET and reliability; a method has the same line in all."""
    made: list[QWidget] = [cmc(methods), det(methods)]
    if any(method.reliability for method in methods):
        made.append(reliability(methods))
    return Tiles(made, _HEIGHT)


def cmc(methods: Sequence[OpenFigures]) -> LineChart:
    """Share of right names among the first k."""
    most = max((len(method.cmc) for method in methods), default=1)
    ranks = Axis("rank", low=1, high=max(most, 2), whole=True)
    chart = LineChart("Right name among the first k (CMC)", ranks, Axis("share", percent=True))
    for style, one in enumerate(methods):
        chart.set_line(method_title(one.method), range(1, len(one.cmc) + 1), one.cmc, style)
    return chart


def det(methods: Sequence[OpenFigures]) -> LineChart:
    """Missed people against named strangers, both logarithmic."""
    chart = LineChart(
        "Known people missed against strangers named (DET)",
        Axis("strangers named (FPIR)", log=True, percent=True, low=_LEAST, high=1),
        Axis("people missed (FNIR)", log=True, percent=True, low=_LEAST, high=1),
    )
    for style, one in enumerate(methods):
        points = [point for point in one.det if point[0] >= _LEAST]
        if points:
            chart.set_line(
                method_title(one.method), [x for x, _ in points], [y for _, y in points], style
            )
    return chart


def reliability(methods: Sequence[OpenFigures]) -> LineChart:
    """How often a stated confidence observed; on the diagonal it is exact."""
    chart = LineChart(
        "Stated confidence against observed accuracy",
        Axis("stated", percent=True, low=0, high=1),
        Axis("observed", percent=True, low=0, high=1),
    )
    chart.show_identity()
    for style, one in enumerate(methods):
        bins = sorted((each for each in one.reliability if each.count), key=lambda b: b.stated)
        if bins:
            chart.set_line(
                method_title(one.method), [b.stated for b in bins], [b.right for b in bins], style
            )
    return chart
