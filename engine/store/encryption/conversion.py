"""Conversion of a gallery's folder: encrypted, decrypted, or given another passphrase.

A whole converted database is made beside the present one and takes its name in one rename. What
else lies in the folder follows it. The file being made, then the one replaced, are there under
names of their own until all is done: so the next opening for writing finishes what was killed.

The functions take the folder of a gallery that this process does not have open; the methods of an
open :class:`engine.gallery.Gallery` close and open it around them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.errors import GalleryBusyError, GalleryDamagedError, InputError
from engine.progress import SILENT, Progress, Reporter
from engine.store import cipher
from engine.store.cipher import Key
from engine.store.database import connect
from engine.store.database_checks import require_sound
from engine.store.encryption import model_files
from engine.store.encryption.model_files import SEALED
from engine.store.failures import RESTORE, declared, on_disk
from engine.store.lifecycle import WriterLock, key_in
from engine.store.schema import require_ours
from engine.store.settings_table import move_derived
from engine.utils.files import (
    is_link,
    open_regular,
    remove,
    shred,
    shred_tree,
    sync_file,
    sync_folder,
)
from engine.utils.gallery_folder import ASIDE, BACKUPS, DATABASE, INDEX, MODELS
from engine.utils.ignoring import ignored

_STAGE, _STEPS = "Rewriting the gallery", 3
_NEW = f"{DATABASE}.converting"
_OLD = ".before-conversion"
_ASIDE = f"{ASIDE}*"
_BACKUPS = f"{BACKUPS}/*.zip"
_STARTS = (b"SQLite format 3\0", b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # databases, their logs


def is_encrypted(folder: str | Path) -> bool:
    """Tell whether a passphrase is needed to open the gallery there; False where there is none."""
    return cipher.looks_encrypted(Path(folder) / DATABASE)


def require_kind(folder: str | Path, *, encrypted: bool) -> None:
    """Raise InputError where a gallery is not encrypted, or is; before anybody is asked for a
    passphrase.
    """
    exists = (Path(folder) / DATABASE).exists()  # where it is not, opening it says so
    if not exists or is_encrypted(folder) == encrypted:
        return
    raise InputError(
        "The gallery is not encrypted" if encrypted else "The gallery is already encrypted",
        file=folder,
        remedy="Encrypt it first." if encrypted else "Change its passphrase instead.",
    )


def encrypt(folder: str | Path, passphrase: str, *, reporter: Reporter = SILENT) -> None:
    """Encrypt a plain gallery in place; killed at any moment, it is plain or encrypted as a whole.

    What was in clear is overwritten and removed, automatic backups with it. An SSD may keep the
    old blocks, and backups elsewhere are not known here.

    Raises:
        InputError: the passphrase is too easy to guess, or it is encrypted already.
        EncryptionMissingError. GalleryBusyError, GalleryReadOnlyError, GalleryWriteError,
        GalleryDamagedError, CancelledError: it is as it was.
    """
    folder = Path(folder)
    require_kind(folder, encrypted=False)
    cipher.require_strong(passphrase)
    key_in(folder, None)  # there is a gallery
    _convert(folder, None, cipher.new_key(passphrase), reporter)


def decrypt(
    folder: str | Path, passphrase: str | Key | None, *, reporter: Reporter = SILENT
) -> None:
    """Decrypt a gallery in place. Raise PassphraseError, and the errors of :func:`encrypt`."""
    folder = Path(folder)
    _convert(folder, _present(folder, passphrase), None, reporter)


def change_passphrase(
    folder: str | Path,
    passphrase: str | Key | None,
    new: str,
    *,
    reporter: Reporter = SILENT,
) -> None:
    """Give a gallery another passphrase; backups keep the one that they were made with.

    Raise PassphraseError, and the errors of :func:`encrypt`.
    """
    folder = Path(folder)
    present = _present(folder, passphrase)
    _convert(folder, present, cipher.new_key(new), reporter)


def _present(folder: Path, passphrase: str | Key | None) -> Key:
    require_kind(folder, encrypted=True)
    key = key_in(folder, passphrase)
    assert key is not None
    return key


def _convert(folder: Path, old: Key | None, new: Key | None, reporter: Reporter = SILENT) -> None:
    """Rewrite a gallery's database with another key; None stands for no encryption.

    Automatic backups in clear are removed where it becomes encrypted, and encrypted ones keep the
    passphrase that they were made with.

    Raises:
        GalleryBusyError: another process has it open. GalleryReadOnlyError, GalleryWriteError,
        GalleryDamagedError, CancelledError: it is as it was.
        WrongPassphraseError, EncryptionMissingError.
    """
    cipher.library()
    problem = "The gallery could not be rewritten"
    remedy = "Free as much space as the gallery takes, then try again. The gallery was not changed."
    with (
        WriterLock(folder),
        on_disk(folder, problem, remedy),
        declared(folder / DATABASE),
    ):
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


def remove_leftovers(folder: Path, *, encrypted: bool, backups: bool = False) -> None:
    """Finish a conversion that was killed, or undo it; do nothing where there was none.

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
    """Write a whole converted database beside the present one, checked and on disk."""
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
                "The database could not be copied completely", file=path, remedy=RESTORE
            )
    with closing(connect(made, "mode=rw", new)) as written:
        require_sound(written)
        written.execute("BEGIN IMMEDIATE")
        move_derived(written, folder, encrypted=new is not None)
        if new is None:
            model_files.forget_key(written)
        else:
            model_files.sealing_key(written)
        written.execute("COMMIT")
    sync_file(made)


