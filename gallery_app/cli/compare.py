"""The command compare: how alike two people are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from engine.looking.similarity import Similarity
from gallery_app.cli.output import echo
from gallery_app.cli.shared import gallery_and_json, opened, put_json
from gallery_app.widgets.similarity_words import verdict


@click.command()
@click.argument("one", metavar="NAME")
@click.argument("other", metavar="NAME")
@gallery_and_json
def compare(one: str, other: str, gallery: Path | None, as_json: bool) -> None:
    """Compare two people, face with face; one person with itself where both names are the same."""
    with opened(gallery, write=False) as source:
        found = source.comparing.people(one, other)
        ids = sorted({*found.one.tolist(), *found.other.tolist()})
        files = {face.id: face.file for face in source.faces_by_id(ids)}
    if as_json:
        put_json(_as_json(found, one, other, files))
        return
    for sentence in verdict(found, one, other):
        echo(sentence)
    for title, pairs in (("Closest", found.closest), ("Furthest", found.furthest)):
        echo(f"{title}:")
        for first, second, distance in pairs:
            echo(f"  {distance:.3f}  {files[first]}  {files[second]}")


def _as_json(found: Similarity, one: str, other: str, files: dict[int, str]) -> dict[str, Any]:
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
