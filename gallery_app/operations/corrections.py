"""Correct the gallery: every correction is one step that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.gallery import Corrections
from engine.records.changes import Changed, HistoryEntry, MergePreview, SplitProposal
from gallery_app.operations.context import Context
from gallery_app.operations.stale_target import unless_gone

Correction = Callable[[Corrections], Changed | None]


def correct(
    context: Context,
    title: str,
    correction: Correction,
    done: Callable[[Changed], None] | None = None,
) -> None:
    """Makes a correction; the panels follow it, and the status line says what was done.

    Args:
        title: what the person reads where it takes a while.
        done: called where something was changed.
    """
    gallery = context.gallery

    def changed(change: Changed | None) -> None:
        if context.state.gallery is not gallery:
            return
        if change is None:
            context.state.corrected.emit("It is so already: nothing was changed.")
            return
        if done is not None:
            done(change)
        context.state.corrected.emit(change.summary)
        context.state.contents_changed.emit()

    context.tasks.run(
        title,
        lambda _: correction(gallery.corrections),
        done=changed,
        failed=unless_gone(context),
        lane="change",
        shown=False,
    )


def preview_merge(
    context: Context,
    names: Sequence[str],
    into: str,
    done: Callable[[MergePreview], None],
    gone: Callable[[], None],
) -> None:
    """What a merge would come to; only the last one asked for arrives.

    Args:
        gone: called where one of them is no longer there.
    """
    _ask(context, "preview", lambda to: to.preview_merge(names, into), done, gone)


def propose_split(
    context: Context,
    name: str,
    count: int | None,
    done: Callable[[SplitProposal], None],
    gone: Callable[[], None],
) -> None:
    """Groups that the faces of an identity fall into; None lets the gallery say how many."""
    _ask(context, "preview", lambda to: to.propose_split(name, count), done, gone)


def preview_split(
    context: Context,
    name: str,
    groups: Sequence[Sequence[int]],
    done: Callable[[SplitProposal], None],
    gone: Callable[[], None],
) -> None:
    """What a split into these groups would come to; only the last one asked for arrives."""
    _ask(context, "preview", lambda to: to.preview_split(name, groups), done, gone)


def load_history(context: Context, limit: int, done: Callable[[list[HistoryEntry]], None]) -> None:
    """Changes, newest first."""
    _ask(context, "history", lambda to: to.history(limit), done)


def load_steps(context: Context, done: Callable[[str | None, str | None], None]) -> None:
    """What undo would take back and redo would make again; None where there is nothing."""
    _ask(context, "steps", lambda to: (to.undo_step(), to.redo_step()), lambda two: done(*two))


def _ask(
    context: Context,
    key: str,
    question: Callable[[Corrections], Any],
    done: Callable[[Any], None],
    gone: Callable[[], None] = lambda: None,
) -> None:
    gallery = context.gallery
    context.tasks.run(
        "Looking at the changes",
        lambda _: question(gallery.corrections),
        done=done,
        failed=unless_gone(context, gone),
        key=key,
        shown=False,
    )
