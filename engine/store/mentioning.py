"""Where other people's notes and file names mention a name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping

from engine.store.whereabouts import TEXTS
from engine.tools.mentions import Mentions


def count_mentions(
    connection: sqlite3.Connection, mentions: Mentions, going: Mapping[str, str]
) -> int:
    """In how many notes and file names a name would be struck out.

    Args:
        going: ids of ``identities`` and ``faces`` that go, as JSON.
    """
    return sum(len(found) for *_, found in _mentioning(connection, mentions, going))


def strike_mentions(connection: sqlite3.Connection, mentions: Mentions) -> None:
    """Strikes a name out of them."""
    for table, column, found in _mentioning(connection, mentions, {}):
        connection.executemany(
            f"UPDATE {table} SET {column} = ? WHERE id = ?",
            [(mentions.struck(text), one) for one, text in found],
        )


def _mentioning(
    connection: sqlite3.Connection, mentions: Mentions, going: Mapping[str, str]
) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    """Table, column, and id and text of each row that mentions a name."""
    for table, column in TEXTS:
        rows = connection.execute(
            f"SELECT id, {column} FROM {table} WHERE {column} <> '' "
            "AND id NOT IN (SELECT value FROM json_each(?))",
            (going.get(table, "[]"),),
        )
        yield table, column, [(one, text) for one, text in rows if mentions.found(text)]
