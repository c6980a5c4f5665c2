"""A backup taken out of its file and checked, and what a gallery has that it has not."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
from engine.store import cipher, integrity, migrations
from engine.store.archive import Archive
from engine.store.backup import on_disk, require_sound
from engine.store.cipher import Key
from engine.store.connecting import connect
from engine.store.erasure_note import noted_erasure
from engine.store.failures import declared
from engine.store.schema import require_ours, schema_of, schema_of_ours
from engine.store.store import Store
from engine.tools.files import scratch_folder
from engine.tools.gallery_folder import DATABASE, GalleryFolder


def preview(
    path: Path,
    folder: Path | None,
    reporter: Reporter = SILENT,
    *,
    passphrase: str | Key | None = None,
    passphrase_there: str | Key | None = None,
) -> Preview:
    """What a backup holds, read to the end and found sound, and how a gallery differs from it.

    Args:
        folder: the gallery that it may replace.
        passphrase: that an encrypted gallery had when the backup was made.
        passphrase_there: that the gallery in the folder has.

    Raises:
        BackupError, GalleryTooNewError, GalleryWriteError, CancelledError, PassphraseError.
    """
    if folder is not None:
        GalleryFolder(folder).require_sound()
    with (
        Archive(path) as archive,
        staged(archive, folder, reporter, passphrase=passphrase) as (stage, key),
    ):
        if folder is None or not (folder / DATABASE).exists():
            return Preview(archive.backup)
        there = _faces(stage / DATABASE, key)
        try:
            with (
                Store.open(folder, write=False, passphrase=passphrase_there) as store,
                store.connection() as connection,
            ):
                require_sound(connection)
                (uuid,) = connection.execute("SELECT uuid FROM gallery").fetchone()
                here = _faces_of(connection)
        except PassphraseError:
            raise
        except GalleryError as error:
            return Preview(archive.backup, obstacle=error.reason)
        return Preview(archive.backup, _compared(uuid == archive.backup.uuid, here, there))


@contextmanager
def staged(
    archive: Archive,
    folder: Path | None,
    reporter: Reporter,
    *,
    passphrase: str | Key | None = None,
) -> Iterator[tuple[Path, Key | None]]:
    """A whole gallery made of the archive, on the folder's disk, gone at the end unless moved;
    and the key of its database.

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
    """In the gallery or beside it; to look at a backup, the system's temporary files will do."""
    if folder is None:
        return None
    folder = folder.absolute()
    places = (folder, folder.parent) if (folder / DATABASE).exists() else (folder.parent,)
    return next((place for place in places if os.access(place, os.W_OK)), None)


def _require_known(archive: Archive) -> None:
    if archive.backup.schema > migrations.newest():
        raise GalleryTooNewError(
            f"The backup is of a gallery of a newer version (format {archive.backup.schema}, this "
            f"one knows {migrations.newest()})",
            file=archive.path,
            remedy="Update Face Gallery to restore it.",
        )


def _check(database: Path, backup: Backup, key: Key | None) -> None:
    """Held against the manifest, and brought up to date."""
    damaged = BackupError(
        "The backup is damaged: the database in it is not a gallery's, or not the one it says",
        file=backup.path,
        remedy="Use another backup.",
    )
    try:
        with declared(database), closing(connect(database, "mode=rw", key)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA journal_mode = DELETE")
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            require_ours(connection, database)
            require_sound(connection)
            found = connection.execute(
                "SELECT uuid, dimension, distance, change, (SELECT count(*) FROM identities), "
                "(SELECT count(*) FROM faces) FROM gallery"
            ).fetchone()
            fixed = (backup.uuid, backup.dimension, backup.distance)
            said = (*fixed, backup.change, backup.identities, backup.faces)
            version = migrations.version_of(connection)
            if (application, version) != (migrations.APPLICATION_ID, backup.schema):
                raise damaged
            if found != said:
                raise damaged
            migrations.migrate(connection)
            if schema_of(connection) != schema_of_ours():
                raise damaged  # a trigger in it would act in our name
            if wrong := integrity.misfits(connection):
                raise BackupError(
                    f"The backup holds what makes no sense: {wrong[0]}",
                    file=backup.path,
                    remedy="Use another backup.",
                )
            noted_erasure(connection, database)
    except GalleryDamagedError as error:
        raise damaged from error


def _faces(database: Path, key: Key | None) -> set[tuple[str, bytes]]:
    with declared(database), closing(connect(database, "mode=ro", key)) as connection:
        return _faces_of(connection)


def _faces_of(connection: sqlite3.Connection) -> set[tuple[str, bytes]]:
    rows = connection.execute(
        "SELECT i.name, f.digest FROM faces f JOIN identities i ON i.id = f.identity_id"
    )
    return {(name, digest) for name, digest in rows}


def _compared(same: bool, here: set[tuple[str, bytes]], there: set[tuple[str, bytes]]) -> Present:
    names_here, names_there = {name for name, _ in here}, {name for name, _ in there}
    return Present(
        same=same,
        identities=len(names_here),
        faces=len(here),
        only_here=tuple(sorted(names_here - names_there)),
        only_there=tuple(sorted(names_there - names_here)),
        faces_only_here=len(here - there),
        faces_only_there=len(there - here),
    )
