"""Keeping an open gallery safe: its backups, and who may write it."""

from __future__ import annotations

import time
from pathlib import Path

from engine import backups
from engine.progress import SILENT, Reporter
from engine.recogniser import Recogniser
from engine.safety import Backup
from engine.store import Store


class Safekeeping:
    """What a :class:`engine.gallery.Gallery` does against loss and beside other processes."""

    folder: Path
    writable: bool
    _store: Store
    _recogniser: Recogniser

    def backup(self, target: str | Path, *, reporter: Reporter = SILENT) -> Backup:
        """Writes all that is committed, and the models in use, to one new file; also while
        somebody changes the gallery. It is checked before it takes its name.

        Args:
            target: a file that is not there yet, or a folder to make one in.

        Raises:
            GalleryExistsError, GalleryWriteError, GalleryDamagedError, CancelledError: nothing
                is left.
        """
        path = Path(target)
        if path.is_dir():
            path /= backups.suggested_name(self.folder.absolute().name, time.time())
        return self._store.backup(path, reporter=reporter)

    def backups(self) -> list[Backup]:
        """The automatic backups, newest first; they are made before large changes and updates."""
        return backups.listed(self.folder)

    @property
    def backups_kept(self) -> int:
        """How many automatic backups are kept; 0 makes none."""
        return self._store.backups_kept()

    def keep_backups(self, number: int) -> None:
        """Sets :attr:`backups_kept`. Raises InputError: not 0 to 1000. GalleryReadOnlyError."""
        backups.keep(self._store, number)

    def clear_backups(self) -> int:
        """Deletes the automatic backups, and damaged databases that were kept aside: they still
        hold whoever was removed since. Backups made elsewhere are not known here.

        Returns:
            how many there were.

        Raises:
            GalleryReadOnlyError, GalleryWriteError.
        """
        return self._store.clear_backups()

    def try_to_write(self) -> bool:
        """Takes over writing where a gallery is open for reading only because another process
        wrote it, and that has let it go; whether it can be written now.

        Raises:
            GalleryDamagedError, GalleryError: it can be read on.
        """
        self.writable = self._recogniser.take_over()
        return self.writable

    def change(self) -> int:
        """The change counter as committed, by whichever process."""
        return self._store.change()
