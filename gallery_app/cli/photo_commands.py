"""Commands on photographs: embed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.embedding_export import WrittenFace, write_embeddings
from engine.records.detections import DetectionMode
from engine.utils.number_text import counted
from gallery_app.cli.command_tools import Bar, json_option, put_json, say
from gallery_app.cli.import_commands import mode_option
from gallery_app.cli.output import echo
from gallery_app.reports.answer_files import face_json
from gallery_app.wording.number_words import faces_text


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("destination", metavar="DEST", type=click.Path(path_type=Path, file_okay=False))
@mode_option
@json_option
def embed(sources: tuple[Path, ...], destination: Path, mode: DetectionMode, as_json: bool) -> None:
    """Write the embedding and picture of each face in SOURCES (photographs, folders) to DEST.

    DEST gets a folder for each folder of photographs, named after it, and in it Name_0001.npy with
    Name_0001.jpg beside it, numbered after those that are there; nothing is overwritten. No gallery
    is needed, and `import` takes DEST.
    """
    with Bar() as bar:
        done = write_embeddings(sources, destination, mode=mode, reporter=bar.reporter())
    if as_json:
        errors = [{"file": error.file, "reason": error.reason} for error in done.errors]
        put_json({"written": [_as_json(face) for face in done.written], "errors": errors})
    else:
        for remark in done.remarks:
            say(remark)
        for error in done.errors:
            say(str(error))
        photographs = len({face.face.photograph.file for face in done.written})
        echo(
            f"Wrote {faces_text(len(done.written))} of "
            f"{counted(photographs, 'photograph', 'photographs')} to {destination}."
        )
    if done.errors and not done.written:
        raise click.exceptions.Exit(1)


def _as_json(written: WrittenFace) -> dict[str, Any]:
    return {
        "file": written.face.photograph.file,
        **face_json(written.face),
        "embedding": str(written.embedding),
        "crop": str(written.crop),
    }
