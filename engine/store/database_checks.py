"""Checks for damage that SQLite itself would not report when a gallery is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from engine.errors import GalleryDamagedError
from engine.records.domains import parsed
from engine.records.jobs import ModelVersion
from engine.records.types import Vectors
from engine.store import encoding
from engine.store.column_domains import misfit, quoted, unchecked
from engine.store.database import Database
from engine.store.failures import TAKE_OUT
from engine.store.unfinished_erasure import erasure_problems

_MOST = 20  # sentences of one kind
_QUERIES = (
    (
        "SELECT name FROM identities i WHERE face_count <> "
        "(SELECT count(*) FROM faces f WHERE f.identity_id = i.id)",
        "The number of faces noted for “{}” is problem",
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
        "UNION SELECT step FROM undo_apart UNION SELECT step FROM undo_unknowns) "
        "WHERE step NOT IN (SELECT step FROM history WHERE step IS NOT NULL)",
        "What was kept to undo step {} belongs to no change",
    ),
)


_KEPT = {
    "faces": "SELECT f.id AS id, f.digest, e.vector, i.name, f.file, f.row FROM faces f "
    "JOIN embeddings e ON e.face_id = f.id LEFT JOIN identities i ON i.id = f.identity_id",
    "decisions": "SELECT id, digest, vector FROM decisions",
    "unknowns": "SELECT id, digest, vector, file, row FROM unknowns",
}
_NOUNS = {
    "faces": "embedding of face",
    "decisions": "vector of decision",
    "unknowns": "vector of unknown",
}
_DONE = {"faces": "enrolled", "decisions": "decided on", "unknowns": "kept"}


@dataclass(frozen=True)
class AlteredVector:
    """A vector that does not match its digest.

    Attributes:
        table: faces, decisions or unknowns.
        id: of its row there.
        sentence: for the person.
    """

    table: str
    id: int
    sentence: str


class DatabaseChecks:
    """Checks of an open gallery's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def problems(self) -> list[str]:
        """Return what is problem with the database, one sentence each; none when it is sound."""
        try:
            with self._database.reading() as connection:
                return _problems(connection, self._database.dimension)
        except GalleryDamagedError as error:
            return [error.reason]

    def altered(self) -> list[str]:
        """Return a sentence on every vector that does not match its digest."""
        with self._database.reading() as connection:
            return [vector.sentence for vector in altered(connection, self._database.dimension)]


def genuine_vectors(
    database: Database,
    blobs: Sequence[bytes],
    digests: Sequence[bytes],
    ids: Sequence[int],
    table: str,
) -> Vectors:
    """Decode the vectors ``(n, d)`` of rows of a table with these ids.

    Raises:
        GalleryDamagedError: one does not match its digest, or is none of this gallery.
    """
    with database.sound():
        if not (problem := encoding.altered(blobs, digests)):
            return encoding.from_blobs(blobs, database.dimension)
    with database.reading() as connection:
        sentence = _altered_one(connection, table, ids[problem[0]])
    raise GalleryDamagedError(sentence, file=database.path, remedy=TAKE_OUT)


def _problems(connection: sqlite3.Connection, dimension: int) -> list[str]:
    connection.execute("BEGIN")
    found = _structure(connection) + misfits(connection)
    for query, sentence in _QUERIES:
        rows = unchecked(connection, f"{query} LIMIT {_MOST}")
        found += [sentence.format(value) for (value,) in rows]
    found += [vector.sentence for vector in islice(altered(connection, dimension), _MOST)]
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


def altered(connection: sqlite3.Connection, dimension: int) -> Iterator[AlteredVector]:
    """Yield all vectors that do not match their digests, or are none of this gallery."""
    size = encoding.size_of(dimension)
    for table, query in _KEPT.items():
        cursor = unchecked(connection, query)
        for rows in iter(cursor.fetchmany, []):
            for row, digest, vector, *where in rows:
                if not isinstance(vector, bytes) or len(vector) != size:
                    problem = f"does not have {size} bytes"
                elif encoding.digest_of(vector) != digest:
                    problem = f"is not the one that was {_DONE[table]}"
                elif not np.isfinite(np.frombuffer(vector, encoding.STORED)).all():
                    problem = "holds NaN or infinity"
                else:
                    continue
                yield AlteredVector(table, row, f"{_described(table, row, where)} {problem}")


def _altered_one(connection: sqlite3.Connection, table: str, row: int) -> str:
    """Return a sentence on one row whose vector does not match its digest."""
    cursor = unchecked(connection, f"SELECT * FROM ({_KEPT[table]}) WHERE id = ?", row)
    found = cursor.fetchone()
    where = found[3:] if found else ()
    return f"{_described(table, row, where)} is not the one that was {_DONE[table]}"


def _described(table: str, row: int, where: Sequence[object]) -> str:
    place = ""
    if where:
        *name, file, at = where
        number = f", row {at + 1:,}" if isinstance(at, int) and at else ""
        place = f" ({''.join(f'“{part}”, ' for part in name)}{file}{number})"
    return f"The {_NOUNS[table]} {row}{place}"


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
