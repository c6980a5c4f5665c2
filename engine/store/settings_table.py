"""Settings of a gallery, and small things derived from it, such as its calibration."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from engine.errors import GalleryReadOnlyError
from engine.store.database import Database
from engine.utils.files import read_text, write_atomically
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)

EVALUATION = "models/evaluation.json"
CALIBRATION = "index/calibration.json"
_KEY = "derived:"  # of settings


class SettingsTable:
    """Values under a key. Setting one is no change in the sense of the history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> str | None:
        """Return the value of a key; None where there is none."""
        rows = self._database.rows("SELECT value FROM settings WHERE key = ?", key)
        return rows[0][0] if rows else None

    def set(self, key: str, value: str) -> None:
        """Set the value of a key."""
        with self._database.transaction() as connection:
            _set(connection, key, value)


class DerivedTexts:
    """Texts that only save computing them again: files of a plain gallery, settings of an
    encrypted one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, name: str) -> str | None:
        """Return the text of a name such as :data:`CALIBRATION`; None where there is none.

        Raises:
            ValueError: it is damaged.
        """
        if self._database.key is not None:
            return SettingsTable(self._database).get(f"{_KEY}{name}")
        try:
            return read_text(self._database.path.parent / name)
        except OSError:
            _log.debug("Derived data cannot be read", exc_info=True)
            return None

    def write(self, name: str, text: str) -> bool:
        """Write a text if the disk allows; tell whether it was written. A gallery that is open
        for reading only can still write files, but no settings.
        """
        if self._database.key is not None:
            with ignored(GalleryReadOnlyError):
                SettingsTable(self._database).set(f"{_KEY}{name}", text)
                return True
            return False
        path = self._database.path.parent / name
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(path, text.encode())
        except OSError:
            _log.info("Derived data cannot be saved", exc_info=True)
            return False
        return True


def move_derived(connection: sqlite3.Connection, folder: Path, *, encrypted: bool) -> None:
    """Move into a database, or out of it, what a conversion cannot make anew.

    Args:
        connection: to the converted database, in a transaction.
    """
    path = folder / EVALUATION
    if encrypted:
        with ignored(OSError, ValueError):
            _set(connection, f"{_KEY}{EVALUATION}", read_text(path))
        return
    query = "SELECT value FROM settings WHERE key = ?"
    row = connection.execute(query, (f"{_KEY}{EVALUATION}",)).fetchone()
    if row is not None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, str(row[0]).encode())
    delete_derived(connection)


def delete_derived(connection: sqlite3.Connection) -> None:
    """Delete all derived texts of a database."""
    connection.execute("DELETE FROM settings WHERE key LIKE ?", (f"{_KEY}%",))


def _set(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("REPLACE INTO settings (key, value) VALUES (?, ?)", (key, value))
