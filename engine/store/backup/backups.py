"""Backups of an open gallery: written when asked for, and automatically before large changes."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from engine.errors import (
    BackupError,
    FaceGalleryError,
    GalleryDamagedError,
    GalleryExistsError,
    GalleryReadOnlyError,
    GalleryWriteError,
    InputError,
)
from engine.progress import SILENT, Reporter
from engine.records.domains import current_time
from engine.records.jobs import is_version_id
from engine.records.safety import ASKED, Backup
from engine.store import database_checks
from engine.store.backup.archive import Archive, write_archive
from engine.store.cipher import Key, key_of
from engine.store.database import Database, connect
from engine.store.database_checks import require_sound
from engine.store.encoding import altered_vectors
from engine.store.failures import RESTORE, TAKE_OUT, declared, on_disk
from engine.store.schema import newest, version_of
from engine.store.settings_table import SettingsTable
from engine.utils.files import remove, scratch_folder, sync_folder
from engine.utils.gallery_folder import ASIDE, BACKUPS, DATABASE, MODELS, GalleryFolder
from engine.utils.ignoring import ignored

LARGE_COUNT = 1_000
LARGE_SHARE = 0.2
SMALL_COUNT = 10
"""A change is large that touches more than so many faces, or more than that share of them and not
just a handful."""
_PAGES = 1_024  # 4 MB between two reports
_KEPT = "backups_kept"  # the setting
_KEPT_BY_DEFAULT = 5
_MOST_KEPT = 1_000


class BackupManager:
    """Backups of an open gallery; also beside a running change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder = database.path.parent

    def write(self, target: str | Path, *, reporter: Reporter = SILENT) -> Backup:
        """Write all that is committed, and the models in use, to one new file; also while
        somebody changes the gallery. The backup is checked before it takes its name.

        Args:
            target: a file that does not exist yet, or a folder to make one in.

        Raises:
            GalleryExistsError, GalleryWriteError, GalleryDamagedError, CancelledError: nothing
                is left.
        """
        target = Path(target)
        if target.is_dir():
            target /= default_backup_name(self._folder.absolute().name, current_time())
        with self._database.reading() as connection:
            return write_backup(connection, self._folder, target, reporter=reporter)

    def write_automatic(self, reason: str, *, reporter: Reporter = SILENT) -> Backup | None:
        """Write a backup into ``backups/`` of the gallery; None where none are kept.

        Raises:
            GalleryWriteError, GalleryDamagedError, CancelledError: nothing is left.
        """
        if not self._database.writable:
            return None  # the change will be refused
        with self._database.reading() as connection:
            if not number_kept(connection):
                return None
            try:
                return write_automatic(connection, self._folder, reason, reporter=reporter)
            except GalleryWriteError as error:
                raise GalleryWriteError(
                    "The backup before this change could not be written, so nothing was changed",
                    file=error.file,
                    remedy="Free some space, or turn off automatic backups.",
                ) from error

    def before_large_change(
        self, action: str, faces: int, *, reporter: Reporter = SILENT
    ) -> Backup | None:
        """Write an automatic backup where a change that is about to be made is large.

        Call it before changing many faces at once (import, merge, delete, going back in the
        history), outside a transaction. Not before an erasure: it promises that the person is in
        no file any more, and a backup made just before would break that.

        Args:
            action: a word for the file's name and the list, such as ``import``.
            faces: how many faces it adds, changes or removes.

        Returns:
            the backup; None where the change is small, the gallery empty, or none are kept.

        Raises:
            GalleryWriteError: it cannot be made; the change is not to be made then either.
            CancelledError.
        """
        if faces <= SMALL_COUNT:
            return None
        query = "SELECT coalesce(sum(face_count), 0) AS face_count FROM identities"
        ((enrolled,),) = self._database.rows(query)
        large = faces > LARGE_COUNT or faces > LARGE_SHARE * enrolled
        return self.write_automatic(action, reporter=reporter) if enrolled and large else None

    def automatic(self) -> list[Backup]:
        """Return the automatic backups, newest first: made before large changes and updates."""
        return automatic_backups(self._folder)

    @property
    def kept(self) -> int:
        """Number of automatic backups that are kept; 0 makes none."""
        with self._database.reading() as connection:
            return number_kept(connection)

    def keep(self, number: int) -> None:
        """Set :attr:`kept`. Raise InputError where it is not 0 to 1000, GalleryReadOnlyError."""
        if not 0 <= number <= _MOST_KEPT:
            raise InputError(f"{number} backups cannot be kept", remedy="Choose 0 to 1000.")
        SettingsTable(self._database).set(_KEPT, str(number))

    def clear(self) -> int:
        """Delete the automatic backups and the damaged databases kept aside, which still hold
        whoever was removed since; return how many. Backups elsewhere are not known here.

        Raises:
            GalleryReadOnlyError. GalleryWriteError: one cannot be deleted; others may be.
        """
        if not self._database.writable:
            raise GalleryReadOnlyError(
                "The gallery is open read-only",
                file=self._folder,
                remedy="Close the program that is writing to it, then try again.",
            )
        old = [backup.path for backup in automatic_backups(self._folder)]
        aside = list(self._folder.glob(f"{ASIDE}*"))
        with on_disk(self._folder):
            for path in old:
                path.unlink(missing_ok=True)
            for place in aside:
                remove(place)
        return len(old) + len(aside)


