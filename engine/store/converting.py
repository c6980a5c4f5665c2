"""Encrypting a gallery, decrypting it, or giving it another passphrase: the one or the other.

A whole converted database is made beside the present one and takes its name in one rename. What
else lies in the folder follows it. The file being made, then the one replaced, are there under
names of their own until all is done: so the next opening for writing finishes what was killed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.errors import GalleryBusyError, GalleryDamagedError, GalleryWriteError
from engine.progress import SILENT, Progress, Reporter
from engine.store import cipher, derived, sealing
from engine.store.backup import require_sound
from engine.store.cipher import Key
from engine.store.connecting import connect
from engine.store.failures import RESTORE, declared
from engine.store.lock import WriterLock
from engine.store.schema import require_ours
from engine.store.sealing import SEALED
from engine.tools.files import (
    is_link,
    open_regular,
    remove,
    shred,
    shred_tree,
    sync_file,
    sync_folder,
)
from engine.tools.gallery_folder import ASIDE, BACKUPS, DATABASE, INDEX, MODELS

_STAGE, _STEPS = "Rewriting the gallery", 3
_NEW = f"{DATABASE}.converting"
_OLD = ".before-conversion"
_ASIDE = f"{ASIDE}*"
_BACKUPS = f"{BACKUPS}/*.zip"
_STARTS = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # databases, their logs


def convert(folder: Path, old: Key | None, new: Key | None, reporter: Reporter = SILENT) -> None:
    """Rewrites a gallery's database with another key; None is none: in clear.

    Automatic backups in clear are removed where it becomes encrypted, and encrypted ones keep the
    passphrase that they were made with.

    Args:
        folder: of a gallery that this process has not open.

    Raises:
        GalleryBusyError: another process has it open. GalleryReadOnlyError, GalleryWriteError,
        GalleryDamagedError, CancelledError: it is as it was.
        WrongPassphraseError, EncryptionMissingError.
    """
    cipher.library()
    lock = WriterLock(folder)
    lock.acquire()
    try:
        with _on_disk(folder), declared(folder / DATABASE):
            remove_leftovers(folder, encrypted=old is not None)
            try:
                _write(folder, old, new, reporter)
                _convert_versions(folder, old, new)
                reporter.check()
            except BaseException:
                remove_leftovers(folder, encrypted=old is not None)
                raise
            _switch(folder)
            reporter.tell(Progress(_STAGE, 2, _STEPS))  # too late to be cancelled
            if old is None:
                for aside in folder.glob(_ASIDE):
                    shred_tree(aside)
            remove_leftovers(folder, encrypted=new is not None, backups=old is None)
            reporter.tell(Progress(_STAGE, _STEPS, _STEPS))
    finally:
        lock.release()


def remove_leftovers(folder: Path, *, encrypted: bool, backups: bool = False) -> None:
    """Finishes a conversion that was killed, or undoes it; nothing where none was.

    For the process that has the gallery's lock. What cannot be removed stays.

    Args:
        encrypted: what the gallery is now.
        backups: whether those in clear go too; they do where a plain gallery was replaced.
    """
    marks = [
        path
        for path in sorted(folder.glob(f"{DATABASE}*"), reverse=True)  # the database itself last
        if path.name.startswith(_NEW) or path.name.endswith(_OLD)
    ]
    if not marks:
        return
    if encrypted:
        replaced = folder / f"{DATABASE}{_OLD}"
        _remove_clear(folder, backups or _is_clear(replaced))
    else:
        for sealed in folder.glob(f"{MODELS}/*/{SEALED}"):
            sealed.unlink(missing_ok=True)
    for path in marks:
        _give_up(path, unless=path.with_name(path.name.removesuffix(_OLD)))


# -- inside ------------------------------------------------------------------------------------


def _write(folder: Path, old: Key | None, new: Key | None, reporter: Reporter) -> None:
    """A whole converted database beside the present one, checked and on disk."""
    path, made = folder / DATABASE, folder / _NEW
    made.touch(mode=0o600, exist_ok=False)
    reporter.progress(_STAGE, 0, _STEPS)
    with closing(_opened(path, old)) as source:
        require_ours(source, path)
        _require_alone(source, folder)
        literal = new.literal if new is not None else "''"
        source.execute(f"ATTACH DATABASE ? AS made KEY {literal}", (str(made.absolute()),))
        source.execute("BEGIN EXCLUSIVE")
        source.execute("SELECT sqlcipher_export('made')").fetchone()
        for pragma in ("application_id", "user_version"):
            (value,) = source.execute(f"PRAGMA main.{pragma}").fetchone()
            source.execute(f"PRAGMA made.{pragma} = {int(value)}")
        source.execute("COMMIT")
        reporter.check()
        reporter.progress(_STAGE, 1, _STEPS)
        if _contents(source, "main") != _contents(source, "made"):
            raise GalleryDamagedError(
                "Not all of the database could be copied", file=path, remedy=RESTORE
            )
    with closing(connect(made, "mode=rw", new)) as written:
        require_sound(written)
        written.execute("BEGIN IMMEDIATE")
        derived.move(written, folder, encrypted=new is not None)
        if new is None:
            sealing.forget_key(written)
        else:
            sealing.sealing_key(written)
        written.execute("COMMIT")
    sync_file(made)


def _convert_versions(folder: Path, old: Key | None, new: Key | None) -> None:
    if (old is None) == (new is None):
        return  # their key is the same
    database, key = (_NEW, new) if new is not None else (DATABASE, old)
    with closing(connect(folder / database, "mode=ro&immutable=1", key)) as connection:
        sealed_with = sealing.kept_key(connection)
    for version in sorted((folder / MODELS).glob("[A-Za-z0-9]*")):
        if not version.is_dir():
            continue
        if new is not None:
            assert sealed_with is not None
            sealing.seal(version, version, sealed_with)
        elif (version / SEALED).exists():
            half = version.with_name(f".unfinished-{version.name}")
            sealing.unseal(version, half, sealed_with)
            for path in half.iterdir():
                sync_file(path)
                os.replace(path, version / path.name)
            half.rmdir()


def _remove_clear(folder: Path, backups: bool) -> None:
    """Of an encrypted gallery: what is derived, and backups where it was just encrypted."""
    if (folder / INDEX).exists():
        shred_tree(folder / INDEX)
    for path in (*folder.glob(f"{MODELS}/*"), *folder.glob(f"{MODELS}/*/*")):
        if path.is_file() and path.name != SEALED:
            _give_up(path)
    if backups:
        for path in (*folder.glob(_BACKUPS), *folder.glob(f"{_ASIDE}/*")):
            if _is_clear(path):
                _give_up(path)


def _switch(folder: Path) -> None:
    """The one moment at which the conversion counts. What is replaced keeps a name, to be
    overwritten under it.
    """
    path, replaced = folder / DATABASE, folder / f"{DATABASE}{_OLD}"
    try:
        os.link(path, replaced)
    except OSError:  # a file system without hard links: then it is not overwritten
        replaced.touch(mode=0o600)
    os.replace(folder / _NEW, path)
    sync_folder(folder)


def _opened(path: Path, key: Key | None) -> Any:
    """By SQLCipher, which reads plain databases too, and attaches others with their own key."""
    connection = cipher.library().connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None
    )
    try:
        if key is not None:
            cipher.unlock(connection, key, path)
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = ON")
        return connection
    except BaseException:
        connection.close()
        raise


def _require_alone(source: Any, folder: Path) -> None:
    """The log goes into the database and away; SQLite allows that only to the last one there."""
    log = folder / f"{DATABASE}-wal"
    if log.exists():
        with suppress(OSError):
            os.link(log, folder / f"{log.name}{_OLD}")
    (mode,) = source.execute("PRAGMA journal_mode = DELETE").fetchone()
    if mode != "delete":
        raise GalleryBusyError(
            "Another program has this gallery open", file=folder, remedy="Close it there first."
        )


def _contents(connection: sqlite3.Connection, schema: str) -> list[tuple[Any, ...]]:
    """What two copies of a database have in common: definitions, numbers of rows, counters."""
    rows = connection.execute(f"SELECT type, name, sql FROM {schema}.sqlite_master ORDER BY 1, 2")
    found = [row for row in rows.fetchall() if row[2] is not None]
    tables = [name for kind, name, _ in found if kind == "table"]
    counts = [
        (name, *connection.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone())
        for name in tables
    ]
    counters = connection.execute(f"SELECT name, seq FROM {schema}.sqlite_sequence ORDER BY name")
    return [*found, *counts, *counters.fetchall()]


def _is_clear(path: Path) -> bool:
    """Whether a backup or a database kept aside is plain; a backup holds its database first."""
    with suppress(OSError), open_regular(path) as stream:
        start = stream.read(1_024)
        return start.startswith(_STARTS) or _STARTS[0] in start
    return False


def _give_up(path: Path, unless: Path | None = None) -> None:
    """Overwrites and removes a file; only its name where ``unless`` is the same file."""
    with suppress(OSError):
        if unless is not None and unless.exists() and path.samefile(unless):
            path.unlink()
        elif path.is_file() and not is_link(path):
            shred(path)
        else:
            remove(path)


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GalleryWriteError(
            f"The gallery could not be rewritten ({error.strerror or error})",
            file=folder,
            remedy="Free as much space as it takes, then try again; it is as it was.",
        ) from error
