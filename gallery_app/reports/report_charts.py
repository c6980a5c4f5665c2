"""Charts of a report as SVG that takes its colours from the page, in light and in dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A colour in a plot stands for a variable of the page; these values are never shown.
_VARIABLES = {
    "#010203": "--text",
    "#010204": "--muted",
    "#010205": "--line",
    "#010206": "--panel",
    "#010211": "--first",
    "#010212": "--second",
    "#010213": "--third",
    "#010214": "--fourth",
    "#010215": "--fifth",
    "#010216": "--sixth",
}
TEXT, MUTED, LINE, PANEL, *COLOURS = _VARIABLES

_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "face-gallery",
    "text.parse_math": False,
    "font.size": 10,
}


@dataclass(frozen=True)
class ReportChart:
    """A drawing ready to be put into the page: ``svg`` is markup, ``title`` plain text."""

    title: str
    note: str
    svg: str


def drawn(draw: Callable[[Axes], None], height: float, *, legend_beside: bool = False) -> str:
    """The markup of a chart.

    Args:
        height: in inches; it is 8.6 wide.
        legend_beside: right of the axes; else where the drawing put it, if anywhere.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(8.6, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _calm(figure, axes)
        draw(axes)
        if legend_beside:
            axes.legend(
                loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, labelcolor=TEXT
            )
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return _inline(stream.getvalue())


def _inline(svg: str) -> str:
    """The element alone: no prologue, metadata, fixed size or names that repeat between plots."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg


def _calm(figure: Figure, axes: Axes) -> None:
    """Thin lines, no box, nothing painted behind."""
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(colors=MUTED, which="both", length=3)
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_color(TEXT)
