"""The command that writes faces out for others to read: export."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from engine.errors import CancelledError, ExportError
from engine.export.tensorboard.server import Projector
from engine.gallery import Gallery
from engine.records.exports import EXPORT_KINDS, ExportKind, Selection
from gallery_app.cli.command_tools import Bar, gallery_and_json, opened, put_json, say
from gallery_app.cli.output import echo
from gallery_app.reports.gallery_report import gallery_page
from gallery_app.wording.export_words import export_notes
from gallery_app.wording.number_words import faces_text, people_text


@click.command()
@click.argument("kind", type=click.Choice(EXPORT_KINDS))
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--person", "names", multiple=True, metavar="NAME", help="Only this person's faces.")
@click.option("--people", type=click.IntRange(1), help="Export this many people, chosen at random.")
@click.option(
    "--faces", type=click.IntRange(1), help="Export this many faces of each, chosen at random."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--serve", is_flag=True, help="Then run TensorBoard on the export until Ctrl+C.")
@gallery_and_json
def export(
    kind: ExportKind, destination: Path, names: tuple[str, ...], people: int | None,
    faces: int | None, seed: int, serve: bool, gallery: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Export faces to DESTINATION, which must not exist yet.

    tensorboard is a folder for TensorBoard's projector, folder a folder tree of .npy and photos,
    report an HTML page about the gallery. npz, csv and folder can be imported again.
    """
    if serve and kind != "tensorboard":
        raise click.UsageError("--serve works only with tensorboard.")
    with opened(gallery, write=False) as source, Bar() as bar:
        selection = Selection(_ids(source, names), people=people, each=faces, seed=seed)
        done = source.exports.write(
            kind, destination, selection=selection, page=gallery_page, reporter=bar.reporter()
        )
    for sentence in export_notes(done):
        say(sentence)
    if as_json:
        put_json({"written": [str(path) for path in done.written]})
    else:
        who = people_text(done.identities)
        echo(f"Wrote {done.path}: {who}, {faces_text(done.faces)}.")
    if serve:
        _serve(done.path)


def _ids(gallery: Gallery, names: tuple[str, ...]) -> tuple[int, ...] | None:
    return tuple({gallery.people.require(name).id: None for name in names}) or None


def _serve(folder: Path) -> None:
    with Bar() as bar:
        reporter = bar.reporter()
        board = Projector(folder, reporter=reporter)
    try:
        say(f"TensorBoard is running at {board.address}; press Ctrl+C to stop.")
        while board.is_running:
            threading.Event().wait(0.2)
            reporter.check()  # hears Ctrl+C also where the exception was dropped
        raise ExportError("TensorBoard stopped unexpectedly", remedy="Start it again.")
    except (KeyboardInterrupt, CancelledError):
        return
    finally:
        board.stop()
