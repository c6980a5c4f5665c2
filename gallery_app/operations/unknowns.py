"""Keep queries that nobody was recognised in, and say later who they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.gallery import UnknownFaces
from engine.records.changes import Changed
from engine.records.types import FaceBatch
from engine.records.unknowns import Cluster
from gallery_app.operations.context import Context
from gallery_app.operations.corrections import touched
from gallery_app.operations.operation import Change, Query
from gallery_app.wording.history_words import change_text


def keep(context: Context, batch: FaceBatch, done: Callable[[int], None]) -> None:
    """Keep queries as unknown faces; ``done`` gets the number of those that are new there."""
    state, gallery = context.state, context.state.gallery
    Change(
        "Keeping unknown queries",
        lambda gallery, reporter: gallery.unknowns.add(batch, reporter=reporter),
        shown=False,
        changes=lambda _: None,
    ).run(context, lambda count: state.gallery is gallery and done(count))


def load_count(context: Context, done: Callable[[int], None]) -> None:
    """How many unknown faces are kept."""
    Query(
        "Reading unknown queries", lambda gallery, _: gallery.unknowns.count(), "shelf-count"
    ).run(context, done)


def load_keeping(context: Context, done: Callable[[bool | None], None]) -> None:
    """Whether unknown queries are to be kept in this gallery; None where nobody has said."""
    Query(
        "Reading unknown queries", lambda gallery, _: gallery.unknowns.collecting, "shelf-keeping"
    ).run(context, done)


def set_keeping(context: Context, keeping: bool) -> None:
    """Store with the gallery whether unknown queries are to be kept."""
    Change(
        "Saving whether to keep unknown queries",
        lambda gallery, _: gallery.unknowns.set_collecting(keeping),
        shown=False,
        certain=True,
        changes=lambda _: None,
    ).run(context)


def load_clusters(
    context: Context,
    known: Sequence[Sequence[int]],
    done: Callable[[tuple[Cluster, ...]], None],
) -> None:
    """Group the unknown faces that look like one person.

    Args:
        known: ids of those that are put together already, in the order in which they stay.
    """
    Query(
        "Grouping unknown faces",
        lambda gallery, reporter: gallery.unknowns.clusters(known, reporter=reporter),
        "clusters",
        "review",
        shown=True,
    ).run(context, done)


def change(
    context: Context,
    title: str,
    what: Callable[[UnknownFaces], Changed | None],
    stopped: Callable[[], None],
) -> None:
    """Name or dismiss unknown faces, as one step; ``stopped`` is called where it could not be."""
    state, gallery = context.state, context.state.gallery

    def tell(changed: Changed | None) -> None:
        if changed is not None and state.gallery is gallery:
            state.corrected.emit(change_text(changed.summary))

    Change(title, lambda gallery, _: what(gallery.unknowns), shown=False, changes=touched).run(
        context, tell, stopped=stopped
    )
