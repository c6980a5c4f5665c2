"""How a table writes its cells: what separates them, what a decimal mark is, what a comment."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_DELIMITERS = "\t;|, "  # the first wins a tie
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")
_EXACT = 2**53  # a float tells whole numbers apart up to here


@dataclass(frozen=True)
class Dialect:
    """How a table writes its cells."""

    delimiter: str
    decimal_comma: bool

    def numbers(self, cells: Sequence[str]) -> list[float]:
        """The numbers in cells. Raise ValueError."""
        if not self.decimal_comma and "_" not in "".join(cells):
            try:
                return list(map(float, cells))
            except ValueError:
                pass
        found = []
        for cell in cells:
            number = self.number(cell)
            if number is None:
                raise ValueError(f"“{cell[:40]}” is not a number")
            found.append(number)
        return found

    def number(self, cell: str) -> float | None:
        """What a cell says as a number, else None."""
        if self.decimal_comma:
            return None if "." in cell else _float(cell.replace(",", ".", 1))
        return _float(cell)

    def name(self, cell: str, whole: bool) -> str | None:
        """A name as it was meant, None for none: “3” where the whole number 3.0 is written.

        Raises:
            ValueError: it is a number with a fraction.
        """
        name = cell.strip()
        number = self.number(name)
        if number is None or not math.isfinite(number):
            return name or None
        if not number.is_integer():
            raise ValueError(f"“{name[:40]}” is a number, not a name")
        is_plain = name.lstrip("+-").isdecimal()
        return name if is_plain or not whole or abs(number) > _EXACT else str(int(number))


def _float(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without empty ones at its end. Raise ValueError."""
    # Line by line, so that a stray quote spoils its own line and not all that follow
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        problem = "Its quotes do not match, or a cell is over 131,072 characters long"
        raise ValueError(problem) from None
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def numbers_in_list(cell: str) -> list[str]:
    """The numbers of an embedding in one cell, such as “[0.1, 0.2]”; none where it is no such."""
    inside = cell.strip()
    if " " not in inside and "," not in inside and inside[:1] not in ("[", "("):
        return []
    if bracketed := inside[:1] + inside[-1:] in ("[]", "()"):
        inside = inside[1:-1]
    parts = [part for part in re.split(r"[ ,]+", inside) if part]
    if len(parts) < 2 - bracketed or any(_float(part) is None for part in parts):
        return []
    return parts


def find_dialect(lines: Sequence[str], delimiter: str | None) -> Dialect:
    """Read most cells as numbers."""
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=lambda sign: _evidence(lines, sign))
    commas = points = 0
    for line in lines:
        for cell in cells_or_none(line, delimiter):
            commas += _DECIMAL_COMMA.fullmatch(cell) is not None
            points += "." in cell and _float(cell) is not None
    return Dialect(delimiter, commas > points)


def _evidence(lines: Iterable[str], delimiter: str) -> tuple[int, int, int]:
    """How many numbers a delimiter gives, how many alone in a cell, and how few other cells."""
    alone = listed = others = 0
    for line in lines:
        bare = []
        for cell in cells_or_none(line, delimiter):
            if _float(cell) is not None or _DECIMAL_COMMA.fullmatch(cell):
                alone += 1
            elif not (parts := numbers_in_list(cell)):
                others += 1
            elif cell.lstrip()[:1] in "[(":
                listed += len(parts)
            else:
                bare.append(len(parts))
        if len(bare) == 1:
            listed += bare[0]
        else:
            others += len(bare)
    return alone + listed, alone, -others


def cells_or_none(line: str, delimiter: str) -> list[str]:
    try:
        return cells_of(line, delimiter)
    except ValueError:
        return []


def is_comment(line: str) -> bool:
    """Whether a line is one, in the way of numpy.savetxt; a name in quotes never is."""
    return line.lstrip().startswith("#")
