"""What each column of a gallery's database can hold, and rows that are held against it.

SQLite lets any column hold anything, and a gallery may come from somebody else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from engine.errors import GalleryDamagedError
from engine.records.domains import (
    COUNT,
    FILE,
    ID,
    LONG,
    MODEL_ID,
    NAME,
    NOTE,
    TIME,
    Domain,
    blob,
    text,
    whole,
    word,
)
from engine.store.failures import RESTORE
from engine.types import LARGEST_DIMENSION

_AT_ONCE = 500  # rows
_SHOWN = 40  # characters of a value
_PERHAPS_ID = whole(1, optional=True)
_ANY_TEXT = text(LONG)

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
    "kind": (word("mlp|triplet|is|is-not|ignore"),),
    "last": (_PERHAPS_ID,),
    "name": (NAME,),
    "note": (NOTE,),
    "one": (ID,),
    "other": (ID,),
    "payload": (_ANY_TEXT,),
    "portrait": (_PERHAPS_ID,),
    "record": (_ANY_TEXT,),
    "row": (COUNT,),
    "seq": (COUNT,),
    "state": (word("done|undone|cut|aside|fixed"),),
    "step": (_PERHAPS_ID,),
    "summary": (_ANY_TEXT,),
    "thumbnail": (blob(1 << 24, optional=True),),
    "uuid": (word(r"[\w -]{1,100}"),),
    "value": (_ANY_TEXT,),
    "vector": (blob(4 * LARGEST_DIMENSION, least=4),),
}
"""By the name of a column, whatever the table."""


def misfit(column: str, values: Sequence[object]) -> str:
    """What is wrong with values of a column, the end of a sentence; nothing where all fit, or no
    column of ours is called that.
    """
    domains = COLUMNS.get(column)
    if domains is None or any(domain.holds(values) for domain in domains):
        return ""
    wrong = next(one for one in values if not any(domain.holds((one,)) for domain in domains))
    return f"{column} cannot be {f'{wrong!r:.{_SHOWN}}'}"


class CheckedCursor:
    """A cursor whose rows are held against :data:`COLUMNS` before anybody gets them.

    Raises GalleryDamagedError where a value is out of its domain.
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
        for at, column in _known(tuple(described[0] for described in self.description)):
            if said := misfit(column, [row[at] for row in rows]):
                raise GalleryDamagedError(
                    f"The database holds values that make no sense ({said})",
                    file=self.connection.path,
                    remedy=RESTORE,
                )


def unchecked(connection: sqlite3.Connection, query: str, *values: object) -> Any:
    """A cursor over rows as they are, for whoever looks for damage in them."""
    return connection.cursor().execute(query, values)


def quoted(name: str) -> str:
    """A table's or column's name as a query can hold it."""
    return '"' + name.replace('"', '""') + '"'


@cache
def _known(columns: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((at, column) for at, column in enumerate(columns) if column in COLUMNS)
