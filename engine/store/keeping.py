"""Backups of an open gallery, and putting another state in its place."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

from engine.errors import GalleryReadOnlyError, GalleryWriteError
from engine.progress import SILENT, Progress, Reporter
from engine.records.safety import Backup
from engine.store import automatic, backup
from engine.store.access import Access
from engine.store.cipher import Key


class Keeping(Access):
    """What a :class:`engine.store.Store` does against loss. Also beside a running change."""

    folder: Path
    writable: bool

    def backup(self, target: Path, *, reporter: Reporter = SILENT) -> Backup:
        """Writes all that is committed, and the models in use, to one new file.

        Raises:
            GalleryExistsError, GalleryWriteError, GalleryDamagedError, CancelledError: nothing
                is left.
        """
        with self.connection() as connection:
            return backup.write_backup(connection, self.folder, target, reporter=reporter)

    def backup_automatically(self, reason: str, *, reporter: Reporter = SILENT) -> Backup | None:
        """The same into ``backups/`` of the gallery, before a change; None where none are kept."""
        if not self.writable:
            return None  # the change will be refused
        with self.connection() as connection:
            if not automatic.number_kept(connection):
                return None
            try:
                return automatic.write_automatic(connection, self.folder, reason, reporter=reporter)
            except GalleryWriteError as error:
                raise GalleryWriteError(
                    "The backup before this change could not be written, so nothing was changed",
                    file=error.file,
                    remedy="Free some space, or keep no automatic backups.",
                ) from error

    def backups_kept(self) -> int:
        """How many automatic backups are kept; 0 makes none."""
        with self.connection() as connection:
            return automatic.number_kept(connection)

    def clear_backups(self) -> int:
        """Deletes the automatic backups and what was kept aside of damage; returns how many."""
        if not self.writable:
            raise GalleryReadOnlyError(
                "The gallery is open for reading only",
                file=self.folder,
                remedy="Close it where it is being written, then try again.",
            )
        return automatic.clear(self.folder)

    def connection(self) -> AbstractContextManager[sqlite3.Connection]:
        """For reading, within this package."""
        return self._database.reading()

    def changing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction, within this package."""
        return self._database.transaction()

    def overwrite(
        self, database: Path, reporter: Reporter = SILENT, key: Key | None = None
    ) -> None:
        """Puts another database's content in place of all that is here, in one transaction."""

        def tell(_: int, remaining: int, total: int) -> None:
            if remaining:
                reporter.check()  # once nothing remains it is committed
            reporter.tell(Progress("Restoring", total - remaining, total))

        reporter.progress("Restoring", 0, 0)
        reporter.check()
        self._database.overwrite(database, tell, key)
