"""Long lists read in columns: SQLite puts each column into one text, without a row in Python.

100,000 identities come in some 50 ms and leave the other threads alone meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.records.long_lists import FaceColumns, Texts
from engine.records.names import search_lines
from engine.records.parsing import parsed
from engine.records.roster import Roster
from engine.store.access import Access
from engine.store.columns import misfit
from engine.store.reading import as_json, identities_by_id
from engine.types import Ids

_MANY = 1_000  # identities that differ, from where on all are read anew
_NEWLINE = "char(10)"
_LENGTH = "length(CAST({} AS BLOB))"
_PEOPLE = f"""
    SELECT count(*), group_concat(id), group_concat(face_count),
           group_concat(coalesce(portrait, 0)), group_concat(chosen IS NOT NULL),
           group_concat(name, {_NEWLINE}), group_concat(note, {_NEWLINE}),
           group_concat({_LENGTH.format("note")})
    FROM (SELECT * FROM identities ORDER BY name)
"""
_FACES = f"""
    SELECT coalesce(i.name, ''), group_concat(f.id), group_concat(f.row),
           group_concat(printf('%!.17g', f.added)),
           group_concat(EXISTS (SELECT 1 FROM photos p WHERE p.face_id = f.id)),
           group_concat(f.file, {_NEWLINE}), group_concat({_LENGTH.format("f.file")})
    FROM (SELECT * FROM faces WHERE identity_id = ? ORDER BY id) f
    JOIN identities i ON i.id = f.identity_id
"""


class Listing(Access):
    """Everybody, and all faces of somebody, of a :class:`engine.store.Store`."""

    def roster(self, known: Roster | None = None) -> Roster:
        """All identities.

        Args:
            known: what was read before; only what has changed since is read then, if the history
                tells and it is not much.
        """
        with self._one_moment() as connection, self._sound():
            (change,) = connection.execute("SELECT change FROM gallery").fetchone()
            if known is not None and known.change == change:
                return known
            touched = None
            if known is not None and known.change < change:
                touched = _touched_since(connection, known.change)
            if known is None or touched is None or len(touched) > _MANY:
                return _roster(change, connection.execute(_PEOPLE).fetchone())
            return known.updated(change, touched, identities_by_id(connection, touched))

    def face_columns(self, identity: int) -> FaceColumns:
        """The faces of an identity in the order of enrolment; none where there is no such id."""
        with self._database.reading() as connection, self._sound():
            row = connection.execute(_FACES, (identity,)).fetchone()
            name, ids, rows, added, photographed, files, lengths = row
            return FaceColumns(
                identity,
                "".join(_fitting("name", [name] if name else [])),
                _whole("id", ids),
                _whole("row", rows),
                np.array(_numbers("added", added), dtype=np.float64),
                _whole("", photographed).astype(np.bool_),
                Texts.of_lengths(_ended(files), _whole("", lengths)),
            )

    @contextmanager
    def _one_moment(self) -> Iterator[sqlite3.Connection]:
        with self._database.reading() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")


def _roster(change: int, row: tuple[Any, ...]) -> Roster:
    count, ids, faces, portraits, chosen, names, notes, lengths = row
    _fitting("name", (names or "").split("\n") if count else [])
    _fitting("note", [notes or ""])
    keys = search_lines(_ended(names))
    read = Roster(
        change,
        _whole("id", ids),
        _whole("face_count", faces),
        _whole("", portraits),
        _whole("", chosen).astype(np.bool_),
        Texts.of_lines(_ended(names)),
        Texts.of_lengths(_ended(notes), _whole("", lengths)),
        Texts.of_lines(keys),
    )
    columns = (read.ids, read.faces, read.portraits, read.chosen, read.names, read.notes, read.keys)
    if any(len(column) != count for column in columns):
        raise ValueError("a column of the identities has not a value for each")
    lines = keys.split("\n")
    return read.take(np.array(sorted(range(count), key=lines.__getitem__), dtype=np.int64))


def _whole(column: str, joined: str | None) -> Ids:
    """Whole numbers with commas between them."""
    return np.array(_numbers(column, joined), dtype=np.int64)


def _numbers(column: str, joined: str | None) -> list[Any]:
    """Read as JSON: three times as quick as NumPy reads numbers from text."""
    return _fitting(column, list(parsed(f"[{joined or ''}]")))


def _fitting(column: str, values: list[Any]) -> list[Any]:
    """The values of a column themselves. Raises ValueError where one is out of its domain."""
    if said := misfit(column, values):
        raise ValueError(said)
    return values


def _ended(joined: str | None) -> str:
    """Texts with newlines between them, and one at the end; None stands for no text at all."""
    return "" if joined is None else f"{joined}\n"


def _touched_since(connection: sqlite3.Connection, change: int) -> list[int] | None:
    """Ids of identities that changes after this one touched; None where it cannot be told."""
    steps: set[int] = set()
    query = "SELECT step, action, payload FROM history WHERE change > ?"
    for step, action, payload in connection.execute(query, (change,)).fetchall():
        if step is not None:
            steps.add(step)
            continue
        if action not in ("undo", "redo"):
            return None
        swapped = as_json(parsed(payload)["changes"])
        query = "SELECT step FROM history WHERE change IN (SELECT value FROM json_each(?))"
        for (one,) in connection.execute(query, (swapped,)):
            if one is None:
                return None  # something else was done in its place, and its rows were let go
            steps.add(one)
    query = "SELECT DISTINCT id FROM undo_identities WHERE step IN (SELECT value FROM json_each(?))"
    return [one for (one,) in connection.execute(query, (as_json(steps),))]
