"""Galleries of odd content: SQL does to a sound database what a foreign program could."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fuzz.mutating import edit_bytes

_PAGE_SIZE_AT = 16
_SMALLEST_PAGE = 512
_VALUES: tuple[object, ...] = (
    *(None, 0, -1, 1, 2**31, 2**63 - 1, -(2**63), 0.5, 1e308, float("inf"), "", "x", "1", "{}"),
    *(
        "[]",
        "null",
        "\0",
        "é\u202e",
        "../..",
        "[" * 3000,
        b"",
        b"\xff\xfe",
        bytes(16),
        bytes(64),
        "A" * 999,
    ),
)
_STATEMENTS = (
    "DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})",
    "DELETE FROM {table}",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DROP COLUMN {column}",
    "ALTER TABLE {table} RENAME COLUMN {column} TO other",
    "ALTER TABLE {table} ADD COLUMN more",
    "DROP TABLE {table}; CREATE TABLE {table} (id, name, key, value)",
    "DROP TABLE {table}; CREATE VIEW {table} AS SELECT 1 AS id, 2 AS name",
    "CREATE TRIGGER odd AFTER UPDATE ON {table} BEGIN DELETE FROM faces; END",
    "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "PRAGMA user_version = {number}",
    "PRAGMA application_id = {number}",
    "UPDATE sqlite_sequence SET seq = {number}",
    "UPDATE sqlite_master SET sql = 'CREATE TABLE {table} ({column})' WHERE name = '{table}'",
    "UPDATE sqlite_master SET rootpage = {number} WHERE name = '{table}'",
    "UPDATE sqlite_master SET sql = replace(sql, 'TEXT', 'BLOB')",
)


def edit_database(data: bytes, rng: random.Random) -> bytes:
    """A value, a row, a table or the schema changed through SQL; or bytes of its pages."""
    if rng.random() < 0.5:
        return edit_pages(data, rng)
    try:
        return _edited(data, rng)
    except (sqlite3.Error, OverflowError, UnicodeError, MemoryError):  # as damaged as it is
        return edit_pages(data, rng)


def _edited(data: bytes, rng: random.Random) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        plain = data[:18] + b"\1\1" + data[20:] if len(data) > 20 else data  # not in WAL mode
        connection.deserialize(plain)
        for pragma in ("foreign_keys=OFF", "ignore_check_constraints=ON", "writable_schema=ON"):
            connection.execute(f"PRAGMA {pragma}")
        for _ in range(rng.choice((1, 1, 2, 3))):
            _change(connection, rng)
        made = connection.serialize()
    return made[:18] + data[18:20] + made[20:]


def _change(connection: sqlite3.Connection, rng: random.Random) -> None:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT NULL"
    table = rng.choice([name for (name,) in connection.execute(query)] or ["gallery"])
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')] or ["id"]
    column = rng.choice(columns)
    if rng.random() < 0.6:
        connection.execute(
            f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {rng.choice(('1', 'rowid % 3 = 0'))}",
            (rng.choice(_VALUES),),
        )
        return
    number = rng.choice((0, 1, 2, 3, 9, -1, 2**31 - 1))
    statement = rng.choice(_STATEMENTS)
    connection.executescript(statement.format(table=table, column=column, number=number))


def edit_pages(data: bytes, rng: random.Random) -> bytes:
    """Bytes at the start of a page, where its tree is described, or anywhere."""
    size = int.from_bytes(data[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 2], "big")
    if size < _SMALLEST_PAGE or rng.random() < 0.4:
        return edit_bytes(data, rng)
    at = rng.randrange(max(1, len(data) // size)) * size + rng.choice((0, 0, 100))
    end = at + rng.choice((12, 64))
    piece = bytearray(data[at:end])
    for _ in range(rng.choice((1, 2, 3))):
        if piece:
            piece[rng.randrange(len(piece))] = rng.choice((0, 1, 2, 5, 10, 13, 127, 128, 255))
    return data[:at] + bytes(piece) + data[at + len(piece) :]


def compact(path: Path) -> bytes:
    """A database in use, on the smallest pages there are and in WAL mode as ours are; the same
    each time, whoever makes it and when."""
    copy = path.with_name("compact.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE gallery SET uuid = 'one of many', created = 1.5")
        connection.execute("UPDATE faces SET added = 1.5")
        for table in ("history", "decisions"):
            connection.execute(f"UPDATE {table} SET at = 1.5, actor = 'somebody'")
        connection.commit()
        connection.execute(f"PRAGMA page_size = {_SMALLEST_PAGE}")
        connection.execute("VACUUM INTO ?", (str(copy),))
    made = copy.read_bytes()
    copy.unlink()
    return made[:18] + b"\2\2" + made[20:]
