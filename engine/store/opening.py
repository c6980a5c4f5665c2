"""Whether the database that is there is a gallery's, sound enough, and of this version."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import get_args

from engine.errors import (
    GalleryDamagedError,
    GalleryNotFoundError,
    GalleryReadOnlyError,
    GalleryTooNewError,
    PassphraseNeededError,
)
from engine.store import automatic, cipher, migrations
from engine.store.cipher import Key
from engine.store.database import Database
from engine.store.erasure_note import noted_erasure
from engine.store.failures import ASK_PERMISSION, RESTORE, declared
from engine.store.schema import lacking, require_ours
from engine.tools.gallery_folder import DATABASE, GalleryFolder
from engine.types import LARGEST_DIMENSION, Distance


def key_in(folder: Path, passphrase: str | Key | None) -> Key | None:
    """What the gallery there is encrypted with, if the passphrase is right; None for a plain one.

    Raises:
        GalleryNotFoundError, GalleryDamagedError, ForeignFileError, PassphraseNeededError,
        EncryptionMissingError.
    """
    path = database_in(folder)
    if not cipher.is_encrypted(path):
        return None
    cipher.library()  # where it is missing, nobody need think of the passphrase
    if not passphrase:
        raise PassphraseNeededError(
            "The gallery is encrypted", file=folder, remedy="Give its passphrase."
        )
    return cipher.opened_with(path, passphrase)


def database_in(folder: Path) -> Path:
    """Its file. Raises GalleryNotFoundError, GalleryDamagedError, ForeignFileError."""
    path = folder / DATABASE
    try:
        GalleryFolder(folder).require_sound()
        if path.is_file():
            return path
        there = path.exists()
    except PermissionError as error:
        raise GalleryDamagedError(
            "The folder may not be read", file=folder, remedy=ASK_PERMISSION
        ) from error
    if there:
        raise GalleryDamagedError("The database is not a file", file=path, remedy=RESTORE)
    raise GalleryNotFoundError(
        "There is no gallery here",
        file=folder,
        remedy="Choose another folder, or make a gallery here with `face-gallery new`.",
    )


def open_database(path: Path, write: bool, key: Key | None) -> tuple[Database, int, Distance]:
    """A gallery's database, brought up to date with ``write``, with its dimension and distance.

    Raises:
        GalleryDamagedError, GalleryTooNewError, GalleryReadOnlyError: it cannot be used.
    """
    with declared(path):
        database = Database(path, write=write, key=key)
    try:
        with database.reading() as connection:
            _check_version(connection, path)
            require_ours(connection, path)
            if write:
                automatic.backup_before_migration(connection, path)
        if write:
            database.start_writing()
        with database.reading() as connection:
            _require_current(connection, path)
            _require_tables(connection, path)
            if write:
                noted_erasure(connection, path)  # whoever writes it finishes that
            return database, *_fixed(connection, path)
    except BaseException:
        database.close()
        raise


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Only looks, so that a file that is not ours or too new stays as it is."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != migrations.APPLICATION_ID:
        raise GalleryDamagedError("This is not a gallery database", file=path, remedy=RESTORE)
    version = migrations.version_of(connection)
    if version > migrations.newest():
        raise GalleryTooNewError(
            f"The gallery was written by a newer version (format {version}, this one knows "
            f"{migrations.newest()})",
            file=path,
            remedy="Update Face Gallery to open it. It was not touched.",
        )


def _require_current(connection: sqlite3.Connection, path: Path) -> None:
    version = migrations.version_of(connection)
    if version < migrations.newest():
        raise GalleryReadOnlyError(
            f"The gallery was written by an older version (format {version}, this one reads "
            f"{migrations.newest()})",
            file=path,
            remedy="Open it once where it can be written; that brings it up to date.",
        )


def _require_tables(connection: sqlite3.Connection, path: Path) -> None:
    if missing := lacking(connection):
        raise GalleryDamagedError(
            f"The database lacks {', '.join(missing)}", file=path, remedy=RESTORE
        )


def _fixed(connection: sqlite3.Connection, path: Path) -> tuple[int, Distance]:
    row = connection.execute("SELECT dimension, distance FROM gallery").fetchone()
    if row is None:
        raise GalleryDamagedError(
            "The database does not say what kind of embeddings it holds", file=path, remedy=RESTORE
        )
    dimension, distance = row
    possible = isinstance(dimension, int) and 1 <= dimension <= LARGEST_DIMENSION
    if not possible or distance not in get_args(Distance):
        raise GalleryDamagedError(
            f"The database claims to hold embeddings of {dimension!r:.40} numbers, compared by "
            f"{distance!r:.40}, which cannot be",
            file=path,
            remedy=RESTORE,
        )
    return dimension, distance
