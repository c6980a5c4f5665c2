"""A backup unpacked into a staged gallery and checked, and how a gallery differs from it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import (
    BackupError,
    GalleryDamagedError,
    GalleryError,
    GalleryTooNewError,
    PassphraseError,
    PassphraseNeededError,
)
from engine.progress import SILENT, Reporter
from engine.records.safety import Backup, Present, Preview
from engine.store import cipher
from engine.store.backup.archive import Archive
from engine.store.cipher import Key
from engine.store.database import opened
from engine.store.database_checks import misfits, require_sound
from engine.store.failures import on_disk
from engine.store.gallery_store import Store
from engine.store.schema import (
    APPLICATION_ID,
    migrate,
    newest,
    require_ours,
    schema_of,
    schema_of_ours,
    version_of,
)
from engine.store.unfinished_erasure import noted_erasure
from engine.utils.files import scratch_folder
from engine.utils.gallery_folder import DATABASE, GalleryFolder


def preview_backup(
    path: str | Path,
    folder: str | Path | None,
    *,
    reporter: Reporter = SILENT,
    passphrase: str | Key | None = None,
    passphrase_there: str | Key | None = None,
) -> Preview:
    """Read a backup to the end, check it, and tell how a gallery differs from it.

    Args:
        folder: the gallery to compare it with; None compares it with none.
        passphrase: passphrase of an encrypted gallery when the backup was made, or its key.
        passphrase_there: passphrase of the gallery in the folder; by default the one above.

    Raises:
        BackupError: absent, foreign or damaged. GalleryTooNewError. GalleryWriteError.
        CancelledError. PassphraseNeededError, WrongPassphraseError, EncryptionMissingError.
    """
    folder = None if folder is None else Path(folder)
    if folder is not None:
        GalleryFolder(folder).require_sound()
    with (
        Archive(Path(path)) as archive,
        staged(archive, folder, reporter, passphrase=passphrase) as (stage, key),
    ):
        if folder is None or not (folder / DATABASE).exists():
            return Preview(archive.backup)
        with opened(stage / DATABASE, "mode=ro", key) as connection:
            in_backup = _faces(connection)
        try:
            with (
                Store.open(folder, write=False, passphrase=passphrase_there or passphrase) as store,
                store.database.reading() as connection,
            ):
                require_sound(connection)
                (uuid,) = connection.execute("SELECT uuid FROM gallery").fetchone()
                in_gallery = _faces(connection)
        except PassphraseError:
            raise
        except GalleryError as error:
            return Preview(archive.backup, obstacle=error.reason)
        return Preview(
            archive.backup, _compared(uuid == archive.backup.uuid, in_gallery, in_backup)
        )


@contextmanager
def staged(
    archive: Archive,
    folder: Path | None,
    reporter: Reporter,
    *,
    passphrase: str | Key | None = None,
) -> Iterator[tuple[Path, Key | None]]:
    """Make a whole gallery of the archive on the folder's disk, removed at the end unless moved;
    yield its folder and the key of its database.

    Raises:
        PassphraseError: it is encrypted, and this passphrase does not open it.
    """
    _require_known(archive)
    if archive.backup.encrypted and not passphrase:
        cipher.library()
        raise PassphraseNeededError(
            "The backup is encrypted",
            file=archive.path,
            remedy="Give the passphrase that the gallery had when it was made.",
        )
    with on_disk(folder or archive.path), scratch_folder(_place_near(folder)) as scratch:
        stage = scratch / "gallery"
        stage.mkdir(mode=0o700)
        for name in archive.members:
            for parent in reversed(Path(name).parents):  # mkdir's own parents are for everybody
                (stage / parent).mkdir(mode=0o700, exist_ok=True)
            archive.extract(name, stage / name, reporter)
        key = None
        if archive.backup.encrypted and passphrase:
            key = cipher.opened_with(stage / DATABASE, passphrase)
        _check(stage / DATABASE, archive.backup, key)
        yield stage, key


def _place_near(folder: Path | None) -> Path | None:
    """Return a folder in the gallery or beside it; None for the system's temporary folder."""
    if folder is None:
        return None
    folder = folder.absolute()
    places = (folder, folder.parent) if (folder / DATABASE).exists() else (folder.parent,)
    return next((place for place in places if os.access(place, os.W_OK)), None)


def _require_known(archive: Archive) -> None:
    if archive.backup.schema > newest():
        raise GalleryTooNewError(
            f"The backup is from a newer version (format {archive.backup.schema}, this one knows "
            f"{newest()})",
            file=archive.path,
            remedy="Update Face Gallery to restore it.",
        )


def _check(database: Path, backup: Backup, key: Key | None) -> None:
    """Compare the database with the manifest, and bring it up to date."""
    damaged = BackupError(
        "The backup is damaged: the database in it is not a gallery's, or not the one it says",
        file=backup.path,
        remedy="Use another backup.",
    )
    try:
        with opened(database, "mode=rw", key) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA journal_mode = DELETE")
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            require_ours(connection, database)
            require_sound(connection)
            found = connection.execute(
                "SELECT uuid, dimension, distance, change, (SELECT count(*) FROM identities), "
                "(SELECT count(*) FROM faces) FROM gallery"
            ).fetchone()
            stated = (
                *(backup.uuid, backup.dimension, backup.distance),
                *(backup.change, backup.identities, backup.faces),
            )
            version = version_of(connection)
            if (application, version, found) != (APPLICATION_ID, backup.schema, stated):
                raise damaged
            migrate(connection)
            if schema_of(connection) != schema_of_ours():
                raise damaged  # a trigger in it would act in our name
            if problems := misfits(connection):
                raise BackupError(
                    f"The backup contains invalid data: {problems[0]}",
                    file=backup.path,
                    remedy="Use another backup.",
                )
            noted_erasure(connection, database)
    except GalleryDamagedError as error:
        raise damaged from error


def _faces(connection: sqlite3.Connection) -> set[tuple[str, bytes]]:
    query = "SELECT i.name, f.digest FROM faces f JOIN identities i ON i.id = f.identity_id"
    return set(connection.execute(query))


def _compared(
    same: bool, in_gallery: set[tuple[str, bytes]], in_backup: set[tuple[str, bytes]]
) -> Present:
    names, backup_names = ({name for name, _ in faces} for faces in (in_gallery, in_backup))
    return Present(
        same=same,
        identities=len(names),
        faces=len(in_gallery),
        only_here=tuple(sorted(names - backup_names)),
        only_there=tuple(sorted(backup_names - names)),
        faces_only_here=len(in_gallery - in_backup),
        faces_only_there=len(in_backup - in_gallery),
    )
