"""A gallery as one HTML page to hand on: nothing in it is loaded from elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.export.landing import private_file
from engine.export.report_figures import MOST_COMPARED, measure
from engine.export.source import Source
from engine.progress import Reporter
from engine.records.figures import Evaluation
from engine.records.findings import Review
from engine.records.jobs import ModelVersion
from engine.records.measured import Figures
from engine.tools import clock

MOST_LISTED = 500
"""People in the table, those with most faces."""

MOST_REVIEWED = 20_000
"""Faces beyond which the review is left out: it takes minutes there."""

_KINDS = {
    "labels": "look more like somebody else",
    "merges": "may be one person under two names",
    "outliers": "look like nobody",
    "duplicates": "are nearly the same picture as another",
    "few": "have too few faces",
}
_ABOUT_PEOPLE = ("merges", "few")


@dataclass(frozen=True, eq=False)
class ReportWriter:
    """Writes the page.

    Attributes:
        models: all trained versions.
        evaluation: the last one, if any.
        review: what looks wrong, asked for where the gallery is small enough.
    """

    models: Sequence[ModelVersion]
    evaluation: Evaluation | None
    review: Callable[[Reporter], Review]

    def __call__(self, source: Source, path: Path) -> list[str]:
        """Writes it at a path that is free, and says what was left out or sampled."""
        figures = measure(source)
        reviewed = source.count <= MOST_REVIEWED
        review = self.review(source.reporter) if reviewed else None
        said = _left_out(source, review)
        source.reporter.progress("Drawing the charts", 0, 0)
        with private_file(path) as stream:
            stream.write(self._page(source, figures, review, said).encode())
        return said

    def _page(
        self, source: Source, figures: Figures, review: Review | None, said: Sequence[str]
    ) -> str:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        from engine.export import report_charts as charts

        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        counts = [one.faces for one in source.identities.values()]
        drawn = [
            charts.faces_per_person(counts),
            charts.distances(figures.separation, source.store.distance),
            charts.growth(figures.added),
        ]
        return environment.get_template("report.html.jinja").render(
            gallery=source.store.folder.name,
            behind=f"{_moment(clock.now())} · {source.dimension} numbers a face, "
            f"{source.store.distance} distance",
            facts=_facts(source, figures),
            said=said,
            plots=[one for one in drawn if one is not None],
            people=_people(source, figures),
            models=[_model(one) for one in self.models],
            evaluation=self.evaluation,
            evaluated=_moment(self.evaluation.created) if self.evaluation else "",
            review=None if review is None else _found(review),
        )


def _left_out(source: Source, review: Review | None) -> list[str]:
    said = []
    if source.count > MOST_COMPARED:
        said.append(f"Distances are those of {MOST_COMPARED:,} of the {source.count:,} faces.")
    if len(source.identities) > MOST_LISTED:
        people = len(source.identities)
        said.append(f"The table lists the {MOST_LISTED:,} of {people:,} people with most faces.")
    if review is None:
        said.append(
            f"What looks wrong is left out: with over {MOST_REVIEWED:,} faces it takes minutes. "
            "`face-gallery review` finds it."
        )
    return said


def _facts(source: Source, figures: Figures) -> list[tuple[str, str]]:
    counts = sorted(one.faces for one in source.identities.values())
    return [
        ("people", f"{len(counts):,}"),
        ("faces", f"{source.count:,}"),
        ("with a photo", f"{figures.photos:,}"),
        ("faces a person, median", f"{counts[len(counts) // 2]:,}"),
        ("most and fewest", f"{counts[-1]:,} and {counts[0]:,}"),
        ("last added", _moment(float(figures.added[-1]))),
    ]


def _people(source: Source, figures: Figures) -> list[tuple[str, str, str, str]]:
    """Name, faces, mean own distance, note."""
    listed = sorted(source.identities.values(), key=lambda one: (-one.faces, one.name))
    own = figures.own_distance
    return [
        (one.name, f"{one.faces:,}", f"{own[one.id]:.3f}" if one.id in own else "–", one.note)
        for one in listed[:MOST_LISTED]
    ]


def _model(version: ModelVersion) -> tuple[str, str, str, str]:
    """Kind, whether it is in use, when, and what came of it."""
    use = "in use" if version.active else ""
    return version.kind, use, _moment(version.created), version.sentence


def _found(review: Review) -> list[str]:
    counts = Counter(one.kind for one in review.findings)
    return [
        f"{count:,} {'people' if kind in _ABOUT_PEOPLE else 'faces'} {words}"
        for kind, words in _KINDS.items()
        if (count := counts.get(kind, 0))  # type: ignore[call-overload]
    ]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
