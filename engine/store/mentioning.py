"""Where other people's notes and file names mention a name."""

from __future__ import annotations

import sqlite3

from engine.mentions import Mentions


def strike_mentions(
    connection: sqlite3.Connection,
    mentions: Mentions,
    identities: str = "[]",
    faces: str = "[]",
    *,
    dry_run: bool = False,
) -> int:
    """Strikes a name out of notes and of file names of faces; returns of how many.

    Args:
        identities, faces: ids to pass over, as JSON.
        dry_run: only count.
    """
    changed = 0
    for table, column, passed in (("identities", "note", identities), ("faces", "file", faces)):
        rows = connection.execute(
            f"SELECT id, {column} FROM {table} WHERE {column} <> '' "
            "AND id NOT IN (SELECT value FROM json_each(?))",
            (passed,),
        )
        told = [(mentions.struck(text), one) for one, text in rows if mentions.found(text)]
        changed += len(told)
        if not dry_run:
            connection.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", told)
    return changed
