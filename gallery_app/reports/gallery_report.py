"""A gallery as one HTML page to hand on: nothing in it is loaded from elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from engine.records.figures import Evaluation
from engine.records.findings import Review
from engine.records.gallery_figures import GallerySummary, Separation
from engine.records.jobs import ModelVersion
from engine.records.types import Vectors
from gallery_app.reports.html_page import page
from gallery_app.reports.report_charts import COLOURS, MUTED, ReportChart, drawn
from gallery_app.wording.evaluation_words import conclusions
from gallery_app.wording.export_words import MOST_LISTED, report_omissions
from gallery_app.wording.method_words import method_title
from gallery_app.wording.number_words import faces_text, people_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FIRST, _SECOND, *_ = COLOURS
_ENDS = (1, 2, 5, 10, 20, 50, 100, 1_000_000_000)  # the last of each group of faces per person
_BINS = 80
_STEPS = 400  # points of the curve of growth


def faces_per_person(counts: Sequence[int]) -> ReportChart:
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
        axes.bar_label(bars, [f"{count:,}" if count else "" for count in people], color=MUTED)
        axes.set_xlabel("faces")
        axes.set_ylabel("people")
        axes.grid(visible=False, axis="x")
        axes.margins(y=0.12)

    return ReportChart(
        "Faces of each person", "People with few faces are recognised less reliably.", _chart(draw)
    )


def growth(added: Vectors) -> ReportChart | None:
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

    return ReportChart("Growth", "Faces enrolled now, by the day they were added.", _chart(draw))


def distances(separation: Separation, name: str) -> ReportChart | None:
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
            axes.axvline(separation.threshold, color=MUTED, linewidth=1.2, linestyle=":")
        axes.set_xlabel(f"{name} distance between two faces")
        axes.set_ylabel("pairs (%)")
        axes.legend(frameon=False)

    return ReportChart(
        "Distances within and between people", _separation_note(separation), _chart(draw)
    )


def _separation_note(separation: Separation) -> str:
    pairs = len(separation.own) + len(separation.other)
    note = f"Over {pairs:,} pairs of {separation.compared:,} faces."
    if separation.threshold is None or separation.recognised is None:
        return note
    return (
        f"{note} The dotted line is at {separation.threshold:.3f}: 1 in 1,000 pairs of different "
        f"people and {100 * separation.recognised:.1f} % of pairs of the same person are nearer."
    )


def _range(start: int, end: int) -> str:
    if end == _ENDS[-1]:
        return f"over {start - 1}"
    return str(start) if start == end else f"{start} to {end}"


def _chart(draw: Callable[[Axes], None]) -> str:
    def muted(axes: Axes) -> None:
        draw(axes)
        legend = axes.get_legend()
        for text in [*(legend.get_texts() if legend else ()), *axes.texts]:
            text.set_color(MUTED)

    return drawn(muted, 3.6)


_KINDS = {
    "labels": "look more like someone else",
    "merges": "may be one person under two names",
    "outliers": "look like no one",
    "duplicates": "are almost the same photo as another",
    "few": "have too few faces",
}
_ABOUT_PEOPLE = ("merges", "few")


def gallery_page(summary: GallerySummary) -> str:
    """Return the HTML document; it reads well in light and in dark."""
    counts = [identity.faces for identity in summary.identities]
    plots = [
        faces_per_person(counts),
        distances(summary.figures.separation, summary.distance),
        growth(summary.figures.added),
    ]
    evaluation, review = summary.evaluation, summary.review
    return page(
        "gallery.html.jinja",
        gallery=summary.gallery,
        behind=f"{_moment(summary.created)} · {summary.dimension} numbers per face, "
        f"{summary.distance} distance",
        facts=_facts(summary),
        omissions=report_omissions(summary.faces, len(summary.identities)),
        plots=[plot for plot in plots if plot is not None],
        people=_people(summary),
        models=[_model(model) for model in summary.models],
        evaluation=evaluation,
        conclusions=conclusions(evaluation) if evaluation else (),
        evaluated=_evaluated(evaluation) if evaluation else "",
        review=None if review is None else _found(review),
    )


def _evaluated(evaluation: Evaluation) -> str:
    people, faces = people_text(evaluation.identities), faces_text(evaluation.faces)
    return f"Evaluated {_moment(evaluation.created)} with {people} and {faces}."


def _facts(summary: GallerySummary) -> list[tuple[str, str]]:
    figures = summary.figures
    counts = sorted(identity.faces for identity in summary.identities)
    return [
        ("people", f"{len(counts):,}"),
        ("faces", f"{summary.faces:,}"),
        ("with a photograph", f"{figures.photos:,}"),
        ("faces per person, median", f"{counts[len(counts) // 2]:,}"),
        ("most and fewest", f"{counts[-1]:,} and {counts[0]:,}"),
        ("last added", _moment(float(figures.added[-1]))),
    ]


def _people(summary: GallerySummary) -> list[tuple[str, str, str, str]]:
    """Name, faces, mean own distance, note."""
    listed = sorted(summary.identities, key=lambda identity: (-identity.faces, identity.name))
    own = summary.figures.own_distance
    return [
        (item.name, f"{item.faces:,}", f"{own[item.id]:.3f}" if item.id in own else "–", item.note)
        for item in listed[:MOST_LISTED]
    ]


def _model(version: ModelVersion) -> tuple[str, str, str, str]:
    """Kind, whether it is in use, when, and what came of it."""
    use = "in use" if version.active else ""
    return method_title(version.kind), use, _moment(version.created), version.sentence


def _found(review: Review) -> list[str]:
    counts = Counter(finding.kind for finding in review.findings)
    return [
        f"{count:,} {'people' if kind in _ABOUT_PEOPLE else 'faces'} {words}"
        for kind, words in _KINDS.items()
        if (count := counts.get(kind, 0))  # type: ignore[call-overload]
    ]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