def automatic_backups(folder: str | Path) -> list[Backup]:
    """Return the readable backups in ``backups/`` of a gallery, which may be damaged, newest
    first: in the order they were made, which dates do not tell where the clock was wrong.
    """
    folder = Path(folder).absolute()
    GalleryFolder(folder).require_sound()
    found = []
    for path in (folder / BACKUPS).glob("*.zip"):
        with ignored(FaceGalleryError), Archive(path) as archive:
            if archive.backup.automatic:
                found.append(archive.backup)
    return sorted(found, key=lambda made: (made.serial, made.change, made.created), reverse=True)


def newest_sound_backup(folder: str | Path, reporter: Reporter = SILENT) -> Backup | None:
    """Return the newest automatic backup that can be read to the end."""
    for backup in automatic_backups(folder):
        with ignored(FaceGalleryError), Archive(backup.path) as archive:
            archive.check(reporter)
            return backup
    return None


def write_automatic(
    source: sqlite3.Connection,
    folder: Path,
    reason: str,
    *,
    spare: Path | None = None,
    reporter: Reporter = SILENT,
) -> Backup:
    """Write a backup into ``backups/`` of a gallery that this process writes, and delete the
    oldest automatic ones beyond the number kept, but never this one nor ``spare``.

    Raises:
        GalleryWriteError, GalleryDamagedError, CancelledError: nothing is left.
    """
    place = folder / BACKUPS
    with on_disk(place):
        place.mkdir(mode=0o700, exist_ok=True)
    before = automatic_backups(folder)
    made = write_backup(
        source,
        folder,
        _free_name(place, reason),
        reason=reason,
        serial=1 + max((backup.serial for backup in before), default=0),
        reporter=reporter,
    )
    others = [backup for backup in before if spare is None or backup.path != spare.absolute()]
    number = number_kept(source)
    for old in others[number - 1 :] if number else ():
        with ignored(OSError):
            old.path.unlink()
    return made


def number_kept(connection: sqlite3.Connection) -> int:
    """Return how many automatic backups the gallery keeps; 0 makes none."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (_KEPT,)).fetchone()
    try:
        return max(0, int(row[0])) if row is not None else _KEPT_BY_DEFAULT
    except ValueError:
        return _KEPT_BY_DEFAULT


def backup_before_migration(connection: sqlite3.Connection, path: Path) -> None:
    """Back up a database of an older version before it is brought up to date."""
    version = version_of(connection)
    if 0 < version < newest() and os.access(path, os.W_OK) and number_kept(connection):
        write_automatic(connection, path.parent, "update")


def _free_name(place: Path, reason: str) -> Path:
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(current_time()))
    path, number = place.absolute() / f"{moment}-{reason}.zip", 2
    while path.exists():
        path, number = path.with_name(f"{moment}-{number}-{reason}.zip"), number + 1
    return path


# -- writing one ---------------------------------------------------------------------------------


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
        raise GalleryExistsError("It already exists", file=target, remedy="Choose another name.")
    with on_disk(target), scratch_folder(target.parent) as scratch:
        copy, written = scratch / DATABASE, scratch / "backup.zip"
        with _refusals_of(folder, target):
            _copy_database(source, copy, reporter)
            _require_whole(copy, folder / DATABASE, key_of(source))
        backup = _described(copy, folder, target, reason, key_of(source))
        files = {DATABASE: copy, **_model_files(folder, backup.models)}
        saved = {name.split("/")[1] for name in files if "/" in name}
        present = tuple(model for model in backup.models if model in saved)
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


def _copy_database(source: sqlite3.Connection, copy: Path, reporter: Reporter = SILENT) -> None:
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
        for vector in altered_vectors(connection, dimension):
            raise GalleryDamagedError(vector.sentence, file=original, remedy=TAKE_OUT)


def default_backup_name(gallery: str, created: float) -> str:
    """Return a file name such as ``friends 2026-11-25 153012.zip``, in local time.

    Args:
        created: seconds since the epoch.
    """
    return f"{Path(gallery).stem} {time.strftime('%Y-%m-%d %H%M%S', time.localtime(created))}.zip"


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
    ids = tuple(model for (model,) in models if isinstance(model, str) and is_version_id(model))
    return Backup(
        path=target,
        size=0,
        created=current_time(),
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
    for model in ids:
        for path in sorted((folder / MODELS / model).glob("[A-Za-z0-9]*")):
            if path.is_file() and not path.is_symlink():
                files[f"{MODELS}/{model}/{path.name}"] = path
    return files


def _verified(path: Path, reporter: Reporter) -> Backup:
    """Open a written backup again and read it to the end."""
    try:
        with Archive(path) as archive:
            archive.check(reporter)
            return archive.backup
    except BackupError as error:
        raise OSError(0, f"what was written cannot be read back: {error.problem}") from error


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
