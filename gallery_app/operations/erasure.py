"""Erase a person for good, and keep the receipt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.records.receipts import ErasurePlan, Receipt
from engine.utils.files import write_atomically
from gallery_app.operations import queries
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.state import EVERYTHING


def foresee(context: Context, name: str, done: Callable[[ErasurePlan], None]) -> None:
    """What erasing somebody would do."""
    Query(
        "Finding what would be erased",
        lambda gallery, reporter: gallery.erasure.foresee([name], reporter=reporter),
        "erasure",
        shown=True,
    ).run(context, done)


def erase(
    context: Context, plan: ErasurePlan, *, keep_files: bool, done: Callable[[Receipt], None]
) -> None:
    """Erase who was foreseen; whatever shows them is emptied."""
    state, gallery = context.state, context.gallery

    def show_rest() -> None:
        if state.gallery is gallery:
            queries.clear_queries(context)
            for pictures in context.all_pictures:
                pictures.set_gallery(gallery)  # portraits are drawn through another lens now
            state.contents_changed.emit(EVERYTHING)

    def erased(receipt: Receipt) -> None:
        show_rest()
        done(receipt)

    def failed(error: BaseException) -> None:
        show_rest()  # it may be that only a file could not be removed
        context.failed(error)

    Change(
        "Erasing permanently",
        lambda gallery, reporter: gallery.erasure.erase(
            plan.names, keep_files=keep_files, reporter=reporter
        ),
        changes=lambda _: None,  # told already, before the receipt is shown
    ).run(context, erased, failed=failed)


def save_receipt(context: Context, receipt: Receipt, path: Path) -> None:
    """Write it as text, where the person wants it."""
    Query("Saving receipt", lambda *_: write_atomically(path, receipt.text().encode())).run(
        context, lambda _: context.state.notice.emit(f"Receipt saved to {path}")
    )
