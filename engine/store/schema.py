"""What a database of ours consists of, held against one that comes from anywhere."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from engine.errors import GalleryDamagedError
from engine.store import migrations
from engine.store.failures import RESTORE

_COMPUTED = re.compile(r"\bVIRTUAL\b|\bAS\s*\(", re.IGNORECASE)
_SHOWN = 80  # characters of a name
Piece = tuple[str, str, str]
"""Type, name and definition of a table, an index, a trigger or a view."""


def schema_of(connection: sqlite3.Connection) -> frozenset[Piece]:
    """All that a database consists of, but what SQLite makes for itself."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return frozenset(row for row in rows if not str(row[1]).startswith("sqlite_"))


@cache
def schema_of_ours(version: int = migrations.newest()) -> frozenset[Piece]:
    """All that an empty gallery's database consists of at this version of the schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, version)
        return schema_of(connection)


def require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Nothing acts by itself in a database but what a program of its version made: it would act
    in our name. To be asked before anything is read that could be made to act.

    Raises:
        GalleryDamagedError: naming what does.
    """
    acting = {piece for piece in schema_of(connection) if _acts(piece)}
    version = min(migrations.version_of(connection), migrations.newest())
    strange = sorted(str(name) for _, name, _ in acting - schema_of_ours(version))
    if strange:
        raise GalleryDamagedError(
            f"Another program has put “{strange[0][:_SHOWN]}” into the database",
            file=path,
            remedy=RESTORE,
        )


def _acts(piece: Piece) -> bool:
    """Whether it is a trigger, a view, a table of another program's, or one with columns that are
    computed where they are read.
    """
    kind, _, definition = piece
    return kind not in ("table", "index") or bool(_COMPUTED.search(definition))


def lacking(connection: sqlite3.Connection) -> list[str]:
    """Names of tables and triggers that are not there."""
    there = {piece[:2] for piece in schema_of(connection)}
    ours = {piece[:2] for piece in schema_of_ours() if piece[0] in ("table", "trigger")}
    return sorted(str(name) for _, name in ours - there)
