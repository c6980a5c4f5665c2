"""A gallery's store: opened for writing by one process, for reading by any number."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from engine.errors import GalleryError, GalleryReadOnlyError
from engine.records.types import Distance
from engine.store import cipher
from engine.store.backup.backups import BackupManager
from engine.store.cipher import Key
from engine.store.database import Database
from engine.store.database_checks import DatabaseChecks
from engine.store.decisions_table import DecisionsTable
from engine.store.encryption.conversion import remove_leftovers
from engine.store.erasure.database_erasure import DatabaseErasure
from engine.store.faces_table import FacesTable
from engine.store.failures import declared
from engine.store.history_table import HistoryTable
from engine.store.lifecycle import WriterLock, database_in, key_in, new_gallery, open_database
from engine.store.models_table import ModelsTable
from engine.store.people_table import PeopleTable
from engine.store.photographs_table import PhotographsTable
from engine.store.settings_table import DerivedTexts, SettingsTable
from engine.store.unknowns_table import UnknownsTable
from engine.utils.files import remove_dead_scratch
from engine.utils.gallery_folder import BACKUPS
from engine.utils.ignoring import ignored


class Store:
    """One gallery's database, open. Safe to use from several threads; a context manager.

    Reading never waits for a running change and sees what was committed last, also by another
    process. A change is on disk (fsync) when its method returns. sqlite3's errors come out as
    GalleryDamagedError, GalleryWriteError, GalleryReadOnlyError or GalleryBusyError.

    Attributes:
        folder: the gallery's folder.
        dimension: numbers in an embedding.
        distance: how embeddings are compared.
        encrypted: whether its database is; then nothing of it lies on disk in clear.
        people, faces, history, decisions, unknowns, photographs, models, settings, derived,
            checks, backups, erasure: the parts of the store, which share its database.
        database: the database itself, for the parts of this package.
    """

    def __init__(self, database: Database, lock: WriterLock | None) -> None:
        self.folder = database.path.parent
        self.dimension = database.dimension
        self.distance: Distance = database.distance
        self.encrypted = database.key is not None
        self.database = database
        self.people = PeopleTable(database)
        self.faces = FacesTable(database)
        self.history = HistoryTable(database)
        self.decisions = DecisionsTable(database)
        self.unknowns = UnknownsTable(database)
        self.photographs = PhotographsTable(database)
        self.models = ModelsTable(database)
        self.settings = SettingsTable(database)
        self.derived = DerivedTexts(database)
        self.checks = DatabaseChecks(database)
        self.backups = BackupManager(database)
        self.erasure = DatabaseErasure(database)
        self._lock = lock

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        dimension: int = 128,
        distance: Distance = "cosine",
        passphrase: str | None = None,
    ) -> Store:
        """Create an empty gallery, its folder and parents with it, and open it for writing.

        Args:
            passphrase: encrypts it.

        Raises:
            GalleryExistsError: a gallery, a file or a folder with something in it is there.
            GalleryReadOnlyError, GalleryWriteError: it cannot be made there. Nothing is left.
            InputError: the passphrase is too easy to guess. EncryptionMissingError.
        """
        with new_gallery(Path(folder), dimension, distance, passphrase) as key:
            return cls.open(folder, passphrase=key)

    @classmethod
    def open(
        cls, folder: Path, *, write: bool = True, passphrase: str | Key | None = None
    ) -> Store:
        """Open a gallery; for writing it also takes the lock and brings the schema up to date.

        Args:
            passphrase: of an encrypted gallery, or its key; a plain one ignores it.

        Raises:
            GalleryNotFoundError: none there. GalleryTooNewError: of a newer version; untouched.
            GalleryDamagedError: not a gallery's database, or one that cannot be read.
            ForeignFileError: a link or the like is among the gallery's files.
            GalleryBusyError: another process writes it (only with ``write``).
            GalleryReadOnlyError: it may not be written (with ``write``), or would have to be to
                be read: its schema is old, or it was not closed properly.
            PassphraseNeededError, WrongPassphraseError, EncryptionMissingError.
        """
        folder = Path(folder)
        path = database_in(folder)
        key = key_in(folder, passphrase)
        lock = WriterLock(folder) if write else None
        if lock is not None:
            lock.acquire()
            for place in (folder, folder / BACKUPS):
                remove_dead_scratch(place)  # whole copies of the gallery may lie there
        try:
            database = open_database(path, write, key)
            if lock is not None:
                remove_leftovers(folder, encrypted=key is not None)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(database, lock)

    @property
    def writable(self) -> bool:
        """Whether it is open for writing."""
        return self.database.writable

    @property
    def key(self) -> Key | None:
        """Key of an encrypted gallery; None for a plain one."""
        return self.database.key

    def try_to_write(self) -> bool:
        """Take over writing where no other process writes it any more; tell whether it did.

        Raises:
            GalleryDamagedError, GalleryError: it cannot be opened for writing; reading goes on.
        """
        if self.writable:
            return True
        lock = WriterLock(self.folder)
        try:
            lock.acquire()
        except GalleryReadOnlyError:  # ordinary: another process writes it
            return False
        try:
            self.erasure.unfinished()  # raises for a note that whoever writes may not follow
            with declared(self.database.path):
                self.database.take_over()
        except GalleryReadOnlyError:  # ordinary: another process writes it
            lock.release()
            return False
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        return True

    def is_passphrase(self, words: str) -> bool:
        """Tell whether these words open it."""
        return self.key is not None and cipher.key_for(self.database.path, words) == self.key

    def close(self) -> None:
        """Wait for a running change and close the gallery. It may be called twice."""
        if self.writable and self._lock is not None:
            with ignored(GalleryError):  # what is not needed any more can go the next time
                self.photographs.delete_unused()
        self.database.close()
        self.models.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
