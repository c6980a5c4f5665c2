"""Look for what is wrong in the gallery."""

from __future__ import annotations

from collections.abc import Callable

from engine.findings import Review
from gallery_app.operations.context import Context


def load_review(context: Context, done: Callable[[Review], None]) -> None:
    """Everything that looks wrong; only the last one asked for arrives."""
    gallery = context.gallery
    context.tasks.run(
        "Reviewing the faces",
        lambda reporter: gallery.review(reporter=reporter),
        done=done,
        failed=context.failed,
        lane="review",
        key="review",
    )
