"""Look at the gallery as a whole: what may be wrong in it, who is alike, and its charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.findings import Review
from engine.records.gallery_figures import GalleryFigures
from engine.records.similarity import Similarity
from engine.records.types import Face
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query


def ready_to_draw() -> None:
    """Import pyqtgraph, on a worker thread and before an answer that will be drawn: it takes 0.4
    to 0.7 s the first time.
    """
    import gallery_app.widgets.charts.training_curves  # noqa: F401


def load_review(context: Context, done: Callable[[Review], None]) -> None:
    """Find everything that looks wrong."""

    def work(gallery: Gallery, reporter: Reporter) -> Review:
        ready_to_draw()  # the balance is a chart
        return gallery.review(reporter=reporter)

    Query("Reviewing the faces", work, "review", "review", shown=True).run(context, done)


def measure(context: Context, done: Callable[[GalleryFigures], None]) -> None:
    """Measure what the charts of the gallery show."""

    def work(gallery: Gallery, reporter: Reporter) -> GalleryFigures:
        ready_to_draw()
        return gallery.exports.figures(reporter)

    Query("Computing charts", work, "charts", "review", shown=True).run(context, done)


@dataclass(frozen=True, eq=False)
class Compared:
    """A comparison with the faces it is about, by id."""

    similarity: Similarity
    faces: Mapping[int, Face]


def compare_people(
    context: Context, one: str, other: str, done: Callable[[Compared], None]
) -> None:
    """Compare two people, or one with itself."""
    _compare(context, lambda gallery: gallery.comparison.people(one, other), done)


def compare_faces(context: Context, one: int, other: int, done: Callable[[Compared], None]) -> None:
    """Compare two faces."""
    _compare(context, lambda gallery: gallery.comparison.faces(one, other), done)


def _compare(
    context: Context, compare: Callable[[Gallery], Similarity], done: Callable[[Compared], None]
) -> None:
    def work(gallery: Gallery, _: Reporter) -> Compared:
        found = compare(gallery)
        ids = sorted({*found.one.tolist(), *found.other.tolist()})
        return Compared(found, {face.id: face for face in gallery.faces.by_ids(ids)})

    Query("Comparing", work, "compare", "review", shown=True).run(context, done)
