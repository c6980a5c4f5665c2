"""What a database of ours consists of, held against one that comes from anywhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from engine.store import migrations

Piece = tuple[str, str, str]
"""Type, name and definition of a table, an index, a trigger or a view."""


def schema_of(connection: sqlite3.Connection) -> frozenset[Piece]:
    """All that a database consists of, but what SQLite makes for itself."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return frozenset(row for row in rows if not str(row[1]).startswith("sqlite_"))


@cache
def schema_of_ours() -> frozenset[Piece]:
    """The same of a gallery that this program has just made."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection)
        return schema_of(connection)


def strangers(connection: sqlite3.Connection) -> list[str]:
    """Names of what acts by itself in a database and is not ours: it would act in our name."""
    acting = {piece for piece in schema_of(connection) if piece[0] not in ("table", "index")}
    return sorted(str(name) for _, name, _ in acting - schema_of_ours())


def lacking(connection: sqlite3.Connection) -> list[str]:
    """Names of tables and triggers that are not there."""
    there = {piece[:2] for piece in schema_of(connection)}
    ours = {piece[:2] for piece in schema_of_ours() if piece[0] in ("table", "trigger")}
    return sorted(str(name) for _, name in ours - there)
