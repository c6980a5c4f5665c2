"""Import into the open gallery: first a look at what would happen, then what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.records.plans import ImportPlan
from engine.types import ImportReport
from gallery_app.operations.context import Context

_PLANNING = "plan-import"


def plan_import(
    context: Context, sources: Sequence[Path], planned: Callable[[ImportPlan], None]
) -> None:
    """What would become of every face of folders and tables; only the last plan arrives."""
    gallery = context.gallery
    more = f" and {len(sources) - 1} more" * (len(sources) > 1)
    context.tasks.run(
        f"Looking through {sources[0].name}{more}",
        lambda reporter: gallery.plan_import(sources, reporter=reporter),
        done=planned,
        failed=context.failed,
        key=_PLANNING,
    )


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
