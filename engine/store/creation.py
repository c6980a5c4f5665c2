"""Making an empty gallery so that there is a whole one afterwards, or nothing."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import (
    GalleryBusyError,
    GalleryExistsError,
    GalleryReadOnlyError,
    GalleryWriteError,
)
from engine.store.cipher import Key, new_key
from engine.store.connecting import connect
from engine.store.failures import declared
from engine.store.lock import WriterLock
from engine.store.migrations import APPLICATION_ID, migrate
from engine.tools import clock
from engine.tools.files import sync_folder
from engine.tools.gallery_folder import DATABASE, LOCK, LOCK_HOLDER
from engine.types import Distance

_UNFINISHED = f"{DATABASE}.new"  # takes its name when it is whole
_OURS = frozenset(
    {LOCK, LOCK_HOLDER, *(f"{_UNFINISHED}{end}" for end in ("", "-journal", "-wal", "-shm"))}
)


@contextmanager
def made_gallery(
    folder: Path, dimension: int, distance: Distance, passphrase: str | None = None
) -> Iterator[Key | None]:
    """Makes the folder, its parents and an empty database, encrypted where there is a passphrase;
    what fails in the body of the statement, such as opening it, undoes that.

    Yields:
        what it is encrypted with.

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
    lock = WriterLock(folder)
    lock.acquire()
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
    finally:
        lock.release()


def _unmake(folder: Path) -> None:
    logs = [f"{DATABASE}{end}" for end in ("-wal", "-shm")]
    for name in (DATABASE, *logs, *_OURS):
        with suppress(OSError):
            (folder / name).unlink()


@contextmanager
def _undone_on_failure(folder: Path) -> Iterator[None]:
    """Removes what was made of the folder and its parents when the gallery does not come about."""
    missing: list[Path] = []
    try:
        with _declared_os(folder):
            missing += [path for path in (folder, *folder.parents) if not path.exists()]
            yield
    except BaseException:
        with suppress(OSError):
            for path in missing:
                path.rmdir()
        raise


@contextmanager
def _declared_os(folder: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise GalleryExistsError(
            "There is a file where the gallery's folder would be",
            file=error.filename or folder,
            remedy="Choose another folder.",
        ) from error
    except PermissionError as error:
        raise GalleryReadOnlyError(
            "No gallery can be made here: the folder may not be written",
            file=error.filename or folder,
            remedy="Choose another folder.",
        ) from error
    except OSError as error:
        raise GalleryWriteError(
            f"No gallery can be made here ({error.strerror})",
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
        problem, remedy = "There is a gallery already", "Open it, or choose another folder."
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
                (str(uuid.uuid4()), dimension, distance, clock.now()),
            )
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
