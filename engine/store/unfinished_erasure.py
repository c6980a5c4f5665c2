"""The note of an unfinished erasure in the database, checked against what one may ask for.

A gallery may come from somebody else, and whoever opens it for writing finishes what is noted.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GalleryDamagedError
from engine.records.domains import checked
from engine.records.jobs import is_version_id
from engine.records.receipts import Receipt
from engine.store.failures import RESTORE
from engine.utils.gallery_folder import is_inside, is_main

UNFINISHED = "erasing"  # the setting
_SHOWN = 80  # characters of a name
_SENSELESS = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class UnfinishedErasure:
    """An erasure whose people are gone from the database, and what is left to be done.

    Attributes:
        receipt: of it; the models that it names go.
        files: backups and other files and folders in the gallery's folder that go, by their
            names relative to it.
    """

    receipt: Receipt
    files: tuple[str, ...]


def noted_erasure(connection: sqlite3.Connection, database: Path) -> UnfinishedErasure | None:
    """Return the unfinished erasure that is noted; None where there is none.

    Raises:
        GalleryDamagedError: it asks for what no erasure would.
    """
    try:
        return _noted_erasure(connection)
    except ValueError as error:
        raise GalleryDamagedError(
            f"The note of an unfinished erasure {error}",
            file=database,
            remedy=f"Nothing was removed. {RESTORE}",
        ) from error


def erasure_problems(connection: sqlite3.Connection) -> list[str]:
    """Return one sentence where the note of an unfinished erasure makes no sense."""
    try:
        _noted_erasure(connection)
    except ValueError as error:
        return [f"The note of an unfinished erasure {error}"]
    return []


def _noted_erasure(connection: sqlite3.Connection) -> UnfinishedErasure | None:
    """Raise ValueError where it asks for anything but the removal of models, and of files and
    folders in the gallery's folder.
    """
    query = "SELECT value FROM settings WHERE key = ?"
    row = connection.execute(query, (UNFINISHED,)).fetchone()
    if row is None:
        return None
    try:
        note = json.loads(row[0])  # a file's name may be no Unicode
        found = UnfinishedErasure(checked(Receipt.from_json(note["receipt"])), tuple(note["files"]))
    except _SENSELESS as error:
        raise ValueError("cannot be read") from error
    for model in found.receipt.models:
        if not is_version_id(model):
            raise ValueError(f"names a model {model[:_SHOWN]!r}, which is no name of one")
    for name in found.files:
        if not isinstance(name, str) or not is_inside(name) or is_main(name):
            raise ValueError(f"asks to remove {str(name)[:_SHOWN]!r}")
    return found
