"""Backups that are made before a change without anybody asking, and how many of them are kept."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from engine.errors import FaceGalleryError
from engine.progress import SILENT, Reporter
from engine.records.safety import Backup
from engine.store.archive import Archive
from engine.store.backup import on_disk, write_backup
from engine.store.migrations import newest, version_of
from engine.tools import clock
from engine.tools.files import remove
from engine.tools.gallery_folder import ASIDE, BACKUPS, GalleryFolder

KEPT = "backups_kept"  # the setting
_KEPT_UNLESS_SAID = 5


def write_automatic(
    source: sqlite3.Connection,
    folder: Path,
    reason: str,
    *,
    spare: Path | None = None,
    reporter: Reporter = SILENT,
) -> Backup:
    """A backup in the gallery's own ``backups/``; the oldest automatic ones beyond the number
    kept go, but never this one nor ``spare``. For the process that writes the gallery.

    Raises as :func:`write_backup`.
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
        with suppress(OSError):
            old.path.unlink()
    return made


def automatic_backups(folder: Path) -> list[Backup]:
    """Those in the gallery's ``backups/`` that can be read, newest first: in the order they were
    made, which dates do not tell where the clock was wrong.
    """
    GalleryFolder(folder).require_sound()
    found = []
    for path in (folder.absolute() / BACKUPS).glob("*.zip"):
        with suppress(FaceGalleryError), Archive(path) as archive:
            if archive.backup.automatic:
                found.append(archive.backup)
    return sorted(found, key=_order, reverse=True)


def _order(backup: Backup) -> tuple[int, int, float]:
    return backup.serial, backup.change, backup.created


def clear(folder: Path) -> int:
    """Deletes the automatic backups and the damaged databases kept aside; returns how many.

    Raises:
        GalleryWriteError: one cannot be deleted; others may be.
    """
    old = [backup.path for backup in automatic_backups(folder)]
    aside = list(folder.glob(f"{ASIDE}*"))
    with on_disk(folder):
        for path in old:
            path.unlink(missing_ok=True)
        for place in aside:
            remove(place)
    return len(old) + len(aside)


def number_kept(connection: sqlite3.Connection) -> int:
    """How many automatic backups the gallery keeps; 0 makes none."""
    row = connection.execute("SELECT value FROM settings WHERE key = ?", (KEPT,)).fetchone()
    try:
        return max(0, int(row[0])) if row is not None else _KEPT_UNLESS_SAID
    except ValueError:
        return _KEPT_UNLESS_SAID


def backup_before_migration(connection: sqlite3.Connection, path: Path) -> None:
    """Keeps a database as it was written by an older version, before it is brought up to date."""
    version = version_of(connection)
    if 0 < version < newest() and os.access(path, os.W_OK) and number_kept(connection):
        write_automatic(connection, path.parent, "update")


def _free_name(place: Path, reason: str) -> Path:
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(clock.now()))
    path, number = place.absolute() / f"{moment}-{reason}.zip", 2
    while path.exists():
        path, number = path.with_name(f"{moment}-{number}-{reason}.zip"), number + 1
    return path
