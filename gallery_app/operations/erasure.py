"""Erase a person for good, and keep the receipt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.records.receipts import ErasurePlan, Receipt
from engine.utils.files import write_atomically
from gallery_app.operations import queries
from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import unless_gone


def foresee(context: Context, name: str, done: Callable[[ErasurePlan], None]) -> None:
    """What erasing somebody would do."""
    gallery = context.gallery
    context.tasks.run(
        "Looking at what would go",
        lambda reporter: gallery.erasure.foresee([name], reporter=reporter),
        done=done,
        failed=unless_gone(context),
        key="erasure",
    )


def erase(
    context: Context, plan: ErasurePlan, *, keep_files: bool, done: Callable[[Receipt], None]
) -> None:
    """Erases who was foreseen; whatever shows them is emptied."""
    gallery = context.gallery

    def show_rest() -> None:
        if context.state.gallery is gallery:
            queries.clear_queries(context)
            for pictures in (context.pictures, context.shelf_pictures):
                pictures.set_gallery(gallery)  # portraits are drawn through another lens now
            context.state.contents_changed.emit()
            context.state.models_changed.emit()

    def erased(receipt: Receipt) -> None:
        show_rest()
        done(receipt)

    def failed(error: BaseException) -> None:
        show_rest()  # it may be that only a file could not be removed
        context.failed(error)

    context.tasks.run(
        "Erasing for good",
        lambda reporter: gallery.erasure.erase(
            plan.names, keep_files=keep_files, reporter=reporter
        ),
        done=erased,
        failed=failed,
        lane="change",
    )


def save_receipt(context: Context, receipt: Receipt, path: Path) -> None:
    """As text, where the person wants it."""
    context.tasks.run(
        "Saving the receipt",
        lambda _: write_atomically(path, receipt.text().encode()),
        done=lambda _: context.state.notice.emit(f"The receipt was saved: {path}"),
        failed=context.failed,
        shown=False,
    )
