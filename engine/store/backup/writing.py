"""Writing a backup of a gallery that is in use."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from engine.errors import BackupError, GalleryDamagedError, GalleryExistsError, GalleryWriteError
from engine.progress import SILENT, Reporter
from engine.records.jobs import is_version_id
from engine.records.safety import ASKED, Backup
from engine.store import database_checks
from engine.store.backup.archive import Archive, write_archive
from engine.store.cipher import Key, key_of
from engine.store.database import connect
from engine.store.database_checks import require_sound
from engine.store.failures import RESTORE, TAKE_OUT, declared, on_disk
from engine.store.schema import newest, version_of
from engine.tools import clock
from engine.tools.files import scratch_folder, sync_folder
from engine.tools.gallery_folder import DATABASE, MODELS

_PAGES = 1_024  # 4 MB between two reports


def write_backup(
    source: sqlite3.Connection,
    folder: Path,
    target: Path,
    *,
    reason: str = ASKED,
    serial: int = 0,
    reporter: Reporter = SILENT,
) -> Backup:
    """Write a gallery's database and the models in use into one file at ``target``.

    The database is copied by SQLite's own backup from one snapshot, so a writer neither waits nor
    disturbs. The backup is read again and checked before it takes its name; killed at any moment,
    the process leaves nothing under that name.

    Args:
        source: a connection to the database that nobody else uses.
        folder: the gallery's folder.
        serial: see :class:`Backup`.

    Raises:
        GalleryExistsError: something is there. GalleryWriteError: the disk refuses.
        GalleryDamagedError: the gallery itself is damaged. CancelledError. Nothing is left.
    """
    with on_disk(target):
        exists = target.exists()
    if exists:
        raise GalleryExistsError(
            "There is something already", file=target, remedy="Choose another name."
        )
    with on_disk(target), scratch_folder(target.parent) as scratch:
        copy, written = scratch / DATABASE, scratch / "backup.zip"
        with _refusals_of(folder, target):
            copy_database(source, copy, reporter)
            _require_whole(copy, folder / DATABASE, key_of(source))
        backup = _described(copy, folder, target, reason, key_of(source))
        files = {DATABASE: copy, **_model_files(folder, backup.models)}
        present = tuple(one for one in backup.models if any(f"/{one}/" in name for name in files))
        for missing in sorted(set(backup.models) - set(present)):
            reporter.message(f"The model {missing} is missing, so it is not in the backup.")
        written.touch(mode=0o600)
        with written.open("r+b") as stream:
            described = replace(backup, models=present, serial=serial)
            write_archive(stream, described, files, reporter)
            stream.flush()
            os.fsync(stream.fileno())
        made = _verified(written, reporter)
        reporter.check()
        os.replace(written, target)
        try:
            sync_folder(target.parent)
        except OSError:
            target.unlink()
            raise
        return replace(made, path=target)


def copy_database(source: sqlite3.Connection, copy: Path, reporter: Reporter = SILENT) -> None:
    """Write a checked copy of what is committed to one file that only its owner may read,
    encrypted with the key of the original.

    Raises:
        GalleryDamagedError: the copy is damaged, so the original is.
    """
    copy.touch(mode=0o600, exist_ok=False)

    def tell(_: int, remaining: int, total: int) -> None:
        reporter.progress("Copying the database", total - remaining, total)

    with closing(connect(copy, "mode=rw", key_of(source))) as target:
        target.execute("PRAGMA synchronous = OFF")  # a scratch file: what is made of it is synced
        target.execute("PRAGMA journal_mode = OFF")
        source.execute("BEGIN")  # else each commit meanwhile would start the copy anew
        try:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(target, pages=_PAGES, progress=tell)
        finally:
            source.execute("ROLLBACK")
    reporter.check()
    with closing(connect(copy, "mode=ro&immutable=1", key_of(source))) as written:
        require_sound(written)


def _require_whole(copy: Path, original: Path, key: Key | None) -> None:
    """Raise GalleryDamagedError where a value is out of its domain or a vector is altered."""
    with closing(connect(copy, "mode=ro&immutable=1", key)) as connection:
        if version_of(connection) < newest():
            return  # before it is brought up to date it is kept whatever it holds
        if wrong := database_checks.misfits(connection):
            raise GalleryDamagedError(wrong[0], file=original, remedy=RESTORE)
        (dimension,) = connection.execute("SELECT dimension FROM gallery").fetchone()
        for one in database_checks.altered(connection, dimension):
            raise GalleryDamagedError(one.sentence, file=original, remedy=TAKE_OUT)


def default_backup_name(gallery: str, created: float) -> str:
    """Return a file name such as ``friends 2026-11-25 153012.zip``, in local time.

    Args:
        created: seconds since the epoch.
    """
    return f"{Path(gallery).stem} {time.strftime('%Y-%m-%d %H%M%S', time.localtime(created))}.zip"


# -- inside ------------------------------------------------------------------------------------


def _described(copy: Path, folder: Path, target: Path, reason: str, key: Key | None) -> Backup:
    opened = closing(connect(copy, "mode=ro&immutable=1", key))
    with opened as connection, declared(folder / DATABASE):
        uuid, dimension, distance, change = connection.execute(
            "SELECT uuid, dimension, distance, change FROM gallery"
        ).fetchone()
        (identities,) = connection.execute("SELECT count(*) FROM identities").fetchone()
        (faces,) = connection.execute("SELECT count(*) FROM faces").fetchone()
        schema = version_of(connection)
        query = "SELECT id FROM models WHERE active = 1 ORDER BY id"
        models = connection.execute(query).fetchall() if schema > 1 else []
    ids = tuple(one for (one,) in models if isinstance(one, str) and is_version_id(one))
    return Backup(
        path=target,
        size=0,
        created=clock.now(),
        reason=reason,
        gallery=folder.absolute().name,
        uuid=uuid,
        schema=schema,
        dimension=dimension,
        distance=distance,
        change=change,
        identities=identities,
        faces=faces,
        models=ids,
        encrypted=key is not None,
    )


def _model_files(folder: Path, ids: tuple[str, ...]) -> dict[str, Path]:
    """Return the files of models by their names in the archive; a missing model is left out."""
    files = {}
    for one in ids:
        for path in sorted((folder / MODELS / one).glob("[A-Za-z0-9]*")):
            if path.is_file() and not path.is_symlink():
                files[f"{MODELS}/{one}/{path.name}"] = path
    return files


def _verified(path: Path, reporter: Reporter) -> Backup:
    """Open a written backup again and read it to the end."""
    try:
        with Archive(path) as archive:
            archive.check(reporter)
            return archive.backup
    except BackupError as error:
        raise OSError(0, f"what was written reads differently: {error.problem}") from error


@contextmanager
def _refusals_of(folder: Path, target: Path) -> Iterator[None]:
    """Declare SQLite's refusals: a full disk is the backup's, damage is the gallery's."""
    try:
        with declared(folder / DATABASE):
            yield
    except GalleryWriteError as error:
        raise GalleryWriteError(
            "The backup could not be written", file=target, remedy=error.remedy
        ) from error
