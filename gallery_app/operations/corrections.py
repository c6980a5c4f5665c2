"""Correct the gallery: every correction is one step that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.gallery import Gallery
from engine.records.changes import Changed, HistoryEntry, MergePreview, SplitProposal
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query
from gallery_app.state import ContentsChange
from gallery_app.wording.history_words import change_text

Correction = Callable[[Gallery], Changed | None]


def correct(
    context: Context,
    title: str,
    correction: Correction,
    done: Callable[[Changed], None] | None = None,
) -> None:
    """Make a correction; the status line says what was done.

    Args:
        title: what the person reads where it takes a while.
        done: called where something was changed.
    """
    state, gallery = context.state, context.state.gallery

    def tell(changed: Changed | None) -> None:
        if state.gallery is not gallery:
            return
        if changed is None:
            state.corrected.emit("Nothing to change.")
            return
        if done is not None:
            done(changed)
        state.corrected.emit(change_text(changed.summary))

    Change(
        title,
        lambda gallery, _: correction(gallery),
        shown=False,
        changes=touched,
    ).run(context, tell)


def touched(changed: Changed | None) -> ContentsChange | None:
    """What the panels have to read again after a change; None where there was none."""
    return ContentsChange.of(changed) if changed is not None else None


def preview_merge(
    context: Context,
    names: Sequence[str],
    into: str,
    done: Callable[[MergePreview], None],
    stale: Callable[[], None],
) -> None:
    """What a merge would come to; ``stale`` is called where one of them is no longer there."""
    _ask(
        context,
        "preview",
        lambda gallery: gallery.corrections.preview_merge(names, into),
        done,
        stale,
    )


def propose_split(
    context: Context,
    name: str,
    count: int | None,
    done: Callable[[SplitProposal], None],
    stale: Callable[[], None],
) -> None:
    """Groups that the faces of an identity fall into; None lets the gallery say how many."""
    _ask(
        context,
        "preview",
        lambda gallery: gallery.corrections.propose_split(name, count),
        done,
        stale,
    )


def preview_split(
    context: Context,
    name: str,
    groups: Sequence[Sequence[int]],
    done: Callable[[SplitProposal], None],
    stale: Callable[[], None],
) -> None:
    """What a split into these groups would come to."""
    _ask(
        context,
        "preview",
        lambda gallery: gallery.corrections.preview_split(name, groups),
        done,
        stale,
    )


def load_history(context: Context, limit: int, done: Callable[[list[HistoryEntry]], None]) -> None:
    """Changes, newest first."""
    _ask(context, "history", lambda gallery: gallery.history.changes(limit), done)


def load_steps(context: Context, done: Callable[[str | None, str | None], None]) -> None:
    """What undo would take back and redo would make again; None where there is nothing."""
    _ask(
        context,
        "steps",
        lambda gallery: (gallery.history.undo_step(), gallery.history.redo_step()),
        lambda two: done(*two),
    )


def _ask(
    context: Context,
    key: str,
    question: Callable[[Gallery], Any],
    done: Callable[[Any], None],
    stale: Callable[[], None] = lambda: None,
) -> None:
    query = Query("Reading history", lambda gallery, _: question(gallery), key)
    query.run(context, done, stale=stale)
