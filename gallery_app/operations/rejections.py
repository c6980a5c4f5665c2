"""Say of a query who it is not, for good, and take that back."""

from __future__ import annotations

from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import unless_gone


def reject(context: Context) -> None:
    """The shown query is not the chosen candidate; the next one comes forward."""
    gallery, query = context.gallery, context.state.query
    candidate = query.candidate if query is not None and query.is_rejectable else None
    if query is None or candidate is None:
        return
    key = f"reject {id(query.vector)}"
    if context.tasks.is_running(key):
        return

    def done(_: bool) -> None:
        if context.state.gallery is gallery:
            context.state.contents_changed.emit()

    context.tasks.run(
        f"Remembering that this is not {candidate.name}",
        lambda _: gallery.reject(query.vector, candidate.identity_id),
        done=done,
        failed=unless_gone(context),
        lane="change",
        key=key,
    )


def take_back_rejection(context: Context) -> None:
    """The shown query may be again whom it was last said not to be."""
    gallery, query = context.gallery, context.state.query
    if query is None or not query.rejected:
        return
    identity, name = query.rejected[-1]

    def done(_: bool) -> None:
        if context.state.gallery is gallery:
            context.state.contents_changed.emit()

    context.tasks.run(
        f"Taking back that this is not {name}",
        lambda _: gallery.take_back_rejection(query.vector, identity),
        done=done,
        failed=unless_gone(context),
        lane="change",
    )
