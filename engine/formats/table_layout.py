"""What the columns of a table are: told once for the file, from its titles and many of its lines.

Where it is in doubt, the table is refused: a label must not become a number of a vector, and a
number not a name.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from engine.errors import EmbeddingError, NameColumnError
from engine.formats import checks
from engine.formats.name_column import (
    NameColumnCandidate,
    are_files,
    choose,
    doubt,
    in_words,
    is_extra,
    may_name,
)
from engine.formats.table_dialect import (
    Dialect,
    cells_or_none,
    find_dialect,
    is_comment,
    numbers_in_list,
)
from engine.records.types import LARGEST_DIMENSION, Vectors

REMEDY = "Each line needs a name and the numbers of one embedding."
_TITLES_REMEDY = "Give every column a title in the first line."
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\s,;]*')  # Excel's
_IN_SERIES = re.compile(r"(.*\D)\d+")
_DIALECT_LINES = 50
_SURE_LINES = 8  # so many whole numbers in a column are no chance
_LONG_RUN = 4  # so many numbers that count up are titles
_MOST_COLUMNS = LARGEST_DIMENSION + 1000  # names, files and figures beside an embedding
_Kind = Literal["empty", "text", "joined", "whole", "fraction"]


# -- the layout --------------------------------------------------------------------------------


@dataclass(frozen=True)
class TableLayout:
    """What the columns of a table are.

    Attributes:
        start: number of the first line that can hold a face.
        titles: number of the line that holds titles, 0 where none does.
        width: how many cells a line has.
        name: the column of names, None where there is none.
        vector: places of the numbers.
        count: how many numbers an embedding has.
        joined: all of them are in one cell.
        certain: the titles say that no label is among the numbers.
        columns: keys of the columns that can hold the names.
    """

    dialect: Dialect
    start: int
    titles: int
    width: int
    name: NameColumnCandidate | None
    vector: tuple[int, ...]
    count: int
    joined: bool
    certain: bool
    columns: tuple[str, ...]

    def name_in(self, cells: Sequence[str]) -> str | None:
        """The name in the cells of a line. Raise ValueError."""
        if self.name is None:
            return None
        return self.dialect.name(cells[self.name.number - 1], whole=not self.name.text)

    def numbers_in(self, cells: Sequence[str]) -> list[float]:
        """The numbers in the cells of a vector. Raise ValueError."""
        if not self.joined:
            return self.dialect.numbers(cells)
        parts = numbers_in_list(cells[0])
        if len(parts) != self.count:
            raise ValueError(f"“{cells[0][:40]}” is not a list of {self.count} numbers")
        return list(map(float, parts))

    def may_be_face(self, comment: str) -> bool:
        """Whether a line that begins with # can also be a face, with a name that does."""
        for content in (comment, comment.lstrip(" #")):
            cells = cells_or_none(content, self.dialect.delimiter)
            if len(cells) == self.width:
                with suppress(ValueError):
                    numbers = self.numbers_in([cells[place] for place in self.vector])
                    if not all(number.is_integer() for number in numbers):
                        return True
        return False

    def check_vectors(self, vectors: Vectors, path: str) -> None:
        """Look through all rows ``(n, d)`` for a label that the lines before did not show.

        Raises:
            NameColumnError: a column holds whole numbers only, and others do not.
        """
        if self.certain or len(vectors) < 2 or self.joined:
            return
        with np.errstate(invalid="ignore"):
            whole = (vectors == np.rint(vectors)).all(axis=0)
        labels = whole & vectors.any(axis=0)
        if labels.any() and not whole.all():
            place = self.vector[int(labels.argmax())]
            raise NameColumnError(
                f"Column {place + 1} contains only whole numbers, like labels",
                file=path,
                remedy=_TITLES_REMEDY,
                columns=self.columns,
            )


