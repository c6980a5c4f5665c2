"""An evaluation as one HTML file to hand on: nothing in it is loaded from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.evaluation.summary import Row, closed_rows, open_rows
from engine.records.figures import Evaluation
from engine.utils.files import write_atomically
from engine.utils.number_text import counted

_CLOSED_NOTE = (
    "Every query is of somebody enrolled: a fifth of each person's faces, asked for after the "
    "others were enrolled. Shares with 95 % intervals by person."
)
_OPEN_NOTE = (
    "A third of the people is never enrolled. FNIR: enrolled people's faces without the right "
    "name first and above the threshold. The threshold for an FPIR, the share of strangers that "
    "get a name, is set on other people than those it is tried on; what it came to stands beside "
    "it. ECE: mean distance between stated confidence and share of right names."
)


@dataclass(frozen=True)
class _Cell:
    value: str
    range: str


@dataclass(frozen=True)
class _Method:
    method: str
    reference: bool
    cells: list[_Cell]


@dataclass(frozen=True)
class _Table:
    title: str
    note: str
    header: Row
    rows: list[_Method]


def write_report(evaluation: Evaluation, path: Path) -> None:
    """Writes the report, whole or not at all; it reads well in light and in dark.

    Raises:
        OSError: nothing was written.
    """
    write_atomically(path, report(evaluation).encode())


def report(evaluation: Evaluation) -> str:
    """The HTML document."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from engine.evaluation.plots import plots

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(
        gallery=evaluation.gallery or "this gallery",
        behind=_behind(evaluation),
        sentences=evaluation.sentences,
        tables=_tables(evaluation),
        plots=plots(evaluation),
    )


def _behind(evaluation: Evaluation) -> str:
    people = counted(evaluation.identities, "person", "people")
    faces = counted(evaluation.faces, "face", "faces")
    repeats = counted(evaluation.repeats, "repeat", "repeats")
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(evaluation.created))
    sampled = " · searches sampled" if evaluation.sampled else ""
    return f"{people}, {faces} · {repeats}, seed {evaluation.seed}{sampled} · {day}"


def _tables(evaluation: Evaluation) -> list[_Table]:
    tables = []
    if evaluation.open:
        references = [one.reference for one in evaluation.open]
        rows = open_rows(evaluation)
        tables.append(_table("With strangers about", _OPEN_NOTE, rows, references))
    if evaluation.closed:
        references = [one.reference for one in evaluation.closed]
        rows = closed_rows(evaluation)
        tables.append(_table("Everybody enrolled", _CLOSED_NOTE, rows, references))
    return tables


def _table(title: str, note: str, rows: Sequence[Row], references: Sequence[bool]) -> _Table:
    header, *body = rows
    methods = [
        _Method(name, reference, [_cell(cell) for cell in cells[:-1]] + [_Cell(cells[-1], "")])
        for (name, *cells), reference in zip(body, references, strict=True)
    ]
    return _Table(title, note, header, methods)


def _cell(text: str) -> _Cell:
    """The value, and its interval beneath it."""
    value, _, interval = text.partition(" (")
    return _Cell(value, interval.rstrip(")"))
