"""An evaluation as one HTML file to hand on: nothing in it is loaded from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from engine.evaluation.metrics import wilson
from engine.records.figures import Evaluation, OpenFigures
from engine.utils.files import write_atomically
from engine.utils.number_text import counted
from gallery_app.reports.evaluation_text import Row, closed_rows, open_rows
from gallery_app.reports.html_page import page
from gallery_app.reports.report_charts import COLOURS, MUTED, ReportChart, drawn
from gallery_app.wording.evaluation_words import conclusions
from gallery_app.wording.method_words import method_title
from gallery_app.wording.number_words import faces_text, people_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CLOSED_NOTE = (
    "Every query is of an enrolled person: a fifth of each person's faces are searched for after "
    "the others have been enrolled. Percentages with 95 % intervals, computed over people."
)
_OPEN_NOTE = (
    "A third of the people are never enrolled. FNIR: share of enrolled people's faces for which "
    "the right name does not come first and above the threshold. FPIR: share of strangers who "
    "are wrongly named. The threshold for each FPIR is set on different people from those it is "
    "tested on; the FPIR actually reached is shown beside it. ECE: mean difference between "
    "stated confidence and the share of names that are right."
)


@dataclass(frozen=True)
class _Cell:
    value: str
    range: str


@dataclass(frozen=True)
class _Method:
    method: str
    reference: bool
    cells: list[_Cell]


@dataclass(frozen=True)
class _Table:
    title: str
    note: str
    header: Row
    rows: list[_Method]


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Write the report, whole or not at all; it reads well in light and in dark.

    Raises:
        OSError: nothing was written.
    """
    write_atomically(path, report(evaluation).encode())


def report(evaluation: Evaluation) -> str:
    """Return the HTML document."""
    return page(
        "evaluation.html.jinja",
        gallery=evaluation.gallery or "this gallery",
        behind=_behind(evaluation),
        sentences=conclusions(evaluation),
        tables=_tables(evaluation),
        plots=plots(evaluation),
    )


def _behind(evaluation: Evaluation) -> str:
    people, faces = people_text(evaluation.identities), faces_text(evaluation.faces)
    repeats = counted(evaluation.repeats, "repeat")
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(evaluation.created))
    sampled = " · searches sampled" if evaluation.sampled else ""
    return f"{people}, {faces} · {repeats}, seed {evaluation.seed}{sampled} · {day}"


def _tables(evaluation: Evaluation) -> list[_Table]:
    tables = []
    if evaluation.open:
        references = [method.reference for method in evaluation.open]
        rows = open_rows(evaluation)
        tables.append(_table("With strangers", _OPEN_NOTE, rows, references))
    if evaluation.closed:
        references = [method.reference for method in evaluation.closed]
        rows = closed_rows(evaluation)
        tables.append(_table("Everyone enrolled", _CLOSED_NOTE, rows, references))
    return tables


def _table(title: str, note: str, rows: Sequence[Row], references: Sequence[bool]) -> _Table:
    header, *body = rows
    methods = [
        _Method(name, reference, [_cell(cell) for cell in cells[:-1]] + [_Cell(cells[-1], "")])
        for (name, *cells), reference in zip(body, references, strict=True)
    ]
    return _Table(title, note, header, methods)


def _cell(text: str) -> _Cell:
    """The value, and its interval beneath it."""
    value, _, interval = text.partition(" (")
    return _Cell(value, interval.rstrip(")"))


_OUR_MARKS = ("o", "s", "^", "D", "v", "P")
_REFERENCE_DASHES = ((4, 2), (1, 1.5), (6, 2, 1, 2), (8, 3), (3, 1, 1, 1, 1, 1), (2, 2))
_REFERENCE_MARKS = ("x", "+", "1", "2", "3", "4")

_ERROR_TICKS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)
_LEAST = 5e-4
"""Error shares below this are drawn at it: probits of 0 and 1 are infinite."""

_MOST_FPIR = 0.6
"""Where the DET curve ends: nobody asks for more."""


def plots(evaluation: Evaluation) -> list[ReportChart]:
    """DET, CMC and reliability of the open set; none where it was not run."""
    if not evaluation.open:
        return []
    charts = [
        ReportChart(
            "Strangers named against people missed",
            "Detection error trade-off: lower and further left is better. Methods are in colour, "
            "references in grey.",
            _chart(_det, evaluation.open),
        ),
        ReportChart(
            "Right name among the first k",
            "Cumulative match characteristic of enrolled people's faces, regardless of the "
            "verdict.",
            _chart(_cmc, evaluation.open),
        ),
    ]
    if any(method.reliability for method in evaluation.open):
        charts.append(
            ReportChart(
                "Stated confidence against observed accuracy",
                "On the diagonal, confidence equals accuracy. Bars are 95 % intervals of each "
                "bin (Wilson), assuming independent searches.",
                _chart(_reliability, evaluation.open),
            )
        )
    return charts


