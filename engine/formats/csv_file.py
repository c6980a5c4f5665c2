"""A table in text: names and numbers in columns, read in any of the dialects that tools write."""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.errors import EmbeddingError, InputError
from engine.formats.batch_pieces import Piece, row_refusal
from engine.formats.input_file import open_stream, printable, unreadable
from engine.formats.table_dialect import cells_of, is_comment
from engine.formats.table_layout import REMEDY, TableLayout, find_layout
from engine.progress import Reporter
from engine.records.exports import FaceSource, Remarks
from engine.records.names import written_name
from engine.records.types import Vectors
from engine.utils.files import private_file
from engine.utils.text_files import text_encoding

_MAX_LINE = 1 << 20
_EVERY = 1000
_SAMPLE_LINES = 1000
_SAMPLE_SIZE = 1 << 22
_TAIL = 1 << 16  # bytes at the end of a table that are looked at too


def read_csv(
    path: str, dimension: int | None, reporter: Reporter, name_column: str | None = None
) -> tuple[Piece, list[InputError]]:
    """The rows of a table and the errors of the lines left out; values are not checked yet.

    Separator (comma, semicolon, tab, bar or blank), decimal mark, encoding and titles are
    recognised; lines that begin with # are comments. Lines end a row, always.

    Args:
        name_column: title, or number from 1, of the column of names; None to recognise it.

    Raises:
        NameColumnError: it is in doubt what the columns are.
        MismatchError: there are not as many columns of numbers as are needed.
        EmbeddingError: not readable, a line over 1 MiB, or no line holds numbers.
        CancelledError: asked for through the reporter.
    """
    stream, size = open_stream(path)
    with stream:
        encoding = _encoding(stream)
        with closing(_lines(stream, encoding, path, size, reporter)) as lines:
            first = list(_sample(lines))
            last = _tail(path, size, encoding) if stream.tell() < size else []
            layout = find_layout(path, first, last, dimension, name_column)
            return _read(chain(first, lines), layout, path)


# -- lines -------------------------------------------------------------------------------------


def _encoding(stream: BinaryIO) -> str:
    start = stream.read(4)
    stream.seek(0)
    return text_encoding(start)


def _lines(
    stream: BinaryIO, encoding: str, path: str, size: int, reporter: Reporter
) -> Generator[tuple[int, str]]:
    """Line numbers from 1 and lines that are not blank, without what ends them."""
    number = 0
    text = io.TextIOWrapper(stream, encoding)
    try:
        while line := text.readline(_MAX_LINE + 1):
            number += 1
            if number % _EVERY == 1:
                reporter.progress("Reading the table", stream.tell(), size)
            if len(line) > _MAX_LINE:
                problem = f"Line {number} is longer than {_MAX_LINE:,} characters"
                raise EmbeddingError(problem, file=path, remedy=REMEDY)
            if not line.isspace():
                yield number, line.rstrip("\n")
    except UnicodeError:
        called = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
        raise EmbeddingError(
            f"It is not valid {called} text after line {number}",
            file=path,
            remedy="Save it as “CSV UTF-8”.",
        ) from None
    except OSError as error:
        raise unreadable(path, error) from None
    finally:
        text.detach()


def _sample(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The first lines of a table, from which its columns are told."""
    size = 0
    for number, line in islice(lines, _SAMPLE_LINES):
        yield number, line
        size += len(line)
        if size > _SAMPLE_SIZE:
            return


def _tail(path: str, size: int, encoding: str) -> list[str]:
    """Whole lines at the end of a table: where it is sorted, they differ from the first ones."""
    stream, _ = open_stream(path)
    with stream:
        mark = stream.read(4)[: {"utf-16": 2, "utf-32": 4}.get(encoding, 0)]
        stream.seek(max(size - _TAIL, 0) // 4 * 4)  # where a letter begins, in any encoding
        text = (mark + stream.read(_TAIL + 4)).decode(encoding, "replace")
    lines = io.StringIO(text, newline=None).read().split("\n")[1:]
    return [line for line in lines if line.strip()]


# -- rows --------------------------------------------------------------------------------------


def _read(
    lines: Iterable[tuple[int, str]], layout: TableLayout, path: str
) -> tuple[Piece, list[InputError]]:
    refused: list[InputError] = []
    rows = _Rows(layout)
    index = -1
    for number, line in lines:
        if number < layout.start or number == layout.titles:
            continue
        comment = is_comment(line)
        if comment and not layout.may_be_face(line):
            continue
        index += 1
        try:
            if comment:
                raise ValueError("It begins with # but contains a face: put its name in quotes")
            rows.add(line, index, number)
        except ValueError as error:
            refused.append(row_refusal(path, "Line", number, str(error), REMEDY))
    if not rows.names:
        first = f". {refused[0].problem}" if refused else ""
        raise EmbeddingError(f"No line contains an embedding{first}", file=path, remedy=REMEDY)
    vectors = rows.vectors()
    layout.check_vectors(vectors, path)
    count = len(rows.names)
    piece = Piece(
        path,
        vectors,
        rows.names,
        [printable(path)] * count,
        rows.indexes,
        [None] * count,
        "Line",
        rows.numbers,
        layout.columns,
        layout.name.key if layout.name else None,
    )
    return piece, refused


class _Rows:
    """The rows of a table as they come in."""

    def __init__(self, layout: TableLayout) -> None:
        self._layout = layout
        self._pick = _picker(layout.vector)
        self._numbers = array("f")
        self.names: list[str | None] = []
        self.indexes: list[int] = []
        self.numbers: list[int] = []

    def add(self, line: str, index: int, number: int) -> None:
        """Add a line. Raise ValueError, which says why, where it is left out."""
        layout = self._layout
        cells = cells_of(line, layout.dialect.delimiter)
        if len(cells) != layout.width:
            raise ValueError(f"It has {_counted(len(cells))}; other lines have {layout.width}")
        name = layout.name_in(cells)
        self._numbers.extend(layout.numbers_in(self._pick(cells)))
        self.names.append(name)
        self.indexes.append(index)
        self.numbers.append(number)

    def vectors(self) -> Vectors:
        """All of them, ``(n, d)``."""
        return np.frombuffer(self._numbers, dtype=np.float32).reshape(-1, self._layout.count)


def _picker(places: Sequence[int]) -> Callable[[list[str]], Sequence[str]]:
    """Take these cells out of a line."""
    start, stop = places[0], places[-1] + 1
    if stop - start == len(places):
        return itemgetter(slice(start, stop))
    return itemgetter(*places)


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


# -- writing ------------------------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@")


def write_csv(source: FaceSource, path: Path) -> Remarks:
    """A line a face: its name in quotes, then the numbers, with the nine digits that give a
    float32 back exactly."""
    numbers = ",".join(["%.9g"] * source.dimension)
    titles = ",".join(f"v{number}" for number in range(1, source.dimension + 1))
    with private_file(path) as stream:
        stream.write(f"name,{titles}\n".encode())
        for faces, vectors in source.chunks("Writing"):
            rows = zip(faces, vectors.tolist(), strict=True)
            lines = (f"{_quoted(face.name)},{numbers % tuple(row)}\n" for face, row in rows)
            stream.write("".join(lines).encode())
    names = (identity.name for identity in source.identities.values())
    return Remarks(formulas=sum(name.startswith(_FORMULA) for name in names))


def _quoted(name: str) -> str:
    return '"' + written_name(name).replace('"', '""') + '"'
