"""The report's charts, in the manner of an evaluation's: SVG in the colours of the page.

matplotlib is imported with this module; import it late.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from engine.evaluation.plots import _MUTED, _OURS, _SETTINGS, Plot, _calm, _inline
from engine.records.measured import Separation
from engine.types import Vectors

_FIRST, _SECOND, *_ = _OURS
_ENDS = (1, 2, 5, 10, 20, 50, 100, 1_000_000_000)  # the last of each group of faces per person
_BINS = 80
_STEPS = 400  # points of the curve of growth


def faces_per_person(counts: Sequence[int]) -> Plot:
    """How many people have how many faces."""
    starts = (1, *(end + 1 for end in _ENDS[:-1]))
    labels = [_range(start, end) for start, end in zip(starts, _ENDS, strict=True)]
    found = np.array(counts)
    people = [
        int(((found >= start) & (found <= end)).sum())
        for start, end in zip(starts, _ENDS, strict=True)
    ]

    def draw(axes: Axes) -> None:
        bars = axes.bar(labels, people, color=_FIRST, width=0.7)
        axes.bar_label(bars, [f"{count:,}" if count else "" for count in people], color=_MUTED)
        axes.set_xlabel("faces")
        axes.set_ylabel("people")
        axes.grid(visible=False, axis="x")
        axes.margins(y=0.12)

    return Plot("Faces of each person", "People with few faces are recognised less.", _svg(draw))


def growth(added: Vectors) -> Plot | None:
    """How many faces there were, day by day; None where all came within a minute."""
    if added[-1] - added[0] < 60:
        return None
    steps = np.linspace(0, len(added) - 1, min(len(added), _STEPS)).astype(int)
    moments = [datetime.fromtimestamp(added[step], UTC) for step in steps]

    def draw(axes: Axes) -> None:
        axes.step(moments, steps + 1, where="post", color=_FIRST, linewidth=2)  # type: ignore[arg-type]
        axes.set_ylabel("faces")
        axes.set_ylim(bottom=0)
        for label in axes.get_xticklabels():
            label.set(rotation=20, ha="right")

    return Plot(
        "Growth", "Of the faces that are enrolled now, by the day they were added.", _svg(draw)
    )


def distances(separation: Separation, name: str) -> Plot | None:
    """Own and other distances; None where nobody has two faces, or there is but one person."""
    own, other = separation.own, separation.other
    if not len(own) or not len(other):
        return None
    bins = np.linspace(0, max(own.max(), other.max()), _BINS)

    def draw(axes: Axes) -> None:
        for found, color, dash, label in (
            (own, _FIRST, "-", "one person"),
            (other, _SECOND, "--", "two people"),
        ):
            shares = 100 * np.histogram(found, bins)[0] / len(found)
            axes.stairs(shares, bins, fill=True, color=color, alpha=0.25)
            axes.stairs(shares, bins, color=color, linestyle=dash, linewidth=1.6, label=label)
        if separation.threshold is not None:
            axes.axvline(separation.threshold, color=_MUTED, linewidth=1.2, linestyle=":")
        axes.set_xlabel(f"{name} distance between two faces")
        axes.set_ylabel("pairs (%)")
        axes.legend(frameon=False)

    return Plot("Faces of one person and of two", _separation_note(separation), _svg(draw))


def _separation_note(separation: Separation) -> str:
    pairs = len(separation.own) + len(separation.other)
    note = f"Over {pairs:,} pairs of {separation.compared:,} faces."
    if separation.threshold is None or separation.recognised is None:
        return note
    return (
        f"{note} The dotted line is at {separation.threshold:.3f}: nearer are 1 in 1,000 pairs of "
        f"different people and {100 * separation.recognised:.1f} % of the pairs of one person."
    )


def _range(start: int, end: int) -> str:
    if end == _ENDS[-1]:
        return f"over {start - 1}"
    return str(start) if start == end else f"{start} to {end}"


def _svg(draw: Callable[[Axes], None]) -> str:
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(8.6, 3.6), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _calm(figure, axes)
        draw(axes)
        legend = axes.get_legend()
        for text in legend.get_texts() if legend else ():
            text.set_color(_MUTED)
        for text in axes.texts:
            text.set_color(_MUTED)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return _inline(stream.getvalue())