def _convert_versions(folder: Path, old: Key | None, new: Key | None) -> None:
    if (old is None) == (new is None):
        return  # their key is the same
    database, key = (_NEW, new) if new is not None else (DATABASE, old)
    with closing(connect(folder / database, "mode=ro&immutable=1", key)) as connection:
        sealed_with = model_files.kept_key(connection)
    for version in sorted((folder / MODELS).glob("[A-Za-z0-9]*")):
        if not version.is_dir():
            continue
        if new is not None:
            assert sealed_with is not None
            model_files.seal(version, version, sealed_with)
        elif (version / SEALED).exists():
            half = version.with_name(f".unfinished-{version.name}")
            model_files.unseal(version, half, sealed_with)
            for path in half.iterdir():
                sync_file(path)
                os.replace(path, version / path.name)
            half.rmdir()


def _remove_clear(folder: Path, backups: bool) -> None:
    """Remove from an encrypted gallery what lies in clear, backups where it was just encrypted."""
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
    """Put the converted database in place; the replaced one keeps a name, to be overwritten."""
    path, replaced = folder / DATABASE, folder / f"{DATABASE}{_OLD}"
    try:
        os.link(path, replaced)
    except OSError:  # ordinary: a file system without hard links: then it is not overwritten
        replaced.touch(mode=0o600)
    os.replace(folder / _NEW, path)
    sync_folder(folder)


def _opened(path: Path, key: Key | None) -> Any:
    """Connect by SQLCipher, which reads plain databases too, and attaches others with their key."""
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
    """Write the log into the database, which SQLite allows only to the last process that has it."""
    log = folder / f"{DATABASE}-wal"
    if log.exists():
        with ignored(OSError):
            os.link(log, folder / f"{log.name}{_OLD}")
    (mode,) = source.execute("PRAGMA journal_mode = DELETE").fetchone()
    if mode != "delete":
        raise GalleryBusyError(
            "Another program has this gallery open", file=folder, remedy="Close it there first."
        )


def _contents(connection: sqlite3.Connection, schema: str) -> list[tuple[Any, ...]]:
    """Return what equal databases have in common: definitions, numbers of rows, counters."""
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
    """Tell whether a backup (it starts with its database) or a database kept aside is plain."""
    with ignored(OSError), open_regular(path) as stream:
        start = stream.read(1_024)
        return start.startswith(_STARTS) or _STARTS[0] in start
    return False


def _give_up(path: Path, unless: Path | None = None) -> None:
    """Overwrite and remove a file; only its name where ``unless`` is the same file."""
    with ignored(OSError):
        if unless is not None and unless.exists() and path.samefile(unless):
            path.unlink()
        elif path.is_file() and not is_link(path):
            shred(path)
        else:
            remove(path)
