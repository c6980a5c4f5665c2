"""The command enroll: faces under one name, looked at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from engine.errors import EmbeddingError, FaceGalleryError
from engine.gallery import Gallery
from engine.records.advice import grouped
from engine.records.plans import ImportPlan, PlannedFace
from engine.records.wording import counted
from engine.types import EnrolmentReport, FaceBatch, ImportReport
from gallery_app.cli.output import echo
from gallery_app.cli.planned import files_json, plan_options, tell_plan, without_duplicates
from gallery_app.cli.shared import Bar, gallery_and_json, opened, put_json, say


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@plan_options
@gallery_and_json
def enroll(
    name: str,
    files: tuple[Path, ...],
    dry_run: bool,
    skip_duplicates: bool,
    name_column: str | None,
    gallery: Path | None,
    as_json: bool,
) -> int:
    """Add the faces in FILES to NAME, a new or known identity. All of them, or none.

    A file that cannot be read keeps the others out too; with --dry-run it is listed beside them.
    """
    with opened(gallery, write=True) as target, Bar() as bar:
        faces, errors = _read_all(target, files, name_column)
        if faces is None or (errors and not dry_run):
            raise _refusal(errors)
        if not dry_run and not skip_duplicates:
            _tell(target.enroll(name, faces, reporter=bar.reporter()), as_json)
            return 0
        plan = target.plan_enrolment(name, faces, reporter=bar.reporter())
        if skip_duplicates:
            plan = without_duplicates(plan)
        plan = replace(plan, rejected=tuple(map(_rejected, errors)))
        done = plan.report() if dry_run else target.import_plan(plan, reporter=bar.reporter())
    _tell(_as_enrolment(plan, done), as_json, plan, dry_run=dry_run)
    return 1 if errors else 0


def _read_all(
    gallery: Gallery, files: Sequence[Path], name_column: str | None
) -> tuple[FaceBatch | None, list[FaceGalleryError]]:
    """The faces of all files, None where there are none, and what is wrong with the others."""
    batches, errors = [], []
    for file in files:
        try:
            batches.append(gallery.read_queries(file, name_column=name_column))
        except FaceGalleryError as error:
            errors.append(error)
    if not batches:
        return None, errors
    faces = FaceBatch(
        np.concatenate([batch.vectors for batch in batches]),
        [None] * sum(map(len, batches)),
        [file for batch in batches for file in batch.files],
        [row for batch in batches for row in batch.rows],
        [photo for batch in batches for photo in batch.photos],
    )
    return faces, errors


def _refusal(errors: Sequence[FaceGalleryError]) -> EmbeddingError:
    others = f" (nor can {len(errors) - 1} more of the files)" if errors[1:] else ""
    return EmbeddingError(f"{errors[0]}{others} Nothing was enrolled.")


def _rejected(error: FaceGalleryError) -> PlannedFace:
    return PlannedFace(error.file or "", 0, None, "rejected", error.reason)


def _as_enrolment(plan: ImportPlan, report: ImportReport) -> EnrolmentReport:
    """The report of a plan as that of an enrolment; none of its faces where a file is bad."""
    said = grouped((one for face in plan for one in face.advice), plan.batch.files)
    return EnrolmentReport(
        name=plan.batch.names[0] or "",
        faces_added=0 if plan.rejected else report.faces_added,
        duplicates=report.duplicates,
        warnings=tuple(one.sentence for one in said),
    )


def _tell(
    report: EnrolmentReport, as_json: bool, plan: ImportPlan | None = None, *, dry_run: bool = False
) -> None:
    """The report, and face by face where there is a plan."""
    if as_json:
        document: dict[str, Any] = {
            "name": report.name,
            "faces_added": report.faces_added,
            "duplicates": report.duplicates,
            "warnings": list(report.warnings),
            "dry_run": dry_run,
        }
        put_json(document | ({} if plan is None else {"files": files_json(plan)}))
        return
    if plan is not None and dry_run:
        tell_plan(plan)
    for warning in report.warnings:
        say(warning)
    if plan is not None and plan.rejected:
        say("Nothing would be enrolled as long as a file cannot be read.")
    verb = "would be added" if dry_run else "added"
    echo(
        f"{counted(report.faces_added, 'face')} {verb} to {report.name}, "
        f"{report.duplicates:,} enrolled already."
    )
