"""Checks for damage that SQLite itself would not report when a gallery is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice

from engine.errors import GalleryDamagedError
from engine.records.domains import parsed
from engine.records.jobs import ModelVersion
from engine.store.column_domains import misfit, quoted, unchecked
from engine.store.database import Database
from engine.store.encoding import altered_vectors
from engine.store.unfinished_erasure import erasure_problems

_MOST = 20  # sentences of one kind
_QUERIES = (
    (
        "SELECT name FROM identities i WHERE face_count <> "
        "(SELECT count(*) FROM faces f WHERE f.identity_id = i.id)",
        "The number of faces noted for “{}” is wrong",
    ),
    (
        "SELECT name FROM identities i WHERE NOT EXISTS "
        "(SELECT 1 FROM faces f WHERE f.identity_id = i.id)",
        "“{}” has no faces",
    ),
    (
        "SELECT name FROM identities i WHERE NOT EXISTS "
        "(SELECT 1 FROM faces f WHERE f.identity_id = i.id AND f.id = i.portrait)",
        "The portrait of “{}” is not one of its faces",
    ),
    (
        "SELECT name FROM identities WHERE chosen IS NOT NULL AND chosen IS NOT portrait",
        "The portrait of “{}” is not the chosen one",
    ),
    (
        "SELECT id FROM faces WHERE id NOT IN (SELECT face_id FROM embeddings)",
        "Face {} has no embedding",
    ),
    (
        "SELECT change FROM gallery WHERE change <> (SELECT coalesce(max(change), 0) FROM history)",
        "The change counter {} is not the last one of the history",
    ),
    (
        "SELECT step FROM (SELECT step FROM undo_identities UNION SELECT step FROM undo_faces "
        "UNION SELECT step FROM undo_spans UNION SELECT step FROM undo_decisions "
        "UNION SELECT step FROM undo_apart UNION SELECT step FROM undo_unknowns "
        "UNION SELECT step FROM undo_photographs) "
        "WHERE step NOT IN (SELECT step FROM history WHERE step IS NOT NULL)",
        "What was kept to undo step {} belongs to no change",
    ),
)


class DatabaseChecks:
    """Checks of an open gallery's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def problems(self) -> list[str]:
        """Return what is wrong with the database, one sentence each; none when it is sound."""
        try:
            with self._database.reading() as connection:
                return _problems(connection, self._database.dimension)
        except GalleryDamagedError as error:
            return [error.reason]

    def altered(self) -> list[str]:
        """Return a sentence on every vector that does not match its digest."""
        with self._database.reading() as connection:
            return [
                vector.sentence for vector in altered_vectors(connection, self._database.dimension)
            ]


def _problems(connection: sqlite3.Connection, dimension: int) -> list[str]:
    connection.execute("BEGIN")
    found = _structure(connection) + misfits(connection)
    for query, sentence in _QUERIES:
        rows = unchecked(connection, f"{query} LIMIT {_MOST}")
        found += [sentence.format(value) for (value,) in rows]
    found += [vector.sentence for vector in islice(altered_vectors(connection, dimension), _MOST)]
    found += _history(connection) + _models(connection)
    found += erasure_problems(connection)
    connection.execute("COMMIT")
    return found


def require_sound(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError, as SQLite itself does, where its structure is damaged."""
    (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if result != "ok":
        error = sqlite3.DatabaseError(result)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _structure(connection: sqlite3.Connection) -> list[str]:
    checks = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST})")]
    found = [] if checks == ["ok"] else [f"SQLite finds: {check}" for check in checks]
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        found.append(f"Row {row} of {table} belongs to nothing in {parent}")
    return found


def misfits(connection: sqlite3.Connection) -> list[str]:
    """Return a sentence on each value outside its column's domain; SQLite itself tells of NULLs."""
    tables = unchecked(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")
    found: list[str] = []
    for (table,) in tables.fetchall():
        cursor = unchecked(connection, f"SELECT * FROM {quoted(table)}")
        columns = [described[0] for described in cursor.description]
        for rows in iter(cursor.fetchmany, []):
            for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                if misfit(column, [value for value in values if value is not None]):
                    found += _misfit_rows(table, rows, column, values)
            if len(found) >= _MOST:
                break
    return found[:_MOST]


def _misfit_rows(
    table: str, rows: Sequence[tuple[object, ...]], column: str, values: Sequence[object]
) -> Iterator[str]:
    """Yield a sentence for each row whose value is outside its domain."""
    for row, value in zip(rows, values, strict=True):
        if value is not None and (problem := misfit(column, (value,))):
            yield f"Row {row[0]!r:.40} of {table}: {problem}"


def _history(connection: sqlite3.Connection) -> list[str]:
    found: list[str] = []
    for change, payload in unchecked(connection, "SELECT change, payload FROM history"):
        try:
            if isinstance(parsed(payload), dict):
                continue
        except (TypeError, ValueError):
            pass
        found.append(f"What change {change} of the history touched cannot be read")
    return found[:_MOST]


def _models(connection: sqlite3.Connection) -> list[str]:
    found: list[str] = []
    rows = unchecked(connection, "SELECT id, kind, created, record, active FROM models")
    for row in rows:
        try:
            ModelVersion.from_row(*row)
        except (TypeError, ValueError) as error:
            found.append(f"The record of model {row[0]} cannot be read ({error})")
    return found[:_MOST]
