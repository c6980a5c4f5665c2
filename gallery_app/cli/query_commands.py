"""Commands that only read: people, identify, check, compare."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from engine.records.detections import DetectionMode
from engine.records.similarity import Similarity
from engine.records.types import FaceBatch, Identification, Method, Strangers
from engine.utils.number_text import confidence_text, place_text
from gallery_app.cli.backup_commands import salvage_into
from gallery_app.cli.cohort_commands import strangers_option
from gallery_app.cli.command_tools import Bar, gallery_and_json, opened, put_json, say
from gallery_app.cli.import_commands import mode_option, name_column_option
from gallery_app.cli.output import echo
from gallery_app.cli.unknown_commands import keep_unknown as keep
from gallery_app.reports.answer_files import answer_json
from gallery_app.wording.similarity_words import verdict


@click.command()
@click.option("--sort", default="name", show_default=True, type=click.Choice(["name", "faces"]))
@gallery_and_json
def people(sort: str, gallery: Path | None, as_json: bool) -> None:
    """List the people and how many faces each has."""
    with opened(gallery, write=False) as source:
        listed = source.people.all(sort)
    if as_json:
        put_json([{"name": identity.name, "faces": identity.faces} for identity in listed])
        return
    for identity in listed:
        echo(f"{identity.faces:7,}  {identity.name}")


@click.command()
@click.argument("queries", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-k",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Number of nearest faces to use as evidence.",
)
@click.option(
    "--top",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Maximum number of candidates.",
)
@click.option(
    "--method",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "knn", "mlp", "triplet"]),
    help="Method to use; auto is the one that did best on this gallery.",
)
@click.option(
    "--fpir",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of strangers that may be wrongly named.",
)
@strangers_option
@click.option(
    "--keep-unknown",
    is_flag=True,
    help="Keep queries in which no one is recognised; see `unknown`.",
)
@name_column_option
@mode_option
@gallery_and_json
def identify(
    queries: tuple[Path, ...], k: int, top: int, method: Method, fpir: float,
    strangers: Strangers, keep_unknown: bool, name_column: str | None, mode: DetectionMode,
    gallery: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Identify each face in the files QUERIES: photographs, embeddings (.npy, .npz, .csv), or
    folders of these.
    """
    kept: int | None = None
    with opened(gallery, write=keep_unknown) as source, Bar() as bar:
        read = source.queries.read_all(
            queries, name_column=name_column, mode=mode, reporter=bar.reporter()
        )
        batch, answers = read.batch, list[Identification]()
        if len(batch):
            bar.reporter().progress("Identifying", 0, len(batch))
            answers += source.identify(
                batch, k=k, top=top, method=method, fpir=fpir, strangers=strangers
            )
            bar.reporter().progress("Identifying", len(batch), len(batch))
        if keep_unknown:
            kept = keep(source, batch, answers)
    if as_json:
        results = [
            answer_json(batch.files[row], batch.rows[row], answer, batch.photos[row])
            for row, answer in enumerate(answers)
        ]
        errors = [{"file": error.file, "reason": error.reason} for error in read.errors]
        more = {} if kept is None else {"kept": kept}
        put_json({"results": results, "errors": errors, **more})
    else:
        for row, answer in enumerate(answers):
            echo(_as_text(batch, row, answer))
        for remark in (*sorted({answer.note for answer in answers} - {""}), *read.remarks):
            say(remark)
        for error in read.errors:
            say(str(error))
        if kept is not None:
            say(f"{kept:,} unknown queries kept.")
    if read.errors and not answers:
        raise click.exceptions.Exit(1)


def _as_text(batch: FaceBatch, row: int, answer: Identification) -> str:
    sure = f"{confidence_text(answer.confidence):^5}"
    place = place_text(batch.files[row], batch.rows[row])
    if answer.name is not None:
        return f"{sure}  {answer.name}  ({answer.candidates[0].distance:.3f})  {place}"
    best = answer.candidates[0].name if answer.candidates else "none"
    return f"{sure}  unknown, closest match: {best}  {place}"


@click.command()
@click.option(
    "--repair",
    is_flag=True,
    help="Rebuild derived data; remove faces whose embeddings have changed.",
)
@click.option(
    "--salvage",
    type=click.Path(path_type=Path),
    metavar="DEST",
    help="Salvage what can be read of a damaged gallery to a new one in DEST.",
)
@gallery_and_json
def check(repair: bool, salvage: Path | None, gallery: Path | None, as_json: bool) -> None:
    """Check that a gallery's database, index and models agree."""
    if salvage is not None:
        salvage_into(salvage, gallery, as_json)
        return
    with opened(gallery, write=repair) as source, Bar() as bar:
        report = source.check(repair=repair, reporter=bar.reporter())
    if as_json:
        put_json({"ok": report.ok, "problems": list(report.problems),
                  "repaired": list(report.repaired)})  # fmt: skip
    else:
        for sentence in report.repaired:
            echo(f"Repaired: {sentence}")
        for sentence in report.problems:
            echo(sentence)
        if report.ok:
            echo("The gallery is intact.")
        if report.altered:
            say("`check --repair` removes and lists what has changed since it was stored.")
        if report.in_database:
            say(
                "Restore a backup (see `backup --list`), or salvage what can be read with `check "
                "--salvage DEST`."
            )
    if not report.ok:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("one", metavar="NAME")
@click.argument("other", metavar="NAME")
@gallery_and_json
def compare(one: str, other: str, gallery: Path | None, as_json: bool) -> None:
    """Compare two people face by face, or one person with itself if both names are the same."""
    with opened(gallery, write=False) as source:
        found = source.comparison.people(one, other)
        ids = sorted({*found.one.tolist(), *found.other.tolist()})
        files = {face.id: face.file for face in source.faces.by_ids(ids)}
    if as_json:
        put_json(_similarity_json(found, one, other, files))
        return
    for sentence in verdict(found, one, other):
        echo(sentence)
    for title, pairs in (("Closest", found.closest), ("Furthest", found.furthest)):
        echo(f"{title}:")
        for first, second, distance in pairs:
            echo(f"  {distance:.3f}  {files[first]}  {files[second]}")


def _similarity_json(
    found: Similarity, one: str, other: str, files: dict[int, str]
) -> dict[str, Any]:
    usual, enough = found.usual, found.same is not None
    return {
        "one": one,
        "other": other,
        "faces": [len(found.one), len(found.other)],
        "same": found.same,
        "median": None if math.isnan(found.median) else found.median,
        "threshold": usual.threshold if enough else None,
        "false_match": usual.false_match(found.median) if enough else None,
        "false_non_match": usual.false_non_match(found.median) if enough else None,
        "closest": [_pair(pair, files) for pair in found.closest],
        "furthest": [_pair(pair, files) for pair in found.furthest],
        "distances": [
            [None if math.isnan(value) else value for value in row]
            for row in found.distances.tolist()
        ],
    }


def _pair(pair: tuple[int, int, float], files: dict[int, str]) -> dict[str, Any]:
    one, other, distance = pair
    return {"faces": [one, other], "files": [files[one], files[other]], "distance": distance}
