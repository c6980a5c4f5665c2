"""Back up, restore, salvage; and look after a gallery that another process writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import FaceGalleryError
from engine.progress import Reporter
from engine.records.safety import Backup, Preview, Restored, Salvaged
from engine.records.types import CheckReport
from engine.store import recovery
from engine.store.encryption import Key
from engine.utils import clock
from gallery_app.operations import galleries
from gallery_app.operations.context import Context
from gallery_app.tasks import Task

_WATCHING = "watching"


def back_up(context: Context, target: Path, done: Callable[[Backup], None]) -> None:
    """The open gallery into one new file; work goes on meanwhile."""
    gallery = context.gallery
    context.tasks.run(
        f"Backing up {gallery.folder.name}",
        lambda reporter: gallery.backups.write(target, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="keeping",  # questions and changes go on
    )


def suggested_name(context: Context) -> str:
    """What a backup of the open gallery made now may be called."""
    return recovery.default_backup_name(context.gallery.folder.name, clock.now())


def load_backups(context: Context, folder: Path, done: Callable[[list[Backup]], None]) -> None:
    """The automatic backups of a gallery, newest first."""
    context.tasks.run(
        "Looking for backups",
        lambda _: recovery.automatic_backups(folder),
        done=done,
        failed=context.failed,
        key="backups",
        shown=False,
    )


def load_kept(context: Context, done: Callable[[int], None]) -> None:
    """How many automatic backups the open gallery keeps."""
    gallery = context.gallery
    context.tasks.run(
        "Reading settings",
        lambda _: gallery.backups.kept,
        done=done,
        failed=context.failed,
        key="kept",
        shown=False,
    )


def keep(context: Context, number: int) -> None:
    """Sets how many automatic backups the open gallery keeps."""
    gallery = context.gallery
    context.tasks.run(
        "Saving settings",
        lambda _: gallery.backups.keep(number),
        failed=context.failed,
        lane="change",
        shown=False,
    )


def load_preview(
    context: Context,
    source: Path,
    folder: Path | None,
    done: Callable[[Preview], None],
    failed: Callable[[BaseException], None],
    *,
    passphrase: str | None = None,
) -> None:
    """What a backup holds, and how the gallery differs; only the last one asked for arrives.

    Args:
        passphrase: of an encrypted backup; the open gallery's is tried unless said.
    """
    there = _key_of(context, folder)
    context.tasks.run(
        f"Reading {source.name}",
        lambda reporter: recovery.preview_backup(
            source,
            folder,
            reporter=reporter,
            passphrase=passphrase or there,
            passphrase_there=there,
        ),
        done=done,
        failed=failed,
        lane="keeping",
        key="preview",
    )


def restore(
    context: Context,
    source: Path,
    folder: Path,
    *,
    replace: bool,
    done: Callable[[Restored], None],
    passphrase: str | None = None,
) -> Task:
    """Makes a gallery of a backup and opens it; the one that it replaces is closed before.

    Args:
        passphrase: of an encrypted backup; the open gallery's is tried unless said.
    """
    current = context.state.gallery
    there = _key_of(context, folder)
    words = passphrase or (current.key if current is not None else None)
    if replace and current is not None and current.folder == folder:
        galleries.close_gallery(context)  # in the lane of changes, before the task below

    task = context.tasks.run(
        f"Restoring {folder.name}",
        lambda reporter: recovery.restore_backup(
            source,
            folder,
            replace=replace,
            reporter=reporter,
            passphrase=words,
            passphrase_there=there,
        ),
        done=done,
        failed=context.failed,
        lane="change",
        key="restoring",
    )
    task.ended.connect(lambda: _open_again(context, folder, there or words))
    return task


def _key_of(context: Context, folder: Path | None) -> Key | None:
    """What opens the gallery in a folder again, where it is the one that is open."""
    current = context.state.gallery
    return current.key if current is not None and current.folder == folder else None


def _open_again(context: Context, folder: Path, passphrase: str | Key | None) -> None:
    """Restored, or as it was where that failed or was cancelled."""
    if (folder / "gallery.db").exists():
        galleries.open_gallery(context, folder, passphrase=passphrase)


def find_sound_backup(
    context: Context, folder: Path, done: Callable[[Backup | None], None]
) -> None:
    """The newest automatic backup that can be read to the end."""
    context.tasks.run(
        "Looking for a sound backup",
        lambda reporter: recovery.newest_sound_backup(folder, reporter),
        done=done,
        failed=context.failed,
        lane="keeping",
        key="sound backup",
    )


def repair(context: Context, done: Callable[[CheckReport], None]) -> None:
    """Makes anew what is derived and damaged."""
    gallery = context.gallery
    context.tasks.run(
        "Repairing the gallery",
        lambda reporter: gallery.check(repair=True, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="change",
    )


def salvage(context: Context, folder: Path, target: Path, done: Callable[[Salvaged], None]) -> None:
    """A new gallery of what can be read in a damaged one, which stays as it is."""
    context.tasks.run(
        f"Saving what can be read of {folder.name}",
        lambda reporter: recovery.salvage_gallery(folder, target, reporter=reporter),
        done=done,
        failed=context.failed,
        lane="change",
    )


def look(
    context: Context,
    seen: Callable[[int, bool], None],
    failed: Callable[[BaseException], None],
) -> None:
    """Takes over writing the open gallery if nobody has it any more, and reads how far it is.

    In the lane of changes: a gallery that is being closed must not be taken over.

    Args:
        seen: the change counter, and whether it can be written now.
    """
    gallery = context.gallery
    if context.tasks.is_running(_WATCHING):
        return

    def work(_: Reporter) -> tuple[int, bool] | None:
        try:
            writable = gallery.try_to_write()
            return gallery.change(), writable
        except FaceGalleryError:
            if context.state.gallery is gallery:
                raise
            return None  # closed meanwhile

    def done(found: tuple[int, bool] | None) -> None:
        if found is not None and context.state.gallery is gallery:
            seen(*found)

    context.tasks.run(
        "Looking for changes",
        work,
        done=done,
        failed=lambda error: context.state.gallery is gallery and failed(error),
        lane="change",
        key=_WATCHING,
        shown=False,
    )
