"""Commands that change a gallery: new, import, enroll."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from engine.errors import EmbeddingError, FaceGalleryError
from engine.gallery import Gallery
from engine.types import FaceBatch, ImportReport
from gallery_app.cli.shared import Bar, gallery_and_json, json_option, opened, put_json, say
from gallery_app.recent import remember

_SHOWN = 20


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dimension", default=128, show_default=True, type=click.IntRange(1, 65_536))
@click.option(
    "--distance", default="cosine", show_default=True, type=click.Choice(["cosine", "euclidean"])
)
@json_option
def new(folder: Path, dimension: int, distance: str, as_json: bool) -> None:
    """Make an empty gallery in FOLDER."""
    with Gallery.create(folder, dimension=dimension, distance=distance) as gallery:  # type: ignore[arg-type]
        remember(gallery.folder)
    made = {"gallery": str(folder), "dimension": dimension, "distance": distance}
    put_json(made) if as_json else click.echo(f"Made {folder}: dimension {dimension}, {distance}.")


@click.command(name="import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@gallery_and_json
def import_(sources: tuple[Path, ...], dry_run: bool, gallery: Path | None, as_json: bool) -> None:
    """Enroll everything in SOURCES: folder trees, .npz and .csv files, in one transaction."""
    with opened(gallery, write=True) as target, Bar() as bar:
        report = target.import_(sources, dry_run=dry_run, reporter=bar.reporter())
    if as_json:
        document = asdict(report)
        put_json(document)
    else:
        _tell_import(report)


def _tell_import(report: ImportReport) -> None:
    verb = "would be added" if report.dry_run else "added"
    click.echo(
        f"{report.faces_added:,} faces {verb}, {report.identities_added:,} new people, "
        f"{report.duplicates:,} enrolled already, in {report.seconds:.2f} s."
    )
    for notice in report.notices[:_SHOWN]:
        say(notice)
    if len(report.notices) > _SHOWN:
        say(f"… and {len(report.notices) - _SHOWN:,} more remarks (all with --json).")
    if report.rejected:
        say(f"{len(report.rejected):,} left out:")
    for rejection in report.rejected[:_SHOWN]:
        say(f"  {rejection.file}: {rejection.reason}")
    if len(report.rejected) > _SHOWN:
        say(f"  … and {len(report.rejected) - _SHOWN:,} more (all with --json).")


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@gallery_and_json
def enroll(name: str, files: tuple[Path, ...], gallery: Path | None, as_json: bool) -> None:
    """Add the faces in FILES to NAME, a new or known identity. All of them, or none."""
    with opened(gallery, write=True) as target, Bar() as bar:
        report = target.enroll(name, _read_all(target, files), reporter=bar.reporter())
    if as_json:
        put_json(
            {
                "name": report.name,
                "faces_added": report.faces_added,
                "duplicates": report.duplicates,
                "warnings": list(report.warnings),
            }
        )
        return
    for warning in report.warnings:
        say(warning)
    click.echo(
        f"{report.faces_added:,} faces added to {report.name}, "
        f"{report.duplicates:,} enrolled already."
    )


def _read_all(gallery: Gallery, files: tuple[Path, ...]) -> FaceBatch:
    batches, errors = [], []
    for file in files:
        try:
            batches.append(gallery.read_queries(file))
        except FaceGalleryError as error:
            errors.append(error)
    if errors:
        others = f" (nor can {len(errors) - 1} more of the files)" if errors[1:] else ""
        raise EmbeddingError(f"{errors[0]}{others} Nothing was enrolled.")
    return FaceBatch(
        np.concatenate([batch.vectors for batch in batches]),
        [None] * sum(map(len, batches)),
        [file for batch in batches for file in batch.files],
        [row for batch in batches for row in batch.rows],
        [photo for batch in batches for photo in batch.photos],
    )
