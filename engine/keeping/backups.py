"""Backups of galleries, open or not: which there are, what they would bring, and putting them back.

Restoring is done to a folder and not to an open :class:`engine.gallery.Gallery`: it must also work
where the gallery there cannot be opened any more.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine.errors import FaceGalleryError, InputError
from engine.progress import SILENT, Reporter
from engine.records import names
from engine.records.safety import Backup, Preview, Restored, Salvaged
from engine.store import Store
from engine.store.archive import Archive
from engine.store.automatic import KEPT, automatic_backups
from engine.store.backup import default_name
from engine.store.cipher import Key
from engine.store.restoring import restore as _restore
from engine.store.salvage import salvage as _salvage
from engine.store.staging import preview as _preview

LARGE_COUNT = 1_000
LARGE_SHARE = 0.2
SMALL_COUNT = 10
"""A change is large that touches more than so many faces, or more than that share of them and not
just a handful."""
_MOST_KEPT = 1_000


def preview(
    path: str | Path,
    folder: str | Path | None,
    *,
    reporter: Reporter = SILENT,
    passphrase: str | Key | None = None,
    passphrase_there: str | Key | None = None,
) -> Preview:
    """Reads a backup to the end, and tells what restoring it would bring.

    Args:
        folder: the gallery to hold it against; None holds it against none.
        passphrase: that an encrypted gallery had when the backup was made, or its key.
        passphrase_there: that the gallery in the folder has; the same unless said.

    Raises:
        BackupError: absent, foreign or damaged. GalleryTooNewError. GalleryWriteError.
        CancelledError. PassphraseNeededError, WrongPassphraseError, EncryptionMissingError.
    """
    return _preview(
        Path(path),
        None if folder is None else Path(folder),
        reporter,
        passphrase=passphrase,
        passphrase_there=passphrase_there or passphrase,
    )


def restore(
    path: str | Path,
    folder: str | Path,
    *,
    replace: bool = False,
    reporter: Reporter = SILENT,
    passphrase: str | Key | None = None,
    passphrase_there: str | Key | None = None,
) -> Restored:
    """Makes a gallery of a backup, all of it or nothing.

    Args:
        folder: a new or empty one; with ``replace`` the gallery that the backup was made from,
            open nowhere for writing. A safety backup of it is made first, whatever number is
            kept; where it is damaged its database is kept aside instead.
        passphrase, passphrase_there: as of :func:`preview`. A new gallery has the passphrase of
            the backup; one that is replaced keeps its own.

    Raises:
        BackupError, GalleryExistsError, GalleryTooNewError, GalleryBusyError,
        GalleryReadOnlyError, GalleryWriteError, CancelledError, PassphraseNeededError,
        WrongPassphraseError, EncryptionMissingError: nothing was changed.
    """
    return _restore(
        Path(path),
        Path(folder),
        replace=replace,
        reporter=reporter,
        passphrase=passphrase,
        passphrase_there=passphrase_there or passphrase,
    )


def listed(folder: str | Path) -> list[Backup]:
    """The automatic backups in a gallery's folder, newest first; the gallery may be damaged."""
    return automatic_backups(Path(folder))


def newest_sound(folder: str | Path, reporter: Reporter = SILENT) -> Backup | None:
    """The newest automatic backup that can be read to the end."""
    for backup in listed(folder):
        with suppress(FaceGalleryError), Archive(backup.path) as archive:
            archive.check(reporter)
            return backup
    return None


def salvage(folder: str | Path, target: str | Path, *, reporter: Reporter = SILENT) -> Salvaged:
    """Makes a new gallery of what can still be read in a damaged one, which stays as it is.

    Raises:
        GalleryNotFoundError, GalleryExistsError, GalleryDamagedError: no face can be read.
        GalleryWriteError, CancelledError: nothing is left.
    """
    return _salvage(Path(folder), Path(target), key_of=names.name_key, reporter=reporter)


def suggested_name(gallery: str, created: float) -> str:
    """A file name for a backup made at a time (seconds since the epoch)."""
    return default_name(gallery, created)


def keep(store: Store, number: int) -> None:
    """How many automatic backups a gallery keeps from now on; 0 makes none any more.

    Raises:
        InputError: not a number from 0 to 1000. GalleryReadOnlyError.
    """
    if not 0 <= number <= _MOST_KEPT:
        raise InputError(f"{number} backups cannot be kept", remedy="Choose 0 to 1000.")
    store.set_setting(KEPT, str(number))


def before_large_change(
    store: Store, action: str, faces: int, *, reporter: Reporter = SILENT
) -> Backup | None:
    """Makes an automatic backup where a change that is about to be made is large.

    To be called by whoever changes many faces at once (import, merge, delete, going back in the
    history), outside a transaction. Not before an erasure: it promises that the person is in no
    file any more, and a backup made just before would break that.

    Args:
        action: a word for the file's name and the list, such as ``import``.
        faces: how many faces it adds, changes or removes.

    Returns:
        what was made; None where the change is small, the gallery empty, or none are kept.

    Raises:
        GalleryWriteError: it cannot be made; the change is not to be made then either.
        CancelledError.
    """
    if faces <= SMALL_COUNT:
        return None
    enrolled = store.counts()[1]
    share = faces > LARGE_SHARE * enrolled
    if not enrolled or not (faces > LARGE_COUNT or share):
        return None
    return store.backup_automatically(action, reporter=reporter)
