"""Charts come with pyqtgraph, whose import takes 0.4 to 0.7 s: it is done where nobody waits."""

from __future__ import annotations

from collections.abc import Callable

from engine.progress import Reporter
from engine.records.gallery_figures import GalleryFigures
from gallery_app.operations.context import Context


def ready_to_draw() -> None:
    """On a worker thread, before an answer that will be drawn; from the second time on at once."""
    import gallery_app.widgets.charts.training_curves  # noqa: F401


def measure(context: Context, done: Callable[[GalleryFigures], None]) -> None:
    """What the charts of the gallery show."""
    gallery = context.gallery

    def work(reporter: Reporter) -> GalleryFigures:
        ready_to_draw()
        return gallery.figures(reporter)

    context.tasks.run(
        "Measuring the gallery", work, done=done, failed=context.failed,
        lane="review", key="charts",
    )  # fmt: skip
