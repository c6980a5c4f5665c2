"""Commands that make and fill a gallery: new, import, enroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from engine.errors import EmbeddingError, FaceGalleryError
from engine.gallery import Gallery
from engine.records.advice import AdviceKind, grouped
from engine.records.detections import DetectionMode
from engine.records.plans import ImportPlan, Outcome, PlannedFace
from engine.records.types import EnrolmentReport, ImportReport
from engine.utils.number_text import counted, place_text
from gallery_app.cli.command_tools import (
    Bar,
    F,
    gallery_and_json,
    json_option,
    opened,
    put_json,
    say,
)
from gallery_app.cli.output import echo
from gallery_app.cli.passphrases import first_passphrase, passphrase_option
from gallery_app.cli.privacy_commands import require_library
from gallery_app.recent import remember
from gallery_app.wording.advice_words import advice_text, advice_texts, why_text
from gallery_app.wording.number_words import faces_text

SKIPPED: tuple[AdviceKind, ...] = ("enrolled", "near-duplicate")
"""What ``--skip-duplicates`` leaves out."""
_OUTCOMES: Mapping[Outcome, str] = {
    "new": "new person",
    "added": "added",
    "duplicate": "duplicate",
    "left-out": "left out",
    "rejected": "rejected",
}

_dry_run = click.option(
    "--dry-run", is_flag=True, help="Show what would happen to each file; change nothing."
)
_skip_duplicates = click.option(
    "--skip-duplicates",
    is_flag=True,
    help="Skip faces that are already enrolled, and near-duplicates, which add nothing.",
)


mode_option = click.option(
    "--mode",
    default="thorough",
    show_default=True,
    type=click.Choice(["thorough", "faithful"]),
    help="How to look for faces in photographs: thorough finds the most; faithful finds those "
    "that dlib's own detector finds, where it finds them.",
)
name_column_option = click.option(
    "--name-column",
    metavar="COLUMN",
    help="The column that holds the names, by title or number (from 1), or the array in an .npz.",
)


def plan_options(command: F) -> F:
    """The options of a command that brings faces in."""
    return _dry_run(_skip_duplicates(name_column_option(command)))


def without_duplicates(plan: ImportPlan) -> ImportPlan:
    """The plan without the faces that ``--skip-duplicates`` leaves out; each with its reason."""
    return plan.without(plan.rows(*SKIPPED))


def tell_plan(plan: ImportPlan) -> None:
    """One line a file: what happens, to whom, the file, and why or what to know."""
    faces = list(plan)
    names = max((len(face.name or "") for face in faces), default=0)
    files = max((len(place_text(face.file, face.row)) for face in faces), default=0)
    for face in faces:
        cells = (
            _OUTCOMES[face.outcome].ljust(10),
            (face.name or "").ljust(names),
            place_text(face.file, face.row).ljust(files),
            _why(face),
        )
        echo("  ".join(cells).rstrip())


def files_json(plan: ImportPlan) -> list[dict[str, Any]]:
    """One object a file or row, in the order of the sources; what was rejected comes last."""
    return [
        {
            "file": face.file,
            "row": face.row,
            "name": face.name,
            "outcome": face.outcome,
            "reason": face.reason,
            "suggestion": face.suggestion,
            "advice": [
                {"kind": hint.kind, "identity": hint.identity, "sentence": advice_text(hint)}
                for hint in face.advice
            ],
        }
        for face in plan
    ]


def _why(face: PlannedFace) -> str:
    """Why a face stays out, and what advice there was where it was left out by choice."""
    if face.outcome != "left-out":
        return why_text(face)
    return f"{face.reason}. {advice_texts(face.advice)}".removesuffix(". ")


_SHOWN = 20


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dimension", default=128, show_default=True, type=click.IntRange(1, 65_536))
@click.option(
    "--distance", default="cosine", show_default=True, type=click.Choice(["cosine", "euclidean"])
)
@click.option(
    "--encrypted", is_flag=True, help="Ask for a passphrase and encrypt the gallery with it."
)
@passphrase_option
@json_option
def new(folder: Path, dimension: int, distance: str, encrypted: bool, as_json: bool) -> None:
    """Create an empty gallery in FOLDER."""
    passphrase = None
    if encrypted:
        require_library()
        passphrase = first_passphrase(folder)
    with Gallery.create(
        folder,
        dimension=dimension,
        distance=distance,  # type: ignore[arg-type]
        passphrase=passphrase,
    ) as gallery:
        remember(gallery.folder)
    made = {"gallery": str(folder), "dimension": dimension, "distance": distance}
    if as_json:
        put_json(made | ({"encrypted": True} if encrypted else {}))
        return
    kind = ", encrypted" if encrypted else ""
    echo(f"Created {folder}: dimension {dimension}, {distance}{kind}.")


@click.command(name="import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@plan_options
@gallery_and_json
def import_(
    sources: tuple[Path, ...],
    dry_run: bool,
    skip_duplicates: bool,
    name_column: str | None,
    gallery: Path | None,
    as_json: bool,
) -> int:
    """Enroll all faces in SOURCES (folder trees, .npz and .csv files) in one transaction."""
    with opened(gallery, write=True) as target, Bar() as bar:
        if not dry_run and not skip_duplicates:
            report = target.import_(sources, name_column=name_column, reporter=bar.reporter())
            return _tell_import(report, as_json)
        plan = target.enrolment.plan_import(
            sources, name_column=name_column, reporter=bar.reporter()
        )
        if skip_duplicates:
            plan = without_duplicates(plan)
        report = (
            plan.report()
            if dry_run
            else target.enrolment.import_plan(plan, reporter=bar.reporter())
        )
    return _tell_import(report, as_json, plan)


def _tell_import(report: ImportReport, as_json: bool, plan: ImportPlan | None = None) -> int:
    """Tell the report, and face by face where there is a plan; return the exit code."""
    left = 0 if plan is None else plan.outcomes()["left-out"]
    usable = report.faces_added or report.duplicates or left
    code = 1 if report.rejected and not usable else 0
    if as_json:
        document = asdict(report)
        if plan is not None:
            document["files"] = files_json(plan)
        put_json(document)
        return code
    listed = plan is not None and report.dry_run
    if plan is not None and listed:
        tell_plan(plan)
    _sum_up(report)
    if left:
        say(f"{left:,} left out: already enrolled, or near-duplicates.")
    if not listed:
        _tell_rejected(report)
    return code


def _sum_up(report: ImportReport) -> None:
    verb = "would be added" if report.dry_run else "added"
    echo(
        f"{faces_text(report.faces_added)} {verb}, "
        f"{counted(report.identities_added, 'new person', 'new people')}, "
        f"{report.duplicates:,} already enrolled, in {report.seconds:.2f} s."
    )
    for notice in report.notices[:_SHOWN]:
        say(notice)
    if len(report.notices) > _SHOWN:
        say(f"… and {len(report.notices) - _SHOWN:,} more (all with --json).")


def _tell_rejected(report: ImportReport) -> None:
    if report.rejected:
        say(f"{len(report.rejected):,} left out:")
    for rejection in report.rejected[:_SHOWN]:
        say(f"  {rejection.file}: {rejection.reason}")
    if len(report.rejected) > _SHOWN:
        say(f"  … and {len(report.rejected) - _SHOWN:,} more (all with --json).")


@click.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@plan_options
@mode_option
@gallery_and_json
def enroll(
    name: str,
    files: tuple[Path, ...],
    dry_run: bool,
    skip_duplicates: bool,
    name_column: str | None,
    mode: DetectionMode,
    gallery: Path | None,
    as_json: bool,
) -> int:
    """Add the faces in FILES to NAME, a new or enrolled person: all of them, or none.

    FILES are photographs, embeddings (.npy, .npz, .csv) or folders of these. Of a photograph the
    largest face near the middle is added. If a file cannot be read, nothing is added; --dry-run
    lists it with the others.
    """
    with opened(gallery, write=True) as target, Bar() as bar:
        read = target.queries.read_all(
            files, name_column=name_column, mode=mode, main_faces=True, reporter=bar.reporter()
        )
        faces, errors = read.batch, read.errors
        if not len(faces) or (errors and not dry_run):
            raise _refusal(errors)
        for remark in read.remarks:
            say(remark)
        if not dry_run and not skip_duplicates:
            _tell(target.enroll(name, faces, reporter=bar.reporter()), as_json)
            return 0
        plan = target.enrolment.plan(name, faces, reporter=bar.reporter())
        if skip_duplicates:
            plan = without_duplicates(plan)
        plan = replace(plan, rejected=tuple(map(_rejected, errors)))
        done = (
            plan.report()
            if dry_run
            else target.enrolment.import_plan(plan, reporter=bar.reporter())
        )
    _tell(_as_enrolment(plan, done), as_json, plan, dry_run=dry_run)
    return 1 if errors else 0


def _refusal(errors: Sequence[FaceGalleryError]) -> EmbeddingError:
    others = f" ({len(errors) - 1} more files cannot be used either)" if errors[1:] else ""
    return EmbeddingError(f"{errors[0]}{others} Nothing was enrolled.")


def _rejected(error: FaceGalleryError) -> PlannedFace:
    return PlannedFace(error.file or "", 0, None, "rejected", error.reason)


def _as_enrolment(plan: ImportPlan, report: ImportReport) -> EnrolmentReport:
    """The report of a plan as that of an enrolment; none of its faces where a file is bad."""
    said = grouped((hint for face in plan for hint in face.advice), plan.batch.files)
    return EnrolmentReport(
        name=plan.batch.names[0] or "",
        faces_added=0 if plan.rejected else report.faces_added,
        duplicates=report.duplicates,
        warnings=(),
        advice=said,
    )


def _tell(
    report: EnrolmentReport, as_json: bool, plan: ImportPlan | None = None, *, dry_run: bool = False
) -> None:
    """The report, and face by face where there is a plan."""
    warnings = [*report.warnings, *map(advice_text, report.advice)]
    if as_json:
        document: dict[str, Any] = {
            "name": report.name,
            "faces_added": report.faces_added,
            "duplicates": report.duplicates,
            "warnings": warnings,
            "dry_run": dry_run,
        }
        put_json(document | ({} if plan is None else {"files": files_json(plan)}))
        return
    if plan is not None and dry_run:
        tell_plan(plan)
    for warning in warnings:
        say(warning)
    if plan is not None and plan.rejected:
        say("Nothing would be enrolled while a file cannot be read.")
    verb = "would be added" if dry_run else "added"
    echo(
        f"{faces_text(report.faces_added)} {verb} to {report.name}, "
        f"{report.duplicates:,} already enrolled."
    )
