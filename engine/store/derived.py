"""Small things derived from a gallery: files of a plain one, in the database of an encrypted."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from engine.errors import GalleryReadOnlyError
from engine.store.access import Access
from engine.tools.files import read_text, write_atomically

EVALUATION = "models/evaluation.json"
CALIBRATION = "index/calibration.json"
_KEY = "derived:"  # of settings


class Derived(Access):
    """The part of a :class:`engine.store.Store` that keeps what only spares making it anew."""

    folder: Path
    encrypted: bool

    def derived(self, name: str) -> str | None:
        """What is kept under a name such as :data:`CALIBRATION`; None where nothing is.

        Raises:
            ValueError: it is damaged.
        """
        if self.encrypted:
            rows = self._rows("SELECT value FROM settings WHERE key = ?", f"{_KEY}{name}")
            return str(rows[0][0]) if rows else None
        try:
            return read_text(self.folder / name)
        except OSError:
            return None

    def keep_derived(self, name: str, text: str) -> bool:
        """Keeps it, where the disk allows; a reader can only beside a plain database."""
        if self.encrypted:
            with suppress(GalleryReadOnlyError), self._database.transaction() as connection:
                _put(connection, name, text)
                return True
            return False
        path = self.folder / name
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(path, text.encode())
        except OSError:
            return False
        return True


def move(connection: sqlite3.Connection, folder: Path, *, encrypted: bool) -> None:
    """Takes along, into a database or out of it, what a conversion cannot make anew.

    Args:
        connection: to the converted database, in a transaction.
    """
    path = folder / EVALUATION
    if encrypted:
        with suppress(OSError, ValueError):
            _put(connection, EVALUATION, read_text(path))
        return
    query = "SELECT value FROM settings WHERE key = ?"
    row = connection.execute(query, (f"{_KEY}{EVALUATION}",)).fetchone()
    if row is not None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, str(row[0]).encode())
    forget(connection)


def forget(connection: sqlite3.Connection) -> None:
    """Takes all of it out of a database."""
    connection.execute("DELETE FROM settings WHERE key LIKE ?", (f"{_KEY}%",))


def _put(connection: sqlite3.Connection, name: str, text: str) -> None:
    query = "REPLACE INTO settings (key, value) VALUES (?, ?)"
    connection.execute(query, (f"{_KEY}{name}", text))