@dataclass(frozen=True)
class _Column:
    """What a column holds, by the lines looked at.

    Attributes:
        place: from 0.
        extra: its title says that it is no part of an embedding.
        counted: it holds whole numbers, and others than zero, which dead units of a network are.
        parts: how many numbers a list in its cells has.
    """

    place: int
    title: str
    kind: _Kind
    extra: bool
    counted: bool = False
    repeats: bool = False
    files: bool = False
    parts: int = 0


def find_layout(
    path: str,
    first: Sequence[tuple[int, str]],
    last: Sequence[str],
    dimension: int | None,
    name_column: str | None,
) -> TableLayout:
    """What the columns of a table are.

    Args:
        first: its first lines with their numbers.
        last: some of its last lines, which may be among the first.
        name_column: title or number of the column of names; None to recognise it.

    Raises:
        NameColumnError, MismatchError, EmbeddingError.
    """
    return _Survey(path, first, last).layout(dimension, name_column)


class _Survey:
    """Some lines of a table, from which its layout is told."""

    def __init__(self, path: str, first: Sequence[tuple[int, str]], last: Sequence[str]) -> None:
        self._path = path
        delimiter = None
        if first and (excel := _SEPARATOR_LINE.fullmatch(first[0][1])):
            delimiter, first = excel[1], first[1:]
        plain = [(number, line) for number, line in first if not is_comment(line)]
        if not plain:
            raise EmbeddingError("No line contains an embedding", file=path, remedy=REMEDY)
        lines = [line for _, line in plain] + [line for line in last if not is_comment(line)]
        self._start = first[0][0]
        self._first_row = plain[0][0]
        self._titles_line = 0
        self._titles_commented = False  # any words may stand there
        self._dialect = find_dialect(lines[:_DIALECT_LINES], delimiter)
        rows = [cells_or_none(line, self._dialect.delimiter) for line in lines]
        self._width = Counter(map(len, rows)).most_common(1)[0][0]
        if self._width > _MOST_COLUMNS:
            problem = f"It has {self._width:,} columns, more than an embedding can have"
            raise EmbeddingError(problem, file=path, remedy=REMEDY)
        self._rows = [row for row in rows if len(row) == self._width]
        self._titles = self._take_titles(rows[0])
        if self._titles is None:
            above = [line for number, line in first if number < self._first_row]
            self._titles = self._titles_in_comment(above)
        self._keys = self._make_keys()
        self._columns = [self._column(place) for place in range(self._width)]

    # -- titles

    def _take_titles(self, row: list[str]) -> list[str] | None:
        """The first line, where it holds the titles; it is no row then."""
        others = self._rows[1:] if row is self._rows[0] else self._rows
        if len(row) != self._width:
            if row and not self._may_be_face(row) and self._may_be_face(self._rows[0]):
                problem = (
                    f"Line {self._first_row} has {len(row)} titles, but other lines have "
                    f"{self._width} cells"
                )
                raise EmbeddingError(problem, file=self._path, remedy=_TITLES_REMEDY)
            return None
        titles = self._are_titles(row, others or [row])
        if titles is None:
            problem = f"Line {self._first_row} contains whole numbers: it may be titles or a face"
            raise EmbeddingError(problem, file=self._path, remedy=_TITLES_REMEDY)
        if not titles:
            return None
        self._rows = others
        self._titles_line = self._first_row
        return [cell.strip() for cell in row]

    def _titles_in_comment(self, comments: Sequence[str]) -> list[str] | None:
        """Those that numpy.savetxt writes after a #."""
        if not comments:
            return None
        titles = cells_or_none(comments[-1].lstrip(" #"), self._dialect.delimiter)
        if len(titles) != self._width or not self._are_titles(titles, self._rows):
            return None
        self._titles_commented = True
        return [title.strip() for title in titles]

    def _are_titles(self, cells: Sequence[str], rows: Sequence[list[str]]) -> bool | None:
        """Whether cells hold no number where other lines do, or numbers that count up; None where
        it is in doubt.
        """
        rows = rows[:_DIALECT_LINES]
        lists = [p for p in range(self._width) if self._mostly(numbers_in_list, rows, p)]
        lists = [p for p in lists if not self._mostly(self._is_number, rows, p)]
        if lists:
            return not any(numbers_in_list(cells[place]) for place in lists)
        places = [p for p in range(self._width) if self._mostly(self._is_number, rows, p)]
        found = {place: self._dialect.number(cells[place]) for place in places}
        numbers = [number for number in found.values() if number is not None]
        if not numbers:
            return True
        if not all(number.is_integer() for number in numbers):
            return False
        parts = [p for p in places if any(self._is_fraction(row[p]) for row in rows)]
        if not parts or not any(numbers):
            return False
        if any(found[place] is None for place in parts) or any(
            after - before != 1 for before, after in pairwise(numbers)
        ):
            return None
        named = any(not cell.strip() or is_extra(cell) for cell in cells)
        return True if named or len(numbers) >= _LONG_RUN else None

    def _mostly(
        self, holds: Callable[[str], object], rows: Sequence[list[str]], place: int
    ) -> bool:
        return 2 * sum(bool(holds(row[place])) for row in rows) >= len(rows)

    def _is_number(self, cell: str) -> bool:
        return self._dialect.number(cell) is not None

    def _is_fraction(self, cell: str) -> bool:
        number = self._dialect.number(cell)
        return number is not None and not number.is_integer()

    def _may_be_face(self, row: Sequence[str]) -> bool:
        """Whether a row holds a number that is not whole, or a list."""
        return any(self._is_fraction(cell) or numbers_in_list(cell) for cell in row)

    def _make_keys(self) -> list[str]:
        """What a person calls each column: its title, or else its number from 1."""
        titles = self._titles or [""] * self._width
        counts = Counter(titles)
        return [
            title if title and counts[title] == 1 else str(place + 1)
            for place, title in enumerate(titles)
        ]

    # -- columns

    def _column(self, place: int) -> _Column:
        title = self._titles[place] if self._titles else ""
        cells = [cell for row in self._rows if (cell := row[place].strip())]
        numbers = [number for cell in cells if (number := self._dialect.number(cell)) is not None]
        repeats = len(set(cells)) < len(cells)
        extra = is_extra(title)
        if not cells:
            return _Column(place, title, "empty", extra)
        if 2 * len(numbers) >= len(cells):
            finite = [number for number in numbers if math.isfinite(number)]
            if not finite or not all(number.is_integer() for number in finite):
                return _Column(place, title, "fraction", extra)
            index = self._titles is not None and (not title or title.startswith("Unnamed: "))
            return _Column(place, title, "whole", extra or index, any(finite), repeats)
        parts, lines = Counter(len(numbers_in_list(cell)) for cell in cells).most_common(1)[0]
        if parts and 2 * lines >= len(cells):
            return _Column(place, title, "joined", extra, parts=parts)
        return _Column(place, title, "text", extra, repeats=repeats, files=are_files(cells))

    def layout(self, dimension: int | None, name_column: str | None) -> TableLayout:
        """Raises: see :func:`find_layout`."""
        name = None
        if name_column is not None:
            texts_and_wholes = [
                column for column in self._columns if column.kind in ("text", "whole")
            ]
            name = choose(self._candidates(texts_and_wholes), name_column, self._path)
        others = [
            column for column in self._columns if name is None or column.place != name.number - 1
        ]
        joined = [other for other in others if other.kind == "joined"]
        if joined:
            vector, certain = self._list_column(joined, others), True
            count = joined[0].parts
        else:
            vector, certain = self._number_columns(others, dimension)
            count = len(vector)
        if not vector:
            raise EmbeddingError("No line contains an embedding", file=self._path, remedy=REMEDY)
        if dimension not in (None, count):
            raise checks.mismatch(count, dimension, self._path)
        candidates = self._may_name(vector)
        if name is None:
            name = choose(candidates, None, self._path)
        return TableLayout(
            self._dialect,
            self._start,
            self._titles_line,
            self._width,
            name,
            tuple(column.place for column in vector),
            count,
            bool(joined),
            certain,
            tuple(candidate.key for candidate in candidates),
        )

    def _list_column(
        self, joined: Sequence[_Column], others: Sequence[_Column]
    ) -> Sequence[_Column]:
        """The one column that has whole embeddings in its cells."""
        more = [other for other in others if other.kind == "fraction" and not other.extra]
        if len(joined) > 1 or more:
            places = " and ".join(str(column.place + 1) for column in (*joined, *more)[:6])
            problem = (
                f"The columns {places} contain numbers of embeddings, and some contain lists of "
                "them"
            )
            raise EmbeddingError(problem, file=self._path, remedy=_TITLES_REMEDY)
        return joined

    def _number_columns(
        self, columns: Sequence[_Column], dimension: int | None
    ) -> tuple[Sequence[_Column], bool]:
        """The columns of an embedding's numbers, and whether the titles make that certain."""
        part = [
            column
            for column in columns
            if column.kind in ("whole", "fraction") and not column.extra
        ]
        names = [
            column
            for column in columns
            if column.kind == "fraction"
            and (may_name(column.title) or (column.extra and self._titles_commented))
        ]
        series = _series(part)
        if series and len(series) == (dimension or (len(part) + len(names))):
            return series, True
        fractions = [column for column in part if not column.counted]
        if part and all(column.kind == "whole" for column in part):
            raise EmbeddingError(checks.WHOLE, file=self._path, remedy=checks.WHOLE_REMEDY)
        if dimension is None:
            wholes = [column for column in part if column.kind == "whole"]
            sure = len(self._rows) >= _SURE_LINES and all(whole.counted for whole in wholes)
            if names or (wholes and not sure):
                raise self._doubt(names or wholes)
            return fractions, False
        with_names = sorted([*fractions, *names], key=lambda column: column.place)
        for found in (fractions, with_names):
            if len(found) == dimension:
                return found, False
        if len(part) == dimension:
            if len(self._rows) > 1:
                raise self._doubt([column for column in part if column.counted])
            return part, False
        return fractions, False

    def _doubt(self, columns: Sequence[_Column]) -> NameColumnError:
        """Which of these columns belong to the embeddings."""
        which = in_words(self._candidates(columns), "column")
        some = "holds" if len(columns) == 1 else "hold"
        what = "whole numbers" if columns[0].kind == "whole" else "fractions"
        problem = f"{which[0].upper()}{which[1:]} {some} {what}: names or numbers of embeddings"
        return doubt(problem, self._may_name(()), self._path)

    def _may_name(self, vector: Sequence[_Column]) -> list[NameColumnCandidate]:
        """The columns that can hold the names beside those of the embeddings."""
        taken = {column.place for column in vector}
        return self._candidates(
            column
            for column in self._columns
            if column.place not in taken
            and (
                column.kind == "text"
                or (column.kind == "whole" and (column.counted or column.extra))
            )
        )

    def _candidates(self, columns: Iterable[_Column]) -> list[NameColumnCandidate]:
        return [
            NameColumnCandidate(
                self._keys[column.place],
                column.kind == "text",
                column.repeats,
                column.files,
                column.place + 1,
            )
            for column in columns
        ]


def _series(columns: Sequence[_Column]) -> Sequence[_Column]:
    """The most columns whose titles differ in a number at the end only, such as e0, e1, e2."""
    groups: defaultdict[str, list[_Column]] = defaultdict(list)
    for column in columns:
        if found := _IN_SERIES.fullmatch(column.title):
            groups[found[1]].append(column)
    return max(groups.values(), key=len, default=[])
