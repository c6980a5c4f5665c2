"""A gallery as one HTML page to hand on: nothing in it is loaded from elsewhere."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.evaluation.evaluation_report import _MUTED, _OURS, _SETTINGS, Plot, _calm, _inline
from engine.export.source import Source, draw_faces
from engine.export.tensorboard.projector_files import OwnDistances
from engine.maps.separation import named_rightly
from engine.progress import Reporter
from engine.records.domains import current_time
from engine.records.figures import Evaluation
from engine.records.findings import Review
from engine.records.gallery_figures import GalleryFigures, Separation
from engine.records.jobs import ModelVersion
from engine.records.types import Ids, Vectors
from engine.utils.distances import between, prepare
from engine.utils.files import private_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COMPARED = 2_000
"""Faces whose distances to one another are taken; of larger galleries a sample."""

_EACH = 20  # at most so many faces of one person among them
_SEED = 1
_FALSE_MATCH = 0.001


def measure(source: Source) -> GalleryFigures:
    """Read all faces twice."""
    distances = OwnDistances(source.dimension, source.store.distance)
    sample = _sample(source)
    added, photos = [], 0
    rows, owners = [], []
    for faces, vectors in source.chunks("Reading the faces"):
        distances.add(faces, vectors)
        added += [face.added for face in faces]
        photos += sum(face.has_photo for face in faces)
        chosen = [row for row, face in enumerate(faces) if face.id in sample]
        rows.append(vectors[chosen])
        owners += [faces[row].identity_id for row in chosen]
    counts = {identity.id: identity.faces for identity in source.identities.values()}
    ready = prepare(np.concatenate(rows), source.store.distance)
    found = between(ready, ready, source.store.distance)
    return GalleryFigures(
        np.sort(added),
        counts,
        _own(source, distances),
        photos,
        _separation(found, np.array(owners)),
        _recognised(found, np.array(owners)),
    )


def _own(source: Source, distances: OwnDistances) -> dict[int, float]:
    sums: dict[int, list[float]] = {}
    for faces, vectors in source.chunks("Measuring distances"):
        for face, found in zip(faces, distances.of(faces, vectors), strict=True):
            if found is not None:
                total, count = sums.get(face.identity_id, (0.0, 0))
                sums[face.identity_id] = [total + found, count + 1]
    return {who: total / count for who, (total, count) in sums.items()}


def _sample(source: Source) -> set[int]:
    """Ids of faces to compare: some of each of people drawn by chance, until there are enough."""
    faces, owners = source.store.faces.membership()
    chance = np.random.default_rng(_SEED)
    rows = draw_faces(owners, _EACH, chance)
    who, place = np.unique(owners[rows], return_inverse=True)
    people_by_chance = np.argsort(chance.permutation(len(who))[place], kind="stable")
    return set(faces[rows[people_by_chance][:MOST_COMPARED]].tolist())


def _recognised(distances: Vectors, owners: Ids) -> dict[int, tuple[int, int]]:
    if len(owners) < 2:
        return {}
    right = named_rightly(distances, owners)
    who, place = np.unique(owners, return_inverse=True)
    asked, hits = np.bincount(place), np.bincount(place, right).astype(np.int64)
    both = zip(who.tolist(), hits.tolist(), asked.tolist(), strict=True)
    return {one: (hit, count) for one, hit, count in both if count > 1}


def _separation(distances: Vectors, owners: Ids) -> Separation:
    above = np.triu_indices(len(owners), 1)
    found = distances[above]
    same = owners[above[0]] == owners[above[1]]
    own, other = np.sort(found[same]), np.sort(found[~same])
    threshold = recognised = None
    if len(other) >= 10 / _FALSE_MATCH and len(own):
        threshold = float(np.quantile(other, _FALSE_MATCH))
        recognised = float((own < threshold).mean())
    return Separation(own, other, threshold, recognised, len(owners))


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

    return Plot(
        "Faces of each person", "People with few faces are recognised less reliably.", _svg(draw)
    )


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

    return Plot("Growth", "Faces enrolled now, by the day they were added.", _svg(draw))


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

    return Plot("Distances within and between people", _separation_note(separation), _svg(draw))


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


def _svg(draw: Callable[[Axes], None]) -> str:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

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


MOST_LISTED = 500
"""People in the table, those with most faces."""

MOST_REVIEWED = 20_000
"""Faces beyond which the review is left out: it takes minutes there."""

_KINDS = {
    "labels": "look more like someone else",
    "merges": "may be one person under two names",
    "outliers": "look like no one",
    "duplicates": "are almost the same photograph as another",
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
        """Write it at a path that is free, and say what was left out or sampled."""
        figures = measure(source)
        reviewed = source.count <= MOST_REVIEWED
        review = self.review(source.reporter) if reviewed else None
        said = _left_out(source, review)
        source.reporter.progress("Drawing charts", 0, 0)
        with private_file(path) as stream:
            stream.write(self._page(source, figures, review, said).encode())
        return said

    def _page(
        self, source: Source, figures: GalleryFigures, review: Review | None, said: Sequence[str]
    ) -> str:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        counts = [identity.faces for identity in source.identities.values()]
        drawn = [
            faces_per_person(counts),
            distances(figures.separation, source.store.distance),
            growth(figures.added),
        ]
        return environment.get_template("report.html.jinja").render(
            gallery=source.store.folder.name,
            behind=f"{_moment(current_time())} · {source.dimension} numbers per face, "
            f"{source.store.distance} distance",
            facts=_facts(source, figures),
            said=said,
            plots=[one for one in drawn if one is not None],
            people=_people(source, figures),
            models=[_model(model) for model in self.models],
            evaluation=self.evaluation,
            evaluated=_moment(self.evaluation.created) if self.evaluation else "",
            review=None if review is None else _found(review),
        )


def _left_out(source: Source, review: Review | None) -> list[str]:
    said = []
    if source.count > MOST_COMPARED:
        said.append(f"Distances were measured on {MOST_COMPARED:,} of the {source.count:,} faces.")
    if len(source.identities) > MOST_LISTED:
        people = len(source.identities)
        said.append(
            f"The table lists the {MOST_LISTED:,} of {people:,} people with the most faces."
        )
    if review is None:
        said.append(
            f"The review is left out because it takes minutes with more than {MOST_REVIEWED:,} "
            "faces. Run `face-gallery review` for it."
        )
    return said


def _facts(source: Source, figures: GalleryFigures) -> list[tuple[str, str]]:
    counts = sorted(identity.faces for identity in source.identities.values())
    return [
        ("people", f"{len(counts):,}"),
        ("faces", f"{source.count:,}"),
        ("with a photograph", f"{figures.photos:,}"),
        ("faces per person, median", f"{counts[len(counts) // 2]:,}"),
        ("most and fewest", f"{counts[-1]:,} and {counts[0]:,}"),
        ("last added", _moment(float(figures.added[-1]))),
    ]


def _people(source: Source, figures: GalleryFigures) -> list[tuple[str, str, str, str]]:
    """Name, faces, mean own distance, note."""
    listed = sorted(source.identities.values(), key=lambda one: (-one.faces, one.name))
    own = figures.own_distance
    return [
        (item.name, f"{item.faces:,}", f"{own[item.id]:.3f}" if item.id in own else "–", item.note)
        for item in listed[:MOST_LISTED]
    ]


def _model(version: ModelVersion) -> tuple[str, str, str, str]:
    """Kind, whether it is in use, when, and what came of it."""
    use = "in use" if version.active else ""
    return version.kind, use, _moment(version.created), version.sentence


def _found(review: Review) -> list[str]:
    counts = Counter(finding.kind for finding in review.findings)
    return [
        f"{count:,} {'people' if kind in _ABOUT_PEOPLE else 'faces'} {words}"
        for kind, words in _KINDS.items()
        if (count := counts.get(kind, 0))  # type: ignore[call-overload]
    ]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
