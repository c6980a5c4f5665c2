"""Write faces out of the open gallery, and open them in TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.export.tensorboard.server import Projector
from engine.records.exports import Exported, ExportKind, Selection
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.reports.gallery_report import gallery_page


def export(
    context: Context,
    kind: ExportKind,
    destination: Path,
    selection: Selection,
    done: Callable[[Exported], None],
) -> None:
    """Write them; queries and changes go on meanwhile."""
    Query(
        f"Writing {destination.name}",
        lambda gallery, reporter: gallery.exports.write(
            kind, destination, selection=selection, page=gallery_page, reporter=reporter
        ),
        lane="keeping",
        shown=True,
    ).run(context, done)


def start_projector(context: Context, folder: Path, done: Callable[[Projector], None]) -> None:
    """Start TensorBoard on an export; whoever gets it stops it."""
    Query(
        "Starting TensorBoard",
        lambda _, reporter: Projector(folder, reporter=reporter),
        lane="keeping",
        shown=True,
    ).run(context, done)
