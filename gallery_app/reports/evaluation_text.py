"""An evaluation for the command line: an aligned table, and the JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.evaluation.method_figures import FPIRS
from engine.records.figures import ClosedFigures, Estimate, Evaluation, OpenFigures
from gallery_app.wording.evaluation_words import conclusions
from gallery_app.wording.method_words import method_title

Row = tuple[str, ...]


def text_table(evaluation: Evaluation) -> str:
    """What was measured as aligned columns, in percent with 95 % intervals, and what it means."""
    parts = []
    if evaluation.closed:
        parts.append("Everyone enrolled\n" + _aligned(closed_rows(evaluation)))
    if evaluation.open:
        parts.append("With strangers\n" + _aligned(open_rows(evaluation)))
    return "\n\n".join([*parts, "\n".join(conclusions(evaluation))])


def closed_rows(evaluation: Evaluation) -> list[Row]:
    """The closed-set table, its header first."""
    header = ("method", "rank-1 %", "balanced rank-1 %", "rank-5 %", "seconds", "loses to")
    return [header, *(_closed_row(method) for method in evaluation.closed)]


def open_rows(evaluation: Evaluation) -> list[Row]:
    """The open-set table, its header first; only FPIRs that could be measured."""
    fpirs = measured(evaluation)
    header = ["method", "rank-1 %", "rank-5 %"]
    for fpir in fpirs:
        asked = f"{100 * float(fpir):g} %"
        header += [f"FNIR % at FPIR {asked}", f"actual FPIR % for {asked}"]
    header += ["ECE %", "seconds", "loses to"]
    return [tuple(header), *(_open_row(method, fpirs) for method in evaluation.open)]


def measured(evaluation: Evaluation) -> tuple[str, ...]:
    """The asked FPIRs that this gallery was large enough to measure."""
    return tuple(
        fpir
        for fpir in FPIRS
        if any(method.fnir.get(fpir) is not None for method in evaluation.open)
    )


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """The JSON document of ``face-gallery evaluate``.

    ``methods`` gives for each method ``rank1``, ``rank5`` and ``balanced_rank1`` with everybody
    enrolled, and ``fnir_at_fpir``, ``fpir`` and ``ece`` with strangers; what was not
    measured is null. ``sampled`` says where only some of the searches were made, and how many.
    ``interval`` is that of ``rank1``. ``open_rank1`` and ``open_rank5`` are
    those with strangers; where only the open set was run they are ``rank1`` and ``rank5``
    too.
    """
    closed = {method.method: method for method in evaluation.closed}
    opened = {method.method: method for method in evaluation.open}
    protocol = "both" if closed and opened else "closed" if closed else "open"
    return {
        "gallery": evaluation.gallery,
        "identities": evaluation.identities,
        "faces": evaluation.faces,
        "protocol": protocol,
        "repeats": evaluation.repeats,
        "seed": evaluation.seed,
        "non_mated_identities": evaluation.non_mated_identities,
        "sampled": {
            method.protocol: {"searches": method.searches, "of": method.of}
            for method in evaluation.sampled
        }
        or None,
        "methods": {
            name: _method(closed.get(name), opened.get(name)) for name in {**closed, **opened}
        },
        "sentences": list(conclusions(evaluation)),
        "seconds": evaluation.seconds,
    }


def _method(closed: ClosedFigures | None, opened: OpenFigures | None) -> dict[str, Any]:
    either = closed or opened
    if either is None:
        return {}
    lost = [*(closed.loses_to if closed else ()), *(opened.loses_to if opened else ())]
    record: dict[str, Any] = {
        "reference": either.reference,
        "rank1": either.rank1.value,
        "interval": [either.rank1.low, either.rank1.high],
        "rank5": _value(either.rank5),
        "balanced_rank1": _value(closed.balanced_rank1) if closed else None,
        "loses_to": list(dict.fromkeys(lost)),
        "seconds": (closed.seconds if closed else 0) + (opened.seconds if opened else 0),
    }
    return record | _open_part(opened)


def _open_part(opened: OpenFigures | None) -> dict[str, Any]:
    if opened is None:
        return dict.fromkeys(_OPEN_PART)
    intervals = {fpir: _limits(estimate) for fpir, estimate in opened.fnir.items()}
    values = (
        opened.rank1.value,
        _value(opened.rank5),
        _values(opened.fnir),
        intervals,
        _values(opened.fpir),
        _value(opened.ece),
        opened.mated,
        opened.non_mated,
    )
    return dict(zip(_OPEN_PART, values, strict=True))


_OPEN_PART = (
    "open_rank1",
    "open_rank5",
    "fnir_at_fpir",
    "fnir_interval",
    "fpir",
    "ece",
    "mated",
    "non_mated",
)


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _values(estimates: Mapping[str, Estimate | None]) -> dict[str, float | None]:
    return {fpir: _value(estimate) for fpir, estimate in estimates.items()}


def _limits(estimate: Estimate | None) -> list[float] | None:
    return None if estimate is None else [estimate.low, estimate.high]


def _closed_row(figures: ClosedFigures) -> Row:
    shares = (figures.rank1, figures.balanced_rank1, figures.rank5)
    return (method_title(figures.method), *map(_cell, shares), *_last_cells(figures))


def _open_row(figures: OpenFigures, fpirs: Sequence[str]) -> Row:
    estimates = [column[fpir] for fpir in fpirs for column in (figures.fnir, figures.fpir)]
    shares = (figures.rank1, figures.rank5, *estimates, figures.ece)
    return (method_title(figures.method), *map(_cell, shares), *_last_cells(figures))


def _last_cells(figures: ClosedFigures | OpenFigures) -> Row:
    lost = "reference" if figures.reference else ", ".join(figures.loses_to) or "none"
    return f"{figures.seconds:.2f}", lost


def _cell(estimate: Estimate | None) -> str:
    """A cell such as ``12.3 (11.0–13.6)``."""
    if estimate is None:
        return "–"
    value, low, high = (100 * share for share in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} ({low:.1f}–{high:.1f})"


def _aligned(rows: Sequence[Row]) -> str:
    """First and last column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *numbers, last in rows:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells, last]).rstrip())
    return "\n".join(lines)
