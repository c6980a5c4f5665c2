"""The commands unknown: queries that nobody was recognised in, named many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine.errors import UnknownIdentityError
from engine.gallery import Gallery
from engine.progress import Reporter
from engine.records.types import FaceBatch, Identification
from engine.records.unknowns import Cluster, Likeness
from engine.utils.number_text import confidence_text, counted, place_text
from gallery_app.cli.command_tools import (
    Bar,
    SectionedGroup,
    gallery_and_json,
    opened,
    put_json,
    say_lookalikes,
)
from gallery_app.cli.output import echo
from gallery_app.wording.history_words import change_text
from gallery_app.wording.number_words import faces_text, people_text

_SHOWN = 3  # files of a cluster that a person reads


@click.group(cls=SectionedGroup, invoke_without_command=True)
@gallery_and_json
@click.pass_context
def unknown(context: click.Context, gallery: Path | None, as_json: bool) -> None:
    """List the unknown queries kept, grouped by likely person."""
    context.obj = gallery, as_json
    if context.invoked_subcommand is not None:
        return
    with opened(gallery, write=False) as source, Bar() as bar:
        clusters = source.unknowns.clusters(reporter=bar.reporter())
    if as_json:
        put_json([_as_json(number, cluster) for number, cluster in enumerate(clusters, 1)])
        return
    for number, cluster in enumerate(clusters, 1):
        echo(_as_text(number, cluster))
    if not clusters:
        echo("No unknown queries are kept.")


@unknown.command()
@click.argument("which", nargs=-1, required=True, metavar="CLUSTER|FILE...")
@click.argument("name")
@gallery_and_json
@click.pass_context
def name(
    context: click.Context, which: tuple[str, ...], name: str, gallery: Path | None, as_json: bool
) -> None:
    """Enroll unknown queries under NAME, a new or enrolled person.

    CLUSTER is a number listed by `unknown`; FILE is a file that was kept.
    """
    gallery, as_json = gallery or context.obj[0], as_json or context.obj[1]
    with opened(gallery, write=True) as target, Bar() as bar:
        ids = _chosen(target, which, bar.reporter())
        say_lookalikes(target, [name])
        changed = target.unknowns.name(ids, name)
    assert changed is not None
    if as_json:
        put_json({"name": name, "unknowns": ids})
    else:
        echo(f"{change_text(changed.summary)}.")


@unknown.command()
@click.argument("which", nargs=-1, metavar="[CLUSTER|FILE...]")
@click.option("--all", "everything", is_flag=True, help="All unknown queries.")
@click.option(
    "--strangers",
    is_flag=True,
    help="Keep them as examples of strangers, which help to set limits.",
)
@gallery_and_json
@click.pass_context
def dismiss(
    context: click.Context,
    which: tuple[str, ...],
    everything: bool,
    strangers: bool,
    gallery: Path | None,
    as_json: bool,
) -> None:
    """Dismiss unknown queries without naming them. `undo` restores them."""
    if bool(which) == everything:
        raise click.UsageError("Give clusters, files or --all.")
    gallery, as_json = gallery or context.obj[0], as_json or context.obj[1]
    with opened(gallery, write=True) as target, Bar() as bar:
        if everything:
            ids = [query.id for query in target.unknowns.all()]
        else:
            ids = _chosen(target, which, bar.reporter())
        changed = target.unknowns.dismiss(ids, as_strangers=strangers)
    if as_json:
        put_json({"unknowns": ids})
    else:
        echo(f"{change_text(changed.summary)}." if changed else "No unknown queries are kept.")


@unknown.command()
@click.option("--forget", is_flag=True, help="Remove all of them from the gallery.")
@gallery_and_json
@click.pass_context
def strangers(context: click.Context, forget: bool, gallery: Path | None, as_json: bool) -> None:
    """Count the unknown queries kept as strangers, or remove them. `undo` restores them."""
    gallery, as_json = gallery or context.obj[0], as_json or context.obj[1]
    with opened(gallery, write=forget) as source:
        faces, people = source.unknowns.count_strangers()
        changed = source.unknowns.forget_strangers() if forget else None
    if as_json:
        put_json({"faces": faces, "people": people, "removed": changed is not None})
    elif changed is not None:
        echo(f"{change_text(changed.summary)}.")
    elif faces:
        echo(f"{faces_text(faces)} of {people_text(people)} kept as strangers.")
    else:
        echo("No strangers are kept.")


def keep_unknown(gallery: Gallery, batch: FaceBatch, answers: Sequence[Identification]) -> int:
    """Put the queries that nobody was recognised in on the shelf; return how many are new."""
    rows = [row for row, answer in enumerate(answers) if answer.verdict == "unknown"]
    return gallery.unknowns.add(batch.take(rows)) if rows else 0


def _chosen(gallery: Gallery, which: Sequence[str], reporter: Reporter) -> list[int]:
    """Ids of the queries that numbers of clusters and names of files stand for."""
    numbers = [asked for asked in which if asked.isascii() and asked.isdigit()]
    clusters = gallery.unknowns.clusters(reporter=reporter) if numbers else ()
    ids: dict[int, None] = {}
    for asked in which:
        if asked in numbers:
            if not 1 <= int(asked) <= len(clusters):
                raise UnknownIdentityError(
                    f"There is no cluster {asked} of unknown queries",
                    remedy="List them with `face-gallery unknown`.",
                )
            ids.update(dict.fromkeys(clusters[int(asked) - 1].ids))
        else:
            found = gallery.unknowns.from_files([asked, str(Path(asked).absolute())])
            if not found:
                raise UnknownIdentityError(
                    "No unknown query of this file is kept",
                    file=asked,
                    remedy="List them with `face-gallery unknown`.",
                )
            ids.update(dict.fromkeys(query.id for query in found))
    return list(ids)


def _as_json(number: int, cluster: Cluster) -> dict[str, Any]:
    return {
        "cluster": number,
        "cohesion": cluster.cohesion,
        "likeness": _likeness(cluster.likeness),
        "queries": [
            {
                "id": query.id,
                "file": query.file,
                "row": query.row,
                "kept": datetime.fromtimestamp(query.at).astimezone().isoformat("T", "seconds"),
            }
            for query in cluster.unknowns
        ],
    }


def _likeness(likeness: Likeness | None) -> dict[str, Any] | None:
    if likeness is None:
        return None
    return {
        "name": likeness.name,
        "distance": likeness.distance,
        "confidence": likeness.confidence,
        "known": likeness.known,
    }


def _as_text(number: int, cluster: Cluster) -> str:
    places = [place_text(query.file, query.row) for query in cluster.unknowns]
    more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    count = counted(len(places), "query", "queries")
    return f"{number:4}  {count}{_looks(cluster.likeness)}: {', '.join(places[:_SHOWN])}{more}"


def _looks(likeness: Likeness | None) -> str:
    if likeness is None:
        return ""
    sure = "" if likeness.confidence is None else f" {confidence_text(likeness.confidence)}"
    return f", {'looks like' if likeness.known else 'nearest'} {likeness.name}{sure}"
