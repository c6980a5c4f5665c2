"""Looks for damage that SQLite itself would not report when a gallery is opened."""

from __future__ import annotations

import sqlite3

from engine.store import encoding
from engine.store.models import model_of

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
        "UNION SELECT step FROM undo_apart UNION SELECT step FROM undo_unknowns) "
        "WHERE step NOT IN (SELECT step FROM history WHERE step IS NOT NULL)",
        "What was kept to undo step {} belongs to no change",
    ),
)


def problems(connection: sqlite3.Connection, dimension: int) -> list[str]:
    """Checks all of a database in one snapshot of it; returns one sentence per problem."""
    connection.execute("BEGIN")
    found = _structure(connection)
    for query, sentence in _QUERIES:
        rows = connection.execute(f"{query} LIMIT {_MOST}")
        found += [sentence.format(value) for (value,) in rows]
    found += _vectors(connection, encoding.size_of(dimension))
    found += _decisions(connection, encoding.size_of(dimension))
    found += _unknowns(connection, encoding.size_of(dimension))
    found += _models(connection)
    connection.execute("COMMIT")
    return found


def _structure(connection: sqlite3.Connection) -> list[str]:
    checks = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST})")]
    found = [] if checks == ["ok"] else [f"SQLite finds: {check}" for check in checks]
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        found.append(f"Row {row} of {table} belongs to nothing in {parent}")
    return found


def _vectors(connection: sqlite3.Connection, size: int) -> list[str]:
    found: list[str] = []
    rows = connection.execute(
        "SELECT f.id, f.digest, e.vector FROM faces f JOIN embeddings e ON e.face_id = f.id"
    )
    for face, digest, vector in rows:
        if not isinstance(vector, bytes) or len(vector) != size:
            found.append(f"The embedding of face {face} does not have {size} bytes")
        elif encoding.digest_of(vector) != digest:
            found.append(f"The embedding of face {face} is not the one that was enrolled")
        if len(found) == _MOST:
            break
    return found


def _decisions(connection: sqlite3.Connection, size: int) -> list[str]:
    found: list[str] = []
    for decision, digest, vector in connection.execute("SELECT id, digest, vector FROM decisions"):
        if not isinstance(vector, bytes) or len(vector) != size:
            found.append(f"The vector of decision {decision} does not have {size} bytes")
        elif encoding.digest_of(vector) != digest:
            found.append(f"The vector of decision {decision} is not the one that was decided on")
    return found[:_MOST]


def _unknowns(connection: sqlite3.Connection, size: int) -> list[str]:
    found: list[str] = []
    for one, digest, vector in connection.execute("SELECT id, digest, vector FROM unknowns"):
        if not isinstance(vector, bytes) or len(vector) != size:
            found.append(f"The vector of unknown {one} does not have {size} bytes")
        elif encoding.digest_of(vector) != digest:
            found.append(f"The vector of unknown {one} is not the one that was kept")
    return found[:_MOST]


def _models(connection: sqlite3.Connection) -> list[str]:
    found: list[str] = []
    for row in connection.execute("SELECT id, kind, created, record, active FROM models"):
        try:
            model_of(*row)
        except (TypeError, ValueError) as error:
            found.append(f"The record of model {row[0]} cannot be read ({error})")
    return found[:_MOST]
