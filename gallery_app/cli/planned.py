"""What would become of every file, as a table for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from engine.records.advice import AdviceKind
from engine.records.plans import ImportPlan, Outcome, PlannedFace
from engine.records.wording import place_text
from gallery_app.cli.output import echo
from gallery_app.cli.shared import F

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
    "--dry-run", is_flag=True, help="Say what would happen to each file; change nothing."
)
_skip_duplicates = click.option(
    "--skip-duplicates",
    is_flag=True,
    help="Leave out faces that somebody has already and near-duplicates, which add nothing.",
)


name_column_option = click.option(
    "--name-column",
    metavar="COLUMN",
    help="Which column holds the names: its title or number (from 1), or the array in an .npz.",
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
                {"kind": one.kind, "identity": one.identity, "sentence": one.sentence}
                for one in face.advice
            ],
        }
        for face in plan
    ]


def _why(face: PlannedFace) -> str:
    """As :attr:`PlannedFace.why`; of what was left out by choice also what was said of it."""
    if face.outcome != "left-out":
        return face.why
    return f"{face.reason}. {face.said}".removesuffix(". ")
