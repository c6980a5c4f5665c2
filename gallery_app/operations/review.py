"""Look for what is wrong in the gallery."""

from __future__ import annotations

from collections.abc import Callable

from engine.progress import Reporter
from engine.records.findings import Review
from gallery_app.operations.charts import ready_to_draw
from gallery_app.operations.context import Context


def load_review(context: Context, done: Callable[[Review], None]) -> None:
    """Everything that looks wrong; only the last one asked for arrives."""
    gallery = context.gallery

    def work(reporter: Reporter) -> Review:
        ready_to_draw()  # the balance is a chart
        return gallery.review(reporter=reporter)

    context.tasks.run(
        "Reviewing the faces",
        work,
        done=done,
        failed=context.failed,
        lane="review",
        key="review",
    )
