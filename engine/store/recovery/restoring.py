"""Restoring a backup: checked first, then all of it or nothing."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import time
from pathlib import Path

from engine.errors import BackupError, GalleryDamagedError, GalleryExistsError
from engine.progress import SILENT, Progress, Reporter
from engine.records.changes import event
from engine.records.domains import current_time
from engine.records.safety import Backup, Restored
from engine.store.backup.archive import Archive
from engine.store.backup.backups import write_automatic
from engine.store.cipher import Key, looks_encrypted
from engine.store.database import opened
from engine.store.database_checks import require_sound
from engine.store.faces_table import remove_altered
from engine.store.failures import on_disk
from engine.store.gallery_store import Store
from engine.store.history_table import add_entry
from engine.store.lifecycle import WriterLock
from engine.store.recovery.staging import staged
from engine.utils.files import copy_private, discard_tree, sync_folder, sync_tree
from engine.utils.gallery_folder import ASIDE, DATABASE, INDEX, MODELS, GalleryFolder

_log = logging.getLogger(__name__)

# tables whose ids are never given twice
_COUNTERS = ("faces", "identities", "decisions", "apart", "unknowns", "photographs", "detections")


def restore_backup(
    path: str | Path,
    folder: str | Path,
    *,
    replace: bool = False,
    reporter: Reporter = SILENT,
    passphrase: str | Key | None = None,
    passphrase_there: str | Key | None = None,
) -> Restored:
    """Make a gallery of a backup; killed at any moment, the old one or the new one is whole.

    Args:
        folder: absent or empty; with ``replace`` the gallery that the backup was made from, open
            nowhere for writing. A safety backup of it is made first, whatever number is kept; a
            damaged database is kept aside instead.
        passphrase: passphrase of an encrypted gallery when the backup was made, or its key. A new
            gallery gets it; one that is replaced keeps its own.
        passphrase_there: passphrase of the gallery in the folder; by default the one above.

    Raises:
        BackupError: damaged, or made from another gallery than the one to be replaced, or one of
            the two is encrypted and the other is not. PassphraseError.
        GalleryExistsError: there is something in the folder, without ``replace``.
        GalleryTooNewError, GalleryBusyError, GalleryReadOnlyError, GalleryWriteError,
        CancelledError. Nothing was changed.
    """
    folder = Path(folder).absolute()
    GalleryFolder(folder).require_sound()
    present = (folder / DATABASE).exists()
    if not (present and replace):
        _require_room(folder)
    with (
        Archive(Path(path)) as archive,
        staged(archive, folder, reporter, passphrase=passphrase) as (stage, key),
    ):
        if present and replace:
            _require_like(folder, archive.backup)
        _forget_models(stage, folder, key, reporter)
        _leave_out_altered(stage, key, archive.backup.dimension, reporter)
        if not (present and replace):
            _take_place(stage, folder)
            return Restored(folder, archive.backup)
        try:
            with Store.open(folder, passphrase=passphrase_there or passphrase) as store:
                with store.database.reading() as connection:
                    require_sound(connection)
                safety = _overwrite(store, stage, key, archive.backup, reporter)
                return Restored(folder, archive.backup, safety=safety)
        except GalleryDamagedError:
            _log.warning("The gallery that is replaced is damaged", exc_info=True)
            return Restored(folder, archive.backup, aside=_exchange(stage, folder, reporter))


# -- putting it in place -----------------------------------------------------------------------


def _require_room(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists():
        gallery = (folder / DATABASE).exists()
        raise GalleryExistsError(
            "There is already a gallery here" if gallery else "The folder is not empty",
            file=folder,
            remedy="Choose a new folder to restore into.",
        )
    with on_disk(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)


def _require_like(folder: Path, backup: Backup) -> None:
    encrypted = looks_encrypted(folder / DATABASE)
    if encrypted != backup.encrypted:
        raise BackupError(
            "The gallery is encrypted, and this backup of it is not"
            if encrypted
            else "The backup is encrypted, and the gallery is not",
            file=backup.path,
            remedy="Restore it into a new folder.",
        )


def _forget_models(stage: Path, folder: Path, key: Key | None, reporter: Reporter) -> None:
    """Delete models from the registry whose files are neither in the backup nor in the folder."""
    with opened(stage / DATABASE, "mode=rw", key) as connection:
        gone = [
            model
            for (model,) in connection.execute("SELECT id FROM models ORDER BY id")
            if not any((place / MODELS / str(model)).is_dir() for place in (stage, folder))
        ]
        connection.executemany("DELETE FROM models WHERE id = ?", [(model,) for model in gone])
    for model in gone:
        reporter.message(f"The model {model} was not in use, so it is not in the backup.")


def _leave_out_altered(stage: Path, key: Key | None, dimension: int, reporter: Reporter) -> None:
    """Remove altered vectors, which would be refused in use; the backup itself still has them."""
    with opened(stage / DATABASE, "mode=rw", key) as connection:
        connection.execute("BEGIN IMMEDIATE")
        left_out = remove_altered(connection, dimension)
        connection.execute("COMMIT")
    for sentence in left_out:
        reporter.message(f"Not restored: {sentence}.")


def _take_place(stage: Path, folder: Path) -> None:
    sync_tree(stage)
    if folder.is_dir():
        folder.rmdir()  # only an empty one: where it is not, it refuses
    os.rename(stage, folder)
    try:
        sync_folder(folder.parent)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _overwrite(
    store: Store, stage: Path, key: Key | None, backup: Backup, reporter: Reporter
) -> Path:
    """Restore into a sound gallery; the commit of its database is what counts."""
    with store.database.reading() as connection:
        (uuid,) = connection.execute("SELECT uuid FROM gallery").fetchone()
        if uuid != backup.uuid:
            raise BackupError(
                f"The backup was made from another gallery, {backup.gallery}",
                file=backup.path,
                remedy="Restore it into a new folder.",
            )
        safety = write_automatic(
            connection, store.folder, "restore", spare=backup.path, reporter=reporter
        )
        _continue(stage / DATABASE, key, connection, backup)
    _bring_models(stage, store.folder)
    discard_tree(store.folder / INDEX, store.folder)  # of other faces; it is made anew

    def report(_: int, remaining: int, total: int) -> None:
        if remaining:
            reporter.check()  # once nothing remains it is committed
        reporter.tell(Progress("Restoring", total - remaining, total))

    reporter.progress("Restoring", 0, 0)
    reporter.check()
    store.database.overwrite(stage / DATABASE, report, key)
    return safety.path


def _continue(database: Path, key: Key | None, present: sqlite3.Connection, backup: Backup) -> None:
    """Raise the counters of the restored database to those in use: readers go by the change
    counter, and indexes by the ids of faces, so neither may go back.
    """
    (change,) = present.execute("SELECT change FROM gallery").fetchone()
    (page_size,) = present.execute("PRAGMA page_size").fetchone()
    with opened(database, "mode=rw", key) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in _COUNTERS:
            query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
            used = present.execute(query, (table,)).fetchone()
            if used is None:
                continue
            if connection.execute(query, (table,)).fetchone() is None:
                connection.execute("INSERT INTO sqlite_sequence VALUES (?, 0)", (table,))
            connection.execute(
                "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (*used, table)
            )
        connection.execute("UPDATE gallery SET change = max(change, ?)", (change,))
        moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(backup.created))
        payload = {"change": backup.change, "before": change, "created": backup.created}
        add_entry(connection, "restore", event("restored", moment), payload)
        connection.execute("COMMIT")
        if connection.execute("PRAGMA page_size").fetchone() != (page_size,):
            connection.execute(f"PRAGMA page_size = {int(page_size)}")
            connection.execute("VACUUM")


def _exchange(stage: Path, folder: Path, reporter: Reporter) -> Path:
    """Put the backup in place of a damaged gallery, whose database is kept aside."""
    with WriterLock(folder):
        reporter.check()
        sync_tree(stage)
        aside = keep_aside(folder)
        _bring_models(stage, folder)
        discard_tree(folder / INDEX, folder)
        for end in ("-wal", "-shm"):  # of the damaged one: they would be read into the new one
            (folder / f"{DATABASE}{end}").unlink(missing_ok=True)
        os.replace(stage / DATABASE, folder / DATABASE)
        sync_folder(folder)
        return aside


def keep_aside(folder: Path) -> Path:
    """Copy a damaged database to a folder of its own in the gallery; nothing is removed."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(current_time()))
    aside, number = folder / f"{ASIDE}{moment}", 2
    while aside.exists():
        aside, number = folder / f"{ASIDE}{moment}-{number}", number + 1
    aside.mkdir(mode=0o700)
    for end in ("", "-wal"):
        source = folder / f"{DATABASE}{end}"
        if source.is_file():
            copy_private(source, aside / source.name)
    sync_folder(aside)
    sync_folder(folder)
    return aside


def _bring_models(stage: Path, folder: Path) -> None:
    """Move the models of the backup in place, unless equal ones are there already."""
    for version in sorted((stage / MODELS).glob("*")):
        place = folder / MODELS / version.name
        if place.is_dir() and _same_files(version, place):
            continue
        place.parent.mkdir(mode=0o700, exist_ok=True)
        sync_tree(version)
        if place.exists():
            os.rename(place, stage / f"replaced-{version.name}")
        os.rename(version, place)
        sync_folder(place.parent)


def _same_files(one: Path, other: Path) -> bool:
    files = sorted(path.name for path in one.iterdir())
    return all(
        (other / name).is_file() and (one / name).read_bytes() == (other / name).read_bytes()
        for name in files
    )
