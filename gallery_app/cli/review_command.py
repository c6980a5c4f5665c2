"""The command review: what looks wrong in a gallery, worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from engine.gallery import Gallery
from engine.records.findings import KINDS, Finding, Kind
from engine.records.types import Face
from engine.utils.number_text import place_text
from gallery_app.cli.command_tools import Bar, gallery_and_json, opened, put_json, say
from gallery_app.cli.output import echo
from gallery_app.wording.review_words import KIND_TEXTS, balance_text


@click.command()
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="What to look for; may be given several times. Everything by default.",
)
@click.option("--limit", type=click.IntRange(1), help="Maximum number of each kind.")
@gallery_and_json
def review(kinds: tuple[Kind, ...], limit: int | None, gallery: Path | None, as_json: bool) -> None:
    """List what looks wrong in the gallery, worst first."""
    with opened(gallery, write=False) as source, Bar() as bar:
        found = source.review(kinds or KINDS, reporter=bar.reporter())
        listed = {kind: found.of(kind)[:limit] for kind in KINDS}
        shown = [finding for kind in KINDS for finding in listed[kind]]
        files = _files(source, shown)
    if as_json:
        put_json([_as_json(finding, files) for finding in shown])
        return
    for kind, findings in listed.items():
        if findings:
            _tell(kind, findings, len(found.of(kind)), files)
    if not shown:
        echo("Nothing looks wrong.")
    if found.balance is not None:
        say(balance_text(found.balance))


def _files(gallery: Gallery, findings: Sequence[Finding]) -> dict[int, Face]:
    """The faces that findings and their evidence are about, by id."""
    ids = {finding.face for finding in findings if finding.face is not None}
    ids |= {near.face for finding in findings for near in finding.evidence}
    return {face.id: face for face in gallery.faces.by_ids(sorted(ids))}


def _place(face: int | None, files: Mapping[int, Face]) -> str | None:
    """Where a face came from; None where it is gone meanwhile or there is none."""
    if face is None or face not in files:
        return None
    return place_text(files[face].file, files[face].row)


def _as_json(finding: Finding, files: Mapping[int, Face]) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "face": finding.face,
        "file": None if finding.face not in files else files[finding.face].file,
        "identity": finding.identity,
        "suggestion": finding.suggestion,
        "score": finding.score,
        "evidence": [
            {"face": near.face, "name": near.name, "distance": near.distance}
            for near in finding.evidence
        ],
    }


def _tell(kind: Kind, findings: Sequence[Finding], total: int, files: Mapping[int, Face]) -> None:
    echo(f"{KIND_TEXTS[kind]}: {total:,}")
    rows = [_columns(finding, files) for finding in findings]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo("  ".join(("", *cells)).rstrip())


def _columns(finding: Finding, files: Mapping[int, Face]) -> tuple[str, ...]:
    towards = finding.suggestion and f"→ {finding.suggestion}"
    beside = _place(finding.evidence[0].face, files) if finding.kind == "duplicates" else None
    place = _place(finding.face, files)
    return (
        f"{finding.score:.3f}",
        finding.identity,
        towards or "",
        f"{place} = {beside}" if beside else place or "",
    )
