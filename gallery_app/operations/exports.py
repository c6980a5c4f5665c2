"""Write faces out of the open gallery, and open them in TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.export.tensorboard.server import Projector
from engine.records.exports import Exported, ExportKind, Selection
from gallery_app.operations.context import Context


def export(
    context: Context,
    kind: ExportKind,
    destination: Path,
    selection: Selection,
    done: Callable[[Exported], None],
) -> None:
    """Writes them; work goes on meanwhile."""
    gallery = context.gallery
    context.tasks.run(
        f"Writing {destination.name}",
        lambda reporter: gallery.export(kind, destination, selection=selection, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="keeping",  # questions and changes go on
    )


def start_projector(context: Context, folder: Path, done: Callable[[Projector], None]) -> None:
    """TensorBoard on an export; whoever gets it stops it."""
    context.tasks.run(
        "Starting TensorBoard",
        lambda reporter: Projector(folder, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="keeping",
    )
