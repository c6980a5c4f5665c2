"""List, add and remove the cohorts of this computer; the open gallery follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.cohorts.cohort_library import THIS_COMPUTERS, CohortEntry
from gallery_app.operations.analysis import ready_to_draw
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.state import COHORTS


def load_cohorts(context: Context, done: Callable[[list[CohortEntry]], None]) -> None:
    """All cohorts, also those that cannot be read, for the page that draws curves beside them."""

    def work(*_: object) -> list[CohortEntry]:
        ready_to_draw()
        return THIS_COMPUTERS.entries()

    Query("Reading cohorts", work, "cohorts", "list").run(context, done)


def add_cohort(context: Context, source: Path) -> None:
    """Add the faces of a file or folder as strangers."""

    def added(entry: CohortEntry) -> None:
        context.state.notice.emit(f"Added the cohort “{entry.name}”.")
        _follow(context)

    Query(
        "Adding a cohort",
        lambda _, reporter: THIS_COMPUTERS.import_file(source, reporter=reporter),
        lane="keeping",
        shown=True,
    ).run(context, added)


def remove_cohort(context: Context, name: str) -> None:
    """Remove a cohort that was added."""

    def removed(_: None) -> None:
        context.state.notice.emit(f"Removed the cohort “{name}”.")
        _follow(context)

    Query("Removing a cohort", lambda *_: THIS_COMPUTERS.remove(name), lane="keeping").run(
        context, removed, stopped=lambda: _follow(context)
    )


def _follow(context: Context) -> None:
    """Let whatever gallery is open by now look through the cohorts again."""
    if context.state.gallery is not None:
        Query(
            "Looking through cohorts",
            lambda gallery, _: gallery.recogniser.cohorts_changed(),
            changes=lambda _: COHORTS,
        ).run(context)
