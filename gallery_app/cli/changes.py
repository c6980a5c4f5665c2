"""Commands that make and fill a gallery: new, import."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from engine.gallery import Gallery
from engine.records.plans import ImportPlan
from engine.records.wording import counted
from engine.types import ImportReport
from gallery_app.cli.encryption import require_library
from gallery_app.cli.output import echo
from gallery_app.cli.passphrases import first_passphrase, passphrase_option
from gallery_app.cli.planned import files_json, plan_options, tell_plan, without_duplicates
from gallery_app.cli.shared import Bar, gallery_and_json, json_option, opened, put_json, say
from gallery_app.recent import remember

_SHOWN = 20


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dimension", default=128, show_default=True, type=click.IntRange(1, 65_536))
@click.option(
    "--distance", default="cosine", show_default=True, type=click.Choice(["cosine", "euclidean"])
)
@click.option("--encrypted", is_flag=True, help="Ask for a passphrase, and encrypt it with that.")
@passphrase_option
@json_option
def new(folder: Path, dimension: int, distance: str, encrypted: bool, as_json: bool) -> None:
    """Make an empty gallery in FOLDER."""
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
    echo(f"Made {folder}: dimension {dimension}, {distance}{kind}.")


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
    """Enroll everything in SOURCES: folder trees, .npz and .csv files, in one transaction."""
    with opened(gallery, write=True) as target, Bar() as bar:
        if not dry_run and not skip_duplicates:
            report = target.import_(sources, name_column=name_column, reporter=bar.reporter())
            return _tell_import(report, as_json)
        plan = target.plan_import(sources, name_column=name_column, reporter=bar.reporter())
        if skip_duplicates:
            plan = without_duplicates(plan)
        report = plan.report() if dry_run else target.import_plan(plan, reporter=bar.reporter())
    return _tell_import(report, as_json, plan)


def _tell_import(report: ImportReport, as_json: bool, plan: ImportPlan | None = None) -> int:
    """Tells the report, and face by face where there is a plan; returns the exit code."""
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
        say(f"{left:,} left out: somebody has them already, or they are near-duplicates.")
    if not listed:
        _tell_rejected(report)
    return code


def _sum_up(report: ImportReport) -> None:
    verb = "would be added" if report.dry_run else "added"
    echo(
        f"{counted(report.faces_added, 'face')} {verb}, "
        f"{counted(report.identities_added, 'new person', 'new people')}, "
        f"{report.duplicates:,} enrolled already, in {report.seconds:.2f} s."
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
