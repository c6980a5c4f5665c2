"""A CSV table: a name and d numbers a line; for queries the name may be left out."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import numpy as np

from engine.embeddings.opening import open_stream, printable, unreadable
from engine.embeddings.pieces import Piece, row_refusal
from engine.errors import EmbeddingError, InputError
from engine.progress import Reporter
from engine.types import Vectors

_REMEDY = "Each line needs a name and the numbers of one embedding, in UTF-8."
_DELIMITERS = ";\t,"  # the first wins a tie: "A;0,5;0,6" is separated by semicolons
_NAME_TITLES = frozenset({"name", "identity", "person", "label"})
_MAX_LINE = 1 << 20
_EVERY = 1000


@dataclass(slots=True)
class _Row:
    line: int
    index: int
    name: str | None
    vector: Vectors


def read_csv(
    path: str, dimension: int | None, reporter: Reporter
) -> tuple[Piece, list[InputError]]:
    """The rows of a table and the errors of the lines left out; values are not checked yet.

    The delimiter (comma, semicolon or tab) and a header line are recognised. The name is the
    column so headed (name, identity, person, label), else the first. Lines end a row, always.

    Raises:
        EmbeddingError: not readable, not UTF-8, a line over 1 MiB, or no line holds numbers.
        CancelledError: asked for through the reporter.
    """
    stream, size = open_stream(path)
    refused: list[InputError] = []
    with stream:
        lines = _lines(stream, path, size, reporter)
        rows = list(_rows(lines, dimension, path, refused))
    if not rows:
        first = f". {refused[0].problem}" if refused else ""
        raise EmbeddingError(f"No line holds an embedding{first}", file=path, remedy=_REMEDY)
    return _of_one_width(path, rows, dimension, refused), refused


def _lines(stream: BinaryIO, path: str, size: int, reporter: Reporter) -> Iterator[tuple[int, str]]:
    """Line numbers from 1 and lines that are not blank."""
    done, number = 0, 0
    try:
        while raw := stream.readline(_MAX_LINE + 1):
            number += 1
            done += len(raw)
            if number % _EVERY == 1:
                reporter.progress("Reading the table", done, size)
            if len(raw) > _MAX_LINE:
                problem = f"Line {number} is longer than {_MAX_LINE:,} bytes"
                raise EmbeddingError(problem, file=path, remedy=_REMEDY)
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            if line.strip():
                yield number, line
    except UnicodeDecodeError:
        raise EmbeddingError(
            f"Line {number} is not UTF-8 text", file=path, remedy="Save it as “CSV UTF-8”."
        ) from None
    except OSError as error:
        raise unreadable(path, error) from None


def _rows(
    lines: Iterator[tuple[int, str]],
    dimension: int | None,
    path: str,
    refused: list[InputError],
) -> Iterator[_Row]:
    first = next(lines, None)
    if first is None:
        raise EmbeddingError("It is empty", file=path, remedy=_REMEDY)
    delimiter = max(_DELIMITERS, key=first[1].count)
    header = _header(first[1], delimiter)
    name_column = None if header is None else _name_column(header)
    for index, (number, line) in enumerate(chain([first] if header is None else [], lines)):
        try:
            cells = _cells(line, delimiter)
            name = _take_name(cells, name_column, dimension)
            yield _Row(number, index, name, _vector(cells))
        except (csv.Error, ValueError) as error:
            refused.append(row_refusal(path, "Line", number, str(error), _REMEDY))


def _cells(line: str, delimiter: str) -> list[str]:
    # Line by line, so that a stray quote spoils its own line and not all that follow
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True))


def _header(line: str, delimiter: str) -> list[str] | None:
    """The titles, where the first line has no number but in its first cell, or names a column."""
    try:
        titles = [cell.strip().casefold() for cell in _cells(line, delimiter)]
    except csv.Error:
        return None
    if _name_column(titles) is not None or not any(map(_is_number, titles[1:])):
        return titles
    return None


def _name_column(titles: list[str]) -> int | None:
    return next((i for i, title in enumerate(titles) if title in _NAME_TITLES), None)


def _take_name(cells: list[str], column: int | None, dimension: int | None) -> str | None:
    """Takes the name out of the cells of a line; without a titled column it is the first cell,
    unless that is a number and no more numbers are there than needed."""
    if column is None:
        named = not _is_number(cells[0]) or len(cells) - 1 == dimension
        return (cells.pop(0).strip() or None) if named else None
    if column >= len(cells):
        raise ValueError("The name is missing")
    return cells.pop(column).strip() or None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _vector(cells: list[str]) -> Vectors:
    if not cells:
        raise ValueError("There are no numbers")
    try:
        numbers = list(map(float, cells))
    except ValueError:
        wrong = next(cell for cell in cells if not _is_number(cell))
        raise ValueError(f"“{wrong[:40]}” is not a number") from None
    with np.errstate(over="ignore", under="ignore"):
        return np.array(numbers, dtype=np.float32)


def _of_one_width(
    path: str, rows: list[_Row], dimension: int | None, refused: list[InputError]
) -> Piece:
    """The rows of the dimension asked for, or else of the one that most rows have."""
    widths = Counter(len(row.vector) for row in rows)
    width = dimension if dimension in widths else widths.most_common(1)[0][0]
    for row in rows:
        if len(row.vector) != width:
            problem = f"There are {len(row.vector)} numbers, other lines have {width}"
            refused.append(row_refusal(path, "Line", row.line, problem, _REMEDY))
    kept = [row for row in rows if len(row.vector) == width]
    return Piece(
        path,
        np.stack([row.vector for row in kept]),
        [row.name for row in kept],
        [printable(path)] * len(kept),
        [row.index for row in kept],
        [None] * len(kept),
        "Line",
        [row.line for row in kept],
    )