def _chart(
    draw: Callable[[Axes, Sequence[OpenFigures]], None], shown: Sequence[OpenFigures]
) -> str:
    return drawn(lambda axes: draw(axes, shown), 4.4, legend_beside=True)


def _styles(shown: Sequence[OpenFigures]) -> list[dict[str, Any]]:
    """How each method is drawn: never told apart by colour alone."""
    styles, ours, references = [], 0, 0
    for method in shown:
        if method.reference:
            turn = references % len(_REFERENCE_DASHES)
            look = {"color": MUTED, "marker": _REFERENCE_MARKS[turn], "linewidth": 1.2}
            styles.append(look | {"dashes": _REFERENCE_DASHES[turn]})
            references += 1
        else:
            turn = ours % len(COLOURS)
            look = {"color": COLOURS[turn], "marker": _OUR_MARKS[turn], "linewidth": 2.0}
            styles.append(look | ({"dashes": (5, 2)} if ours >= len(COLOURS) else {}))
            ours += 1
    return [
        style | {"label": method_title(method.method), "markersize": 5, "markerfacecolor": "none"}
        for style, method in zip(styles, shown, strict=True)
    ]


def _det(axes: Axes, shown: Sequence[OpenFigures]) -> None:
    heights: list[float] = []
    for method, style in zip(shown, _styles(shown), strict=True):
        points = [(x, y) for x, y in method.det if 0 < x <= _MOST_FPIR]
        if not points:
            continue
        xs, ys = zip(*points, strict=True)
        heights += ys
        places = [_probit(x) for x in xs], [_probit(y) for y in ys]
        axes.plot(*places, markevery=max(len(xs) // 8, 1), **style)
    axes.set_xlabel("strangers wrongly named (FPIR)")
    axes.set_ylabel("enrolled people missed (FNIR)")
    _probit_ticks(axes, "x", 0.0005, _MOST_FPIR)
    _probit_ticks(axes, "y", min(heights, default=_LEAST), max(heights, default=1.0))


def _probit(share: float) -> float:
    return NormalDist().inv_cdf(min(max(share, _LEAST), 1 - _LEAST))


def _probit_ticks(axes: Axes, side: str, low: float, high: float) -> None:
    """Ticks in percent from ``low`` to ``high``, with a little room around."""
    ends = _probit(low) - 0.08, _probit(high) + 0.08
    inside = [tick for tick in _ERROR_TICKS if ends[0] <= _probit(tick) <= ends[1]]
    labels, places = [f"{100 * tick:g} %" for tick in inside], [_probit(tick) for tick in inside]
    axes.set(**{f"{side}ticks": places, f"{side}ticklabels": labels, f"{side}lim": ends})


def _cmc(axes: Axes, shown: Sequence[OpenFigures]) -> None:
    for method, style in zip(shown, _styles(shown), strict=True):
        if method.rank5 is None:  # it names only one, and would flatten all the others
            continue
        ranks = range(1, len(method.cmc) + 1)
        axes.plot(ranks, [100 * share for share in method.cmc], markevery=3, **style)
    axes.set_xlabel("first k candidates")
    axes.set_ylabel("right name among them (%)")
    axes.set_xticks([1, 5, 10, 15, 20])
    axes.set_xlim(0.5, 20.5)


def _reliability(axes: Axes, shown: Sequence[OpenFigures]) -> None:
    axes.plot([0, 100], [0, 100], color=MUTED, linewidth=0.8, label="as stated")
    for method, style in zip(shown, _styles(shown), strict=True):
        if not method.reliability:
            continue
        stated = [100 * each.stated for each in method.reliability]
        right = [100 * each.right for each in method.reliability]
        axes.plot(stated, right, **style)
        ends = [wilson(each.right, each.count) for each in method.reliability]
        lows, highs = zip(*((100 * low, 100 * high) for low, high in ends), strict=True)
        axes.vlines(stated, lows, highs, color=style["color"], linewidth=1)
    axes.set(xlim=(-2, 102), ylim=(-2, 102))
    axes.set_xlabel("stated confidence (%)")
    axes.set_ylabel("right (%)")
