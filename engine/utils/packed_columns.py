"""Long columns kept small: what a million rows hold, without a million Python objects.

A column is a sequence that gives its values when they are asked for, some at a time.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from engine.records.types import Ids

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
_AT_ONCE = 4_096


class Column(Sequence[T_co]):
    """A sequence whose values are made when they are asked for; equal to any with the same."""

    __hash__ = None  # type: ignore[assignment]

    @abstractmethod
    def pick(self, rows: Ids) -> list[T_co]:
        """The values of rows ``(m,)``, each in range."""

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> list[T_co]: ...
    def __getitem__(self, at: int | slice) -> T_co | list[T_co]:
        if isinstance(at, slice):
            return self.pick(np.arange(*at.indices(len(self))))
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self.pick(np.array([at % len(self)]))[0]

    def __iter__(self) -> Iterator[T_co]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))


class Coded(Column[T_co]):
    """Each distinct value once, and for each row the number of its value.

    Attributes:
        values: all distinct, each of some row.
        codes: places in ``values``, ``(n,)``.
    """

    def __init__(self, values: Sequence[T_co], codes: Ids) -> None:
        self.values = values
        self.codes = codes

    @classmethod
    def of(cls, column: Iterable[T]) -> Coded[T]:
        """Any column so kept; one that is comes back as it is."""
        if isinstance(column, Coded):
            return column
        numbers: dict[T, int] = {}
        codes = np.fromiter((numbers.setdefault(value, len(numbers)) for value in column), np.int64)
        return Coded(list(numbers), codes)

    def mapped(self, function: Callable[[T_co], T]) -> Coded[T]:
        """The column of what a function makes of the values."""
        merged = Coded.of(map(function, self.values))
        return Coded(merged.values, merged.codes[self.codes])

    def take(self, rows: Ids) -> Coded[T_co]:
        """The column of rows ``(m,)`` alone."""
        there, codes = np.unique(self.codes[rows], return_inverse=True)
        return Coded([self.values[code] for code in there.tolist()], codes)

    def __len__(self) -> int:
        return len(self.codes)

    def pick(self, rows: Ids) -> list[T_co]:
        return [self.values[code] for code in self.codes[rows].tolist()]


class TextColumn(Column[str]):
    """Texts that begin with the same words, the rest in UTF-8 at a fixed width."""

    def __init__(self, start: str, ends: npt.NDArray[np.bytes_]) -> None:
        self._start = start
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def pick(self, rows: Ids) -> list[str]:
        start = self._start
        return [start + end.decode("utf-8", "replace") for end in self._ends[rows].tolist()]


class Chosen(Column[T_co]):
    """Some rows of a column, in any order."""

    def __init__(self, column: Sequence[T_co], rows: Ids) -> None:
        self._column = column
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def pick(self, rows: Ids) -> list[T_co]:
        return picked(self._column, self._rows[rows])


class Chained(Column[T_co]):
    """Columns one after another."""

    def __init__(self, columns: Iterable[Sequence[T_co]]) -> None:
        self._columns = list(columns)
        self._ends = list(accumulate(map(len, self._columns)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def pick(self, rows: Ids) -> list[T_co]:
        return [self._at(row) for row in rows.tolist()]

    def _at(self, row: int) -> T_co:
        which = bisect_right(self._ends, row)
        return self._columns[which][row - self._ends[which] + len(self._columns[which])]

    def __iter__(self) -> Iterator[T_co]:
        return chain.from_iterable(self._columns)


def picked(column: Sequence[T], rows: Ids) -> list[T]:
    """The values of rows ``(m,)`` of any sequence."""
    if isinstance(column, Column):
        return column.pick(rows)
    return [column[row] for row in rows.tolist()]


def chained(columns: Sequence[Sequence[T]]) -> Sequence[T]:
    """Columns one after another: as a list, unless one of them is kept small."""
    if len(columns) == 1:
        return columns[0]
    if any(isinstance(column, Column) for column in columns):
        return Chained(columns)
    return list(chain.from_iterable(columns))


def chosen(column: Sequence[T], rows: Ids) -> Sequence[T]:
    """Rows ``(m,)`` of a column: as a list, unless it is kept small."""
    if isinstance(column, Coded):
        return column.take(rows)
    if isinstance(column, Column):
        return Chosen[T](column, rows)
    return [column[row] for row in rows.tolist()]


def encoded(texts: npt.NDArray[Any]) -> npt.NDArray[np.bytes_]:
    """Texts ``(n,)`` in UTF-8, those of broken surrogates too."""
    try:
        return texts.astype("S")
    except UnicodeEncodeError:
        return np.char.encode(texts, "utf-8", "surrogatepass")
