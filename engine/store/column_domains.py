"""What each column of a gallery's database can hold, and values that are checked against it.

SQLite lets any column hold anything, and a gallery may come from somebody else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from engine.errors import GalleryDamagedError
from engine.records.domains import (
    COUNT,
    FILE,
    ID,
    LARGEST,
    LONG,
    MODEL_ID,
    NAME,
    NOTE,
    TIME,
    Domain,
    blob,
    parsed,
    real,
    text,
    whole,
    word,
)
from engine.records.types import LARGEST_DIMENSION, Ids
from engine.store.failures import RESTORE

_AT_ONCE = 500  # rows
_SHOWN = 40  # characters of a value
_PERHAPS_ID = whole(1, optional=True)
_ANY_TEXT = text(LONG)
_MEASURE = real(-1e9, 1e9)
_PERHAPS_TIME = replace(word(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), optional=True)

COLUMNS: Mapping[str, tuple[Domain, ...]] = {
    "action": (word(r"[a-z-]{1,40}"),),
    "active": (whole(0, 1),),
    "actor": (text(10_000),),
    "added": (TIME,),
    "at": (TIME,),
    "change": (COUNT,),
    "chosen": (_PERHAPS_ID,),
    "content": (blob(1 << 31),),
    "created": (TIME,),
    "digest": (blob(16, least=16),),
    "dimension": (whole(1, LARGEST_DIMENSION),),
    "distance": (word("cosine|euclidean"),),
    "face_count": (COUNT,),
    "face_id": (ID,),
    "file": (FILE,),
    "first": (_PERHAPS_ID,),
    "id": (ID, MODEL_ID),  # of models it is text
    "identity_id": (_PERHAPS_ID,),  # a decision to ignore a face has none
    "key": (text(LONG),),
    "height": (_MEASURE,),
    "kind": (word("mlp|triplet|is|is-not|ignore"),),
    "last": (_PERHAPS_ID,),
    "mode": (word("thorough|faithful"),),
    "modified": (whole(-LARGEST),),
    "name": (NAME,),
    "note": (NOTE,),
    "number": (COUNT,),
    "one": (ID,),
    "other": (ID,),
    "payload": (_ANY_TEXT,),
    "photograph_id": (ID,),
    "portrait": (_PERHAPS_ID,),
    "prepared": (replace(word("thorough|faithful"), optional=True),),
    "problem": (text(LONG),),
    "record": (_ANY_TEXT,),
    "row": (COUNT,),
    "scanned": (whole(0, 1),),
    "score": (_MEASURE,),
    "seq": (COUNT,),
    "settled": (whole(0, 1),),
    "sharpness": (_MEASURE,),
    "size": (COUNT,),
    "state": (word("done|undone|cut|aside|fixed"),),
    "step": (_PERHAPS_ID,),
    "stranger": (COUNT,),
    "summary": (_ANY_TEXT,),
    "taken": (_PERHAPS_TIME,),
    "thumbnail": (blob(1 << 24, optional=True),),
    "turn": (_MEASURE,),
    "uuid": (word(r"[\w -]{1,100}"),),
    "value": (_ANY_TEXT,),
    "vector": (blob(4 * LARGEST_DIMENSION, least=4),),
    "width": (_MEASURE,),
    "x": (_MEASURE,),
    "y": (_MEASURE,),
}
"""By the name of a column, whatever the table."""


def misfit(column: str, values: Sequence[object]) -> str:
    """Return what is wrong with values of a column, as the end of a sentence; "" where all fit,
    or where the column has no domain.
    """
    domains = COLUMNS.get(column)
    if domains is None or any(domain.holds(values) for domain in domains):
        return ""
    wrong = next(value for value in values if not any(domain.holds((value,)) for domain in domains))
    return f"{column} cannot be {f'{wrong!r:.{_SHOWN}}'}"


class CheckedCursor:
    """A cursor whose rows are checked against :data:`COLUMNS` before anybody gets them.

    It raises GalleryDamagedError where a value is outside its domain.
    """

    connection: Any
    description: Any

    def fetchone(self) -> Any:
        row = super().fetchone()  # type: ignore[misc]
        if row is not None:
            self._check((row,))
        return row

    def fetchmany(self, size: int = _AT_ONCE) -> list[Any]:
        rows: list[Any] = super().fetchmany(size)  # type: ignore[misc]
        self._check(rows)
        return rows

    def fetchall(self) -> list[Any]:
        rows: list[Any] = super().fetchall()  # type: ignore[misc]
        self._check(rows)
        return rows

    def __iter__(self) -> Iterator[Any]:
        while rows := self.fetchmany():
            yield from rows

    def __next__(self) -> Any:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def _check(self, rows: Sequence[tuple[object, ...]]) -> None:
        if not rows:
            return
        for index, column in _known(tuple(described[0] for described in self.description)):
            if problem := misfit(column, [row[index] for row in rows]):
                raise GalleryDamagedError(
                    f"The database contains invalid values ({problem})",
                    file=self.connection.path,
                    remedy=RESTORE,
                )


def unchecked(connection: sqlite3.Connection, query: str, *values: object) -> Any:
    """Return a cursor over rows as they are, to look for damage in them."""
    return connection.cursor().execute(query, values)


def quoted(name: str) -> str:
    """Quote the name of a table or column for a query."""
    return '"' + name.replace('"', '""') + '"'


@cache
def _known(columns: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((index, column) for index, column in enumerate(columns) if column in COLUMNS)


# -- columns joined by SQLite --------------------------------------------------------------------

# A long list is read fast where SQLite joins each column into one text, without a row in Python:
# 100,000 identities in some 50 ms, which leave the other threads alone meanwhile.
NEWLINE = "char(10)"
LENGTH = "length(CAST({} AS BLOB))"


def whole_numbers(column: str, joined: str | None) -> Ids:
    """Parse whole numbers with commas between them, ``(n,)``."""
    return np.array(numbers(column, joined), dtype=np.int64)


def numbers(column: str, joined: str | None) -> list[Any]:
    """Parse numbers with commas between them, as JSON: three times as fast as NumPy."""
    return fitting(column, list(parsed(f"[{joined or ''}]")))


def fitting(column: str, values: list[Any]) -> list[Any]:
    """Return the values of a column. Raise ValueError where one is outside its domain."""
    if problem := misfit(column, values):
        raise ValueError(problem)
    return values


def terminated(joined: str | None) -> str:
    """Return texts with newlines between them with one at the end; None stands for no text."""
    return "" if joined is None else f"{joined}\n"
