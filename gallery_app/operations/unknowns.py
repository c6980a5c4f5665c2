"""Keep queries that nobody was recognised in, and say later who they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.gallery import UnknownFaces
from engine.records.changes import Changed
from engine.records.types import FaceBatch
from engine.records.unknowns import Cluster
from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import unless_gone
from gallery_app.state import Query

_KEY = "clusters"
Change = Callable[[UnknownFaces], Changed | None]


def keep(context: Context, queries: Sequence[Query], done: Callable[[int], None]) -> None:
    """Puts queries on the shelf; ``done`` is told how many are new there."""
    gallery = context.gallery
    batch = FaceBatch(
        np.stack([query.vector for query in queries]),
        [None] * len(queries),
        [query.file for query in queries],
        [query.row for query in queries],
        [query.photo for query in queries],
    )

    def kept(count: int) -> None:
        if context.state.gallery is gallery:
            done(count)

    context.tasks.run(
        "Keeping unknown queries",
        lambda reporter: gallery.shelf.keep(batch, reporter=reporter),
        done=kept,
        failed=context.failed,
        lane="change",
        shown=False,
    )


def load_count(context: Context, done: Callable[[int], None]) -> None:
    """How many are on the shelf."""
    gallery = context.gallery
    context.tasks.run(
        "Looking at the shelf",
        lambda _: gallery.shelf.count(),
        done=done,
        failed=context.failed,
        key="shelf-count",
        shown=False,
    )


def load_keeping(context: Context, done: Callable[[bool | None], None]) -> None:
    """Whether unknown queries are to be kept in this gallery; None where nobody has said."""
    gallery = context.gallery
    context.tasks.run(
        "Looking at the shelf",
        lambda _: gallery.shelf.keeping,
        done=done,
        failed=context.failed,
        key="shelf-keeping",
        shown=False,
    )


def set_keeping(context: Context, keeping: bool) -> None:
    """Remembers with the gallery whether unknown queries are to be kept."""
    gallery = context.gallery
    context.tasks.run(
        "Remembering whether to keep unknown queries",
        lambda _: gallery.shelf.set_keeping(keeping),
        failed=context.failed,
        lane="change",
        shown=False,
        certain=True,
    )


def load_clusters(
    context: Context,
    known: Sequence[Sequence[int]],
    done: Callable[[tuple[Cluster, ...]], None],
) -> None:
    """Who looks like one person; only the last one asked for arrives.

    Args:
        known: ids of those that are put together already, in the order in which they stay.
    """
    gallery = context.gallery
    context.tasks.run(
        "Putting unknown faces together",
        lambda reporter: gallery.shelf.clusters(known, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="review",
        key=_KEY,
    )


def change(context: Context, title: str, what: Change, refused: Callable[[], None]) -> None:
    """Names or dismisses queries, as one step; ``refused`` is called where it could not be."""
    gallery = context.gallery

    def done(changed: Changed | None) -> None:
        if changed is None or context.state.gallery is not gallery:
            return
        context.state.corrected.emit(changed.summary)
        context.state.contents_changed.emit()

    told = unless_gone(context)

    def failed(error: BaseException) -> None:
        told(error)
        refused()

    context.tasks.run(
        title,
        lambda _: what(gallery.shelf),
        done=done,
        failed=failed,
        lane="change",
        shown=False,
    )
