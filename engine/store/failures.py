"""Refusals of SQLite and of the file system, as errors of the engine with file and remedy."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryReadOnlyError,
    GalleryWriteError,
)

RESTORE = "Restore a backup of the gallery, or salvage what can still be read of it."
TAKE_OUT = (
    "Restore an earlier backup, or remove it from the gallery with `face-gallery check --repair`."
)
ASK_PERMISSION = "Ask its owner for permission, or copy the gallery to a folder of your own."

_KINDS: dict[int, tuple[type[GalleryError], str, str]] = {
    sqlite3.SQLITE_FULL: (
        GalleryWriteError,
        "The disk is full; nothing was changed",
        "Free some space and try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        GalleryWriteError,
        "The disk refused to read or write; nothing was changed",
        "Check that the disk is connected, intact and has space, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        GalleryReadOnlyError,
        "The gallery is not writable",
        ASK_PERMISSION,
    ),
    sqlite3.SQLITE_BUSY: (
        GalleryBusyError,
        "Another program is using the database",
        "Close it there and try again.",
    ),
    sqlite3.SQLITE_CORRUPT: (GalleryDamagedError, "The database is damaged", RESTORE),
    sqlite3.SQLITE_NOTADB: (GalleryDamagedError, "This is not a gallery database", RESTORE),
    sqlite3.SQLITE_CANTOPEN: (  # says nothing of what is in it: a full disk is enough
        GalleryError,
        "The database cannot be opened",
        "Check that you have permission to read it, and that its disk is connected and has space.",
    ),
}


def refusals() -> tuple[type[Exception], ...]:
    """Return the errors of a database: sqlite3's, and SQLCipher's where that is loaded."""
    return (sqlite3.Error, *_of_sqlcipher("Error"))


def primary_code(error: Exception) -> int:
    """Return SQLite's primary result code; 0 for an error that Python itself found."""
    code: int = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF


@contextmanager
def declared(path: Path) -> Iterator[None]:
    """Turn every refusal of SQLite into a declared error about ``path``."""
    try:
        yield
    except _misuse():
        raise
    except UnicodeDecodeError as error:  # text that is none, or a message that quotes it
        raise GalleryDamagedError("The database is damaged", file=path, remedy=RESTORE) from error
    except refusals() as error:
        code = primary_code(error)
        kind, problem, remedy = _KINDS.get(
            code, (GalleryDamagedError, f"The database refuses: {error}", RESTORE)
        )
        raise kind(problem, file=path, remedy=remedy) from error


@contextmanager
def on_disk(
    target: Path,
    problem: str = "The disk refuses",
    remedy: str = "Choose a folder that is writable and has space, then try again.",
) -> Iterator[None]:
    """Turn refusals of the file system while something is written at ``target`` into a
    GalleryWriteError.
    """
    try:
        yield
    except OSError as error:
        raise GalleryWriteError(
            f"{problem} ({error.strerror or error})",
            file=target,
            remedy=remedy,
        ) from error


def _misuse() -> tuple[type[Exception], ...]:
    """Return the errors that tell of a mistake in this program, not of the database."""
    plain = (sqlite3.ProgrammingError, sqlite3.InterfaceError)
    return (*plain, *_of_sqlcipher("ProgrammingError", "InterfaceError"))


def _of_sqlcipher(*names: str) -> tuple[type[Exception], ...]:
    module = sys.modules.get("sqlcipher3.dbapi2")
    return tuple(getattr(module, name) for name in names) if module is not None else ()
