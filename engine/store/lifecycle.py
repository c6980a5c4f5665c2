"""A gallery's database: created so that there is a whole one afterwards or nothing, checked when
it is opened (a gallery's, sound, of this version), and locked by the one process that writes it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, get_args

from filelock import FileLock, Timeout

from engine.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryExistsError,
    GalleryNotFoundError,
    GalleryReadOnlyError,
    GalleryTooNewError,
    GalleryWriteError,
    PassphraseNeededError,
)
from engine.records.domains import current_time, parsed
from engine.records.types import LARGEST_DIMENSION, Distance
from engine.store import cipher
from engine.store.backup.backups import backup_before_migration
from engine.store.cipher import Key, new_key
from engine.store.database import Database, connect
from engine.store.failures import ASK_PERMISSION, RESTORE, declared
from engine.store.schema import (
    APPLICATION_ID,
    migrate,
    missing_pieces,
    newest,
    require_ours,
    version_of,
)
from engine.store.unfinished_erasure import noted_erasure
from engine.utils.files import read_text, sync_folder
from engine.utils.gallery_folder import DATABASE, LOCK, LOCK_HOLDER, GalleryFolder
from engine.utils.ignoring import ignored

_log = logging.getLogger(__name__)

_UNFINISHED = f"{DATABASE}.new"  # takes its name when it is whole
_OURS = frozenset(
    {LOCK, LOCK_HOLDER, *(f"{_UNFINISHED}{end}" for end in ("", "-journal", "-wal", "-shm"))}
)

_LONGEST_HOST = 255  # characters of an honest one


class WriterLock:
    """The right to write a gallery; a context manager. The system takes it back when the process
    dies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder = folder / LOCK_HOLDER
        # Not thread-local: the gallery may be closed by another thread than opened it.
        self._lock = FileLock(folder / LOCK, mode=0o600, thread_local=False)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock or raise at once.

        Raises:
            GalleryBusyError: naming the process that holds it.
            GalleryReadOnlyError: the folder cannot be written.
            ForeignFileError: a link or the like is among the gallery's files.
        """
        GalleryFolder(self._folder).require_sound()
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise GalleryBusyError(
                f"{self._describe_holder()} is writing to this gallery",
                file=self._folder,
                remedy=(
                    "Close it there to make changes here; until then it can be opened read-only."
                ),
            ) from None
        except OSError as error:
            raise GalleryReadOnlyError(
                f"The folder is not writable ({error.strerror})",
                file=self._folder,
                remedy=ASK_PERMISSION,
            ) from error
        with ignored(OSError):  # only for the message: no reason to refuse the lock
            self._name_holder()

    def release(self) -> None:
        with ignored(OSError):
            self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _name_holder(self) -> None:
        holder = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        self._holder.unlink(missing_ok=True)
        descriptor = os.open(self._holder, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(holder)

    def _describe_holder(self) -> str:
        try:
            holder = parsed(read_text(self._holder))
            pid, host = int(holder["pid"]), str(holder["host"])[:_LONGEST_HOST]
            return f"Process {pid}{'' if host == socket.gethostname() else f' on {host}'}"
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            _log.debug("Who holds the lock cannot be read", exc_info=True)
            return "Another process"


# -- opening -----------------------------------------------------------------------------------


def key_in(folder: Path, passphrase: str | Key | None) -> Key | None:
    """Return the key of the gallery there, from its passphrase; None for a plain one.

    Raises:
        GalleryNotFoundError, GalleryDamagedError, ForeignFileError, PassphraseNeededError,
        EncryptionMissingError.
    """
    path = database_in(folder)
    if not cipher.looks_encrypted(path):
        return None
    cipher.library()  # where it is missing, nobody need think of the passphrase
    if not passphrase:
        raise PassphraseNeededError(
            "The gallery is encrypted", file=folder, remedy="Enter its passphrase."
        )
    return cipher.opened_with(path, passphrase)


def database_in(folder: Path) -> Path:
    """Return the database file of the gallery there.

    Raises:
        GalleryNotFoundError, GalleryDamagedError, ForeignFileError.
    """
    path = folder / DATABASE
    try:
        GalleryFolder(folder).require_sound()
        if path.is_file():
            return path
        exists = path.exists()
    except PermissionError as error:
        raise GalleryDamagedError(
            "The folder cannot be read", file=folder, remedy=ASK_PERMISSION
        ) from error
    if exists:
        raise GalleryDamagedError("The database is not a file", file=path, remedy=RESTORE)
    raise GalleryNotFoundError(
        "There is no gallery here",
        file=folder,
        remedy="Choose another folder, or create a gallery here with `face-gallery new`.",
    )


def open_database(path: Path, write: bool, key: Key | None) -> Database:
    """Open a gallery's database; with ``write`` it is brought up to date.

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
                backup_before_migration(connection, path)
        if write:
            database.start_writing()
        with database.reading() as connection:
            _require_current(connection, path)
            _require_tables(connection, path)
            if write:
                noted_erasure(connection, path)  # whoever writes it finishes that
            database.dimension, database.distance = _fixed(connection, path)
            return database
    except BaseException:
        database.close()
        raise


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not a gallery's or too new, which stays untouched."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise GalleryDamagedError("This is not a gallery database", file=path, remedy=RESTORE)
    version = version_of(connection)
    if version > newest():
        raise GalleryTooNewError(
            f"The gallery was written by a newer version (format {version}, this one knows "
            f"{newest()})",
            file=path,
            remedy="Update Face Gallery to open it. It was not touched.",
        )


