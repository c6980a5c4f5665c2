"""How a connection to a database file is opened: plain or encrypted, and by which rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from engine.store import cipher
from engine.store.cipher import Key
from engine.store.columns import CheckedCursor

_WAIT_SECONDS = 5.0
_PRAGMAS = (
    "temp_store = MEMORY",  # no faces in temporary files
    "trusted_schema = OFF",  # a gallery may come from somebody else
)
WRITER_PRAGMAS = (
    "synchronous = FULL",  # a commit is on disk when it returns
    "fullfsync = ON",  # what FULL means on macOS
    "foreign_keys = ON",
    "secure_delete = ON",  # a removed face is not left in free pages
    "cache_size = -65536",
    "journal_size_limit = 16777216",
)


class Cursor(CheckedCursor, sqlite3.Cursor):  # type: ignore[misc]
    """Of a plain database."""


class Connection(sqlite3.Connection):
    """Of :func:`connect`; what is read through it is checked.

    Attributes:
        reusable: False for one that must not outlive a single reading.
        key: what its database is encrypted with; None for a plain one.
        path: of the file.
    """

    reusable = True
    key: Key | None = None
    path: Path

    def execute(self, query: str, values: Any = ()) -> Any:
        return self.cursor(Cursor).execute(query, values)


def connect(path: Path, mode: str, key: Key | None = None) -> Connection:
    """Opens ``path`` with URI parameters such as ``mode=rw``; transactions begin by hand.

    Args:
        key: of an encrypted database; it is opened by SQLCipher.

    Raises:
        WrongPassphraseError: it is not encrypted with this key.
        EncryptionMissingError: SQLCipher is not installed.
    """
    module = sqlite3 if key is None else cipher.library()
    connection = module.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # a connection is used by one thread at a time, not by one only
        factory=Connection if key is None else cipher.connection_class(),
    )
    connection.path = path
    pragmas = (*_PRAGMAS, *WRITER_PRAGMAS) if mode == "mode=rw" else _PRAGMAS
    try:
        with _reading_the_schema():
            if key is not None:
                cipher.unlock(connection, key, path)
                connection.key = key
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()  # a damaged file: nobody else holds this connection
        raise
    return cast(Connection, connection)


@contextmanager
def _reading_the_schema() -> Iterator[None]:
    """SQLite says that memory ran out where some damaged schemas make no sense to it."""
    try:
        yield
    except MemoryError as error:
        raise sqlite3.DatabaseError("its schema cannot be read") from error


def read_schema(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError: it is damaged."""
    with _reading_the_schema():
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
