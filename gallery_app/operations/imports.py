"""Import into the open gallery: first a look at what would happen, then what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.records.plans import ImportPlan
from engine.records.types import ImportReport
from gallery_app.operations.context import Context

_PLANNING = "plan-import"


def plan_import(
    context: Context,
    sources: Sequence[Path],
    planned: Callable[[ImportPlan], None],
    name_column: str | None = None,
    failed: Callable[[], None] = lambda: None,
) -> None:
    """What would become of every face of folders and tables; only the last plan arrives.

    Args:
        name_column: column or array of the names, None to recognise it.
        failed: called where no plan comes, after the person was told why.
    """
    gallery = context.gallery

    def refused(error: BaseException) -> None:
        context.failed(error)
        failed()

    more = f" and {len(sources) - 1} more" * (len(sources) > 1)
    task = context.tasks.run(
        f"Looking through {sources[0].name}{more}",
        lambda reporter: gallery.plan_import(sources, name_column=name_column, reporter=reporter),
        done=planned,
        failed=refused,
        key=_PLANNING,
    )
    task.cancelled.connect(failed)


def import_plan(
    context: Context, plan: ImportPlan, imported: Callable[[ImportReport], None]
) -> None:
    """Adds the faces that come in by a plan to the open gallery."""
    gallery = context.gallery

    def done(report: ImportReport) -> None:
        context.state.contents_changed.emit()
        imported(report)

    context.tasks.run(
        "Importing",
        lambda reporter: gallery.import_plan(plan, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="change",
    )
