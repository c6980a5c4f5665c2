"""The two tables of an evaluation: how figures read, which is best, who loses to whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.records.figures import ClosedFigures, Estimate, Evaluation, OpenFigures
from gallery_app.widgets.lists.figures_table import Cell, Column, FiguresTable, Row
from gallery_app.wording.model_words import seconds_text

_METHOD = Column("Method", "Also names references that are significantly better", number=False)
_TIME = Column("Time", "Time of one repeat, including training")
_RANK1 = Column("Rank-1", "The right name comes first; below, the 95 % interval")
_RANK5 = Column("Rank-5", "The right name is among the first five")
_ECE = Column(
    "ECE", "Expected calibration error: how far stated confidence is from observed accuracy"
)
_FEW = "Too few searches for strangers to set this threshold"

Higher = bool | None  # whether more is better; None where neither is


def closed_table(evaluation: Evaluation) -> FiguresTable:
    """Where everybody who is asked for is enrolled."""
    balanced = Column("Balanced", "Rank-1 averaged over people, so that everyone counts equally")
    columns = [_METHOD, _RANK1, balanced, _RANK5, _TIME]
    parts: list[tuple[Callable[[ClosedFigures], Cell], Higher]] = [
        (lambda one: _share(one.rank1), True),
        (lambda one: _share(one.balanced_rank1), True),
        (lambda one: _share(one.rank5), True),
        (_time, None),
    ]
    table = FiguresTable(columns, "References", "Closed set")
    table.set_rows(_rows(evaluation.closed, parts))
    return table


def open_table(evaluation: Evaluation) -> FiguresTable:
    """Where a third of the people is never enrolled."""
    asked = sorted({fpir for one in evaluation.open for fpir in one.fnir}, key=float)
    columns = [_METHOD, _RANK1, _RANK5, *map(_fnir_column, asked), *map(_fpir_column, asked)]
    parts: list[tuple[Callable[[OpenFigures], Cell], Higher]] = [
        (lambda one: _share(one.rank1), True),
        (lambda one: _share(one.rank5), True),
        *((lambda one, fpir=fpir: _share(one.fnir.get(fpir), _FEW), False) for fpir in asked),
        *((lambda one, fpir=fpir: _share(one.fpir.get(fpir), _FEW), None) for fpir in asked),
        (lambda one: _share(one.ece, "States no probability"), False),
        (_time, None),
    ]
    table = FiguresTable([*columns, _ECE, _TIME], "References", "Open set")
    table.set_rows(_rows(evaluation.open, parts))
    return table


def _fnir_column(fpir: str) -> Column:
    share = _asked(fpir)
    tip = f"Known people missed when {share} of strangers may be wrongly named"
    return Column(f"FNIR at {share}", tip)


def _fpir_column(fpir: str) -> Column:
    share = _asked(fpir)
    return Column(f"FPIR for {share}", f"Strangers actually named when {share} were allowed")


def _asked(fpir: str) -> str:
    return f"{float(fpir) * 100:g} %"


def _rows(methods: Sequence, parts: Sequence[tuple[Callable, Higher]]) -> list[Row]:  # type: ignore[type-arg]
    columns = [_marked([make(one) for one in methods], higher) for make, higher in parts]
    return [
        Row((_name(one), *cells), apart=one.reference)
        for one, cells in zip(methods, zip(*columns, strict=True), strict=True)
    ]


def _marked(cells: list[Cell], higher: Higher) -> list[Cell]:
    """The best of a column marked; all that read the same as the best are."""
    known = [cell for cell in cells if isinstance(cell.order, float)]
    if higher is None or len(known) < 2:
        return cells
    best = (max if higher else min)(known, key=lambda cell: float(cell.order)).text
    return [replace(cell, best=cell.text == best) for cell in cells]


def _share(estimate: Estimate | None, missing: str = "") -> Cell:
    if estimate is None:
        return Cell("–", tip=missing or "Names only one person")
    low, high = estimate.low * 100, estimate.high * 100
    return Cell(
        f"{estimate.value * 100:.1f} %", f"{low:.1f}–{high:.1f}", estimate.value,
        tip=f"95 % interval {low:.2f} to {high:.2f} %",
    )  # fmt: skip


def _time(one: ClosedFigures | OpenFigures) -> Cell:
    return Cell(seconds_text(one.seconds), order=one.seconds)


def _name(one: ClosedFigures | OpenFigures) -> Cell:
    if not one.loses_to:
        return Cell(one.method, order=one.method.casefold())
    words = f"loses to {', '.join(one.loses_to)}"
    tip = f"{one.method} {words}, beyond noise"
    return Cell(one.method, words, one.method.casefold(), warns=True, tip=tip)