def _require_current(connection: sqlite3.Connection, path: Path) -> None:
    version = version_of(connection)
    if version < newest():
        raise GalleryReadOnlyError(
            f"The gallery was written by an older version (format {version}, this one reads "
            f"{newest()})",
            file=path,
            remedy="Open it once where it is writable to bring it up to date.",
        )


def _require_tables(connection: sqlite3.Connection, path: Path) -> None:
    if missing := missing_pieces(connection):
        raise GalleryDamagedError(
            f"The database lacks {', '.join(missing)}", file=path, remedy=RESTORE
        )


def _fixed(connection: sqlite3.Connection, path: Path) -> tuple[int, Distance]:
    row = connection.execute("SELECT dimension, distance FROM gallery").fetchone()
    if row is None:
        raise GalleryDamagedError(
            "The database does not state what kind of embeddings it contains",
            file=path,
            remedy=RESTORE,
        )
    dimension, distance = row
    possible = isinstance(dimension, int) and 1 <= dimension <= LARGEST_DIMENSION
    if not possible or distance not in get_args(Distance):
        raise GalleryDamagedError(
            f"The database claims to contain embeddings of {dimension!r:.40} numbers, compared by "
            f"{distance!r:.40}, which cannot be",
            file=path,
            remedy=RESTORE,
        )
    return dimension, distance


# -- creating ----------------------------------------------------------------------------------


@contextmanager
def new_gallery(
    folder: Path, dimension: int, distance: Distance, passphrase: str | None = None
) -> Iterator[Key | None]:
    """Create the folder, its parents and an empty database, encrypted where there is a passphrase;
    an error in the body of the statement, such as opening it, undoes that.

    Yields:
        the key of an encrypted gallery.

    Raises:
        GalleryExistsError: something is there. GalleryReadOnlyError, GalleryWriteError: it cannot
            be made there. InputError: the passphrase is too easy to guess. EncryptionMissingError.
    """
    key = None if passphrase is None else new_key(passphrase)
    with _undone_on_failure(folder):
        _make(folder, dimension, distance, key)
        try:
            yield key
        except GalleryBusyError:
            raise  # somebody else has it open already
        except BaseException:
            _unmake(folder)
            raise


def _make(folder: Path, dimension: int, distance: Distance, key: Key | None) -> None:
    _make_folder(folder)
    _require_empty(folder)
    with WriterLock(folder):
        try:
            _require_empty(folder)
            _make_database(folder / _UNFINISHED, dimension, distance, key)
            os.replace(folder / _UNFINISHED, folder / DATABASE)
            folder.chmod(0o700)  # it may have been there
            sync_folder(folder)
            sync_folder(folder.parent)
        except BaseException:
            _unmake(folder)  # the lock too, while nobody else can hold it
            raise


def _unmake(folder: Path) -> None:
    logs = [f"{DATABASE}{end}" for end in ("-wal", "-shm")]
    for name in (DATABASE, *logs, *_OURS):
        with ignored(OSError):
            (folder / name).unlink()


@contextmanager
def _undone_on_failure(folder: Path) -> Iterator[None]:
    """Remove what was made of the folder and its parents when the gallery cannot be created."""
    missing: list[Path] = []
    try:
        with _declared_os(folder):
            missing += [path for path in (folder, *folder.parents) if not path.exists()]
            yield
    except BaseException:
        with ignored(OSError):
            for path in missing:
                path.rmdir()
        raise


@contextmanager
def _declared_os(folder: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise GalleryExistsError(
            "A file exists where the gallery's folder would be",
            file=error.filename or folder,
            remedy="Choose another folder.",
        ) from error
    except PermissionError as error:
        raise GalleryReadOnlyError(
            "No gallery can be created here: the folder is not writable",
            file=error.filename or folder,
            remedy="Choose another folder.",
        ) from error
    except OSError as error:
        raise GalleryWriteError(
            f"No gallery can be created here ({error.strerror})",
            file=folder,
            remedy="Choose another folder, or free some space.",
        ) from error


def _make_folder(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _require_empty(folder: Path) -> None:
    found = {entry.name for entry in folder.iterdir()} - _OURS
    if not found:
        return
    if DATABASE in found:
        problem, remedy = "There is already a gallery here", "Open it, or choose another folder."
    else:
        problem, remedy = "The folder is not empty", "Choose an empty or new folder."
    raise GalleryExistsError(problem, file=folder, remedy=remedy)


def _make_database(path: Path, dimension: int, distance: Distance, key: Key | None) -> None:
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with declared(path):
        connection = connect(path, "mode=rw", key)
        try:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrate(connection)
            connection.execute(
                "INSERT INTO gallery (id, uuid, dimension, distance, created) "
                "VALUES (1, ?, ?, ?, ?)",
                (str(uuid.uuid4()), dimension, distance, current_time()),
            )
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
