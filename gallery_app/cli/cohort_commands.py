"""The commands cohort and error-rates: strangers, and how often a gallery errs about them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from engine.cohorts.cohort_library import THIS_COMPUTERS, CohortEntry
from engine.records.types import Strangers
from gallery_app.cli.command_tools import (
    Bar,
    SectionedGroup,
    gallery_and_json,
    json_option,
    opened,
    put_json,
)
from gallery_app.cli.output import echo
from gallery_app.wording.error_rate_words import (
    FAMILIES,
    about_text,
    basis_text,
    contents_text,
    missed_text,
    odds_text,
    one_more_text,
    refused_text,
)

FPIRS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)

strangers_option = click.option(
    "--strangers",
    default="at-large",
    show_default=True,
    type=click.Choice(["at-large", "alike"]),
    help="Strangers that --fpir counts: people at large, or people like those enrolled.",
)


@click.group(cls=SectionedGroup)
def cohort() -> None:
    """Manage the cohorts of strangers that limits on wrongly named strangers rest on."""


@cohort.command("list")
@json_option
def list_cohorts(as_json: bool) -> None:
    """List the cohorts on this computer."""
    entries = THIS_COMPUTERS.entries()
    if as_json:
        put_json([_as_json(entry) for entry in entries])
        return
    for entry in entries:
        echo(_as_text(entry))


@cohort.command("import")
@click.argument("source", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--name", default="", help="Name of the cohort; by default that of the file.")
@json_option
def import_cohort(source: Path, name: str, as_json: bool) -> None:
    """Add the faces of FILE (.npz, .npy, .csv or a folder) as strangers.

    They should be of people who are enrolled in none of your galleries. Their names are not kept.
    """
    with Bar() as bar:
        entry = THIS_COMPUTERS.import_file(source, name, reporter=bar.reporter())
    if as_json:
        put_json(_as_json(entry))
    else:
        echo(f"Added: {_as_text(entry)}")


@cohort.command("remove")
@click.argument("name")
@json_option
def remove_cohort(name: str, as_json: bool) -> None:
    """Remove the cohort NAME from this computer."""
    THIS_COMPUTERS.remove(name)
    if as_json:
        put_json({"removed": name})
    else:
        echo(f"Removed the cohort “{name}”.")


@click.command("error-rates")
@strangers_option
@click.option(
    "--method",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "knn", "mlp", "triplet"]),
    help="Method to use; auto is the one that did best on this gallery.",
)
@gallery_and_json
def error_rates(strangers: Strangers, method: str, gallery: Path | None, as_json: bool) -> None:
    """Show how many strangers are wrongly named, and how many known faces missed, at each limit."""
    with opened(gallery, write=False) as source:
        rates = source.error_rates.measure(FPIRS, method, strangers)
        usual = next(rate for rate in rates.rates if rate.fpir == 0.01)
        with_one_more = source.error_rates.fnir_with_one_more(usual.fpir, strangers)
    if as_json:
        put_json(asdict(rates) | {"strangers": strangers, "fnir_with_one_more": with_one_more})
        return
    echo("Strangers named, up to  Known faces missed     Named among people like those enrolled")
    for rate in rates.rates:
        alike = "" if rate.fpir_alike is None else about_text(rate.fpir_alike)
        echo(f"{odds_text(rate.promised):<22}  {missed_text(rate.fnir):<21}  {alike}".rstrip())
    echo("")
    for sentence in (basis_text(rates, FPIRS[-1]), *refused_text(rates)):
        if sentence:
            echo(sentence)
    if usual.fnir is not None and with_one_more is not None:
        echo(one_more_text(usual.fnir, with_one_more))
    echo(FAMILIES)


def _as_json(entry: CohortEntry) -> dict[str, object]:
    return asdict(entry) | {"file": str(entry.file)}


def _as_text(entry: CohortEntry) -> str:
    if entry.problem:
        return f"{entry.name}: {entry.problem}"
    origin = ", comes with the program" if entry.bundled else ""
    return f"{entry.name}: {contents_text(entry)}{origin}"
