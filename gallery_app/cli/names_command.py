"""Command that compares names in photographs with the faces in them, and writes them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.records.name_evidence import NameEvidence, NamesReport
from engine.utils.number_text import counted
from gallery_app.cli.command_tools import Bar, gallery_and_json, opened, put_json, say
from gallery_app.cli.output import echo
from gallery_app.wording.scan_words import evidence_words, names_words

_SHOWN = 20


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--enroll",
    is_flag=True,
    help="Enroll faces under the names in their files, unless they look like another person.",
)
@click.option(
    "--write-sidecars",
    is_flag=True,
    help="Write the names of enrolled faces into XMP sidecars beside the photographs.",
)
@gallery_and_json
def names(
    folders: tuple[Path, ...], enroll: bool, write_sidecars: bool, gallery: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Compare names in the photographs in FOLDERS with the faces to be seen there.

    Names are read from XMP face regions in the file or its sidecar (digiKam, Lightroom, Picasa,
    Windows), from .picasa.ini, and from folders that are called like an enrolled person.
    """
    with opened(gallery, write=enroll) as source, Bar() as bar:
        reporter = bar.reporter()
        report = source.photo_names.read(folders, reporter=reporter)
        done = source.photo_names.take_over(report.evidence, reporter=reporter) if enroll else None
        added = done.faces_added if done is not None else 0
        written, failed = (
            source.photo_names.write_sidecars(folders, reporter=reporter)
            if write_sidecars
            else ([], [])
        )
    if as_json:
        put_json(
            {
                "photographs": report.photographs,
                "names": [_evidence_json(each) for each in report.evidence],
                "remarks": list(report.remarks),
                "errors": [vars(each) for each in (*report.rejected, *failed)],
                "enrolled": added,
                "written": [str(path) for path in written],
            }
        )
        return
    _tell(report)
    if enroll:
        echo(f"{counted(added, 'face')} enrolled.")
    if write_sidecars:
        echo(f"{counted(len(written), 'sidecar')} written.")
    for rejection in failed:
        say(f"{rejection.file}: {rejection.reason}")


def _tell(report: NamesReport) -> None:
    for each in report.evidence:
        echo(evidence_words(each))
    echo(names_words(report))
    for remark in report.remarks[:_SHOWN]:
        say(remark)
    for rejection in report.rejected[:_SHOWN]:
        say(f"{rejection.file}: {rejection.reason}")


def _evidence_json(each: NameEvidence) -> dict[str, Any]:
    box = each.face.box if each.face is not None else None
    return {
        "file": each.photograph,
        "name": each.name,
        "source": each.source,
        "standing": each.standing,
        "other": each.other,
        "confidence": each.confidence,
        "face": each.face.number if each.face is not None else None,
        "box": box and [round(side, 1) for side in (box.x, box.y, box.width, box.height)],
    }
