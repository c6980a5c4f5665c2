"""Back up, restore, repair and salvage galleries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.records.domains import current_time
from engine.records.safety import Backup, Preview, Restored, Salvaged
from engine.records.types import CheckReport
from engine.store import recovery
from engine.store.encryption import Key
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Change, Query


def back_up(context: Context, target: Path, done: Callable[[Backup], None]) -> None:
    """Write the open gallery into one new file; queries and changes go on meanwhile."""
    Query(
        f"Backing up {context.gallery.folder.name}",
        lambda gallery, reporter: gallery.backups.write(target, reporter=reporter),
        lane="keeping",
        shown=True,
    ).run(context, done)


def suggested_name(context: Context) -> str:
    """What a backup of the open gallery made now may be called."""
    return recovery.default_backup_name(context.gallery.folder.name, current_time())


def load_backups(context: Context, folder: Path, done: Callable[[list[Backup]], None]) -> None:
    """The automatic backups of a gallery, newest first."""
    Query("Looking for backups", lambda *_: recovery.automatic_backups(folder), "backups").run(
        context, done
    )


def load_kept(context: Context, done: Callable[[int], None]) -> None:
    """How many automatic backups the open gallery keeps."""
    Query("Reading settings", lambda gallery, _: gallery.backups.kept, "kept").run(context, done)


def keep(context: Context, number: int) -> None:
    """Set how many automatic backups the open gallery keeps."""
    Change(
        "Saving settings",
        lambda gallery, _: gallery.backups.keep(number),
        shown=False,
        changes=lambda _: None,
    ).run(context)


def load_preview(
    context: Context,
    source: Path,
    folder: Path | None,
    done: Callable[[Preview], None],
    failed: Callable[[BaseException], None],
    *,
    passphrase: str | None = None,
) -> None:
    """What a backup holds, and how the gallery differs.

    Args:
        passphrase: of an encrypted backup; by default the open gallery's is tried.
    """
    own = _key_of(context, folder)
    Query(
        f"Reading {source.name}",
        lambda _, reporter: recovery.preview_backup(
            source, folder, reporter=reporter, passphrase=passphrase or own, passphrase_there=own
        ),
        "preview",
        "keeping",
        shown=True,
    ).run(context, done, failed=failed)


def restore(
    context: Context,
    source: Path,
    folder: Path,
    *,
    replace: bool,
    done: Callable[[Restored], None],
    passphrase: str | None = None,
) -> None:
    """Make a gallery of a backup and open it; the one that it replaces is closed before.

    Args:
        passphrase: of an encrypted backup; by default the open gallery's is tried.
    """
    current = context.state.gallery
    own = _key_of(context, folder)
    words = passphrase or (current.key if current is not None else None)
    if replace and current is not None and current.folder == folder:
        galleries.close_gallery(context)  # in the lane of changes, before it is replaced

    def open_again() -> None:
        """Restored, or as it was where that failed or was cancelled."""
        if (folder / "gallery.db").exists():
            galleries.open_gallery(context, folder, passphrase=own or words)

    task = Change(
        f"Restoring {folder.name}",
        lambda _, reporter: recovery.restore_backup(
            source,
            folder,
            replace=replace,
            reporter=reporter,
            passphrase=words,
            passphrase_there=own,
        ),
        "restoring",
        changes=lambda _: None,  # it is opened anew
    ).run(context, done)
    task.ended.connect(open_again)


def _key_of(context: Context, folder: Path | None) -> Key | None:
    """What opens the gallery in a folder again, where it is the one that is open."""
    current = context.state.gallery
    return current.key if current is not None and current.folder == folder else None


def find_sound_backup(
    context: Context, folder: Path, done: Callable[[Backup | None], None]
) -> None:
    """The newest automatic backup that can be read to the end."""
    Query(
        "Looking for an intact backup",
        lambda _, reporter: recovery.newest_sound_backup(folder, reporter),
        "sound backup",
        "keeping",
        shown=True,
    ).run(context, done)


def repair(context: Context, done: Callable[[CheckReport], None]) -> None:
    """Make anew what is derived and damaged; faces may be taken out."""
    Change(
        "Repairing the gallery",
        lambda gallery, reporter: gallery.check(repair=True, reporter=reporter),
    ).run(context, done)


def salvage(context: Context, folder: Path, target: Path, done: Callable[[Salvaged], None]) -> None:
    """Make a new gallery of what can be read in a damaged one, which stays as it is."""
    Change(
        f"Salvaging {folder.name}",
        lambda _, reporter: recovery.salvage_gallery(folder, target, reporter=reporter),
        changes=lambda _: None,
    ).run(context, done)
