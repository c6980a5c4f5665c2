"""A gallery's store: opened for writing by one process, for reading by any number."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from engine.errors import GalleryReadOnlyError
from engine.store import cipher, converting
from engine.store.apart import Apart
from engine.store.cipher import Key
from engine.store.confirming import Confirming
from engine.store.correcting import Correcting
from engine.store.creation import made_gallery
from engine.store.database import Database
from engine.store.decisions import Decisions
from engine.store.derived import Derived
from engine.store.erasing import Erasing
from engine.store.failures import declared
from engine.store.keeping import Keeping
from engine.store.listing import Listing
from engine.store.lock import WriterLock
from engine.store.merging import Merging
from engine.store.models import Models
from engine.store.moving import Moving
from engine.store.opening import database_in, key_in, open_database
from engine.store.reading import Reading
from engine.store.shelving import Shelving
from engine.store.undoing import Undoing
from engine.store.versions import Versions
from engine.store.writing import Writing
from engine.tools.files import remove_dead_scratch
from engine.tools.gallery_folder import BACKUPS
from engine.types import Distance


class Store(
    Reading,
    Listing,
    Writing,
    Correcting,
    Moving,
    Merging,
    Decisions,
    Confirming,
    Apart,
    Shelving,
    Undoing,
    Models,
    Keeping,
    Erasing,
    Derived,
    Versions,
):
    """One gallery's database, open. Safe to use from several threads; a context manager.

    Reading never waits for a running change and sees what was committed last, also by another
    process. A change is on disk (fsync) when its method returns. sqlite3's errors come out as
    GalleryDamagedError, GalleryWriteError, GalleryReadOnlyError or GalleryBusyError.

    Attributes:
        folder: where it lives.
        dimension: numbers in an embedding.
        distance: how embeddings are compared.
        writable: False when it is open for reading only.
        encrypted: whether its database is; then nothing of it lies on disk in clear.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        lock: WriterLock | None,
        dimension: int,
        distance: Distance,
    ) -> None:
        self.folder = folder
        self.dimension = dimension
        self.distance = distance
        self.writable = database.writable
        self.encrypted = database.key is not None
        self._database = database
        self._lock = lock
        self._start_versions()

    @classmethod
    def create(
        cls,
        folder: Path,
        *,
        dimension: int = 128,
        distance: Distance = "cosine",
        passphrase: str | None = None,
    ) -> Store:
        """Makes an empty gallery, its folder and parents with it, and opens it for writing.

        Args:
            passphrase: makes it an encrypted one.

        Raises:
            GalleryExistsError: a gallery, a file or a folder with something in it is there.
            GalleryReadOnlyError, GalleryWriteError: it cannot be made there. Nothing is left.
            InputError: the passphrase is too easy to guess. EncryptionMissingError.
        """
        with made_gallery(Path(folder), dimension, distance, passphrase) as key:
            return cls.open(folder, passphrase=key)

    @classmethod
    def open(
        cls, folder: Path, *, write: bool = True, passphrase: str | Key | None = None
    ) -> Store:
        """Opens a gallery; for writing it also takes the lock and brings the schema up to date.

        Args:
            passphrase: of an encrypted gallery, or its key; a plain one needs and heeds none.

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
            database, dimension, distance = open_database(path, write, key)
            if lock is not None:
                converting.remove_leftovers(folder, encrypted=key is not None)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(folder, database, lock, dimension, distance)

    def try_to_write(self) -> bool:
        """Takes over writing where no other process has it any more; False where that is not so.

        Raises:
            GalleryDamagedError, GalleryError: as :meth:`open`; it can be read on.
        """
        if self.writable:
            return True
        lock = WriterLock(self.folder)
        try:
            lock.acquire()
        except GalleryReadOnlyError:
            return False
        try:
            self.erasure_under_way()  # whoever writes it finishes that
            with declared(self._database.path):
                self._database.take_over()
        except GalleryReadOnlyError:
            lock.release()
            return False
        except BaseException:
            lock.release()
            raise
        self._lock, self.writable = lock, True
        return True

    def close(self) -> None:
        """Lets the gallery go; waits for a running change. May be called twice."""
        self._database.close()
        self._end_versions()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def key(self) -> Key | None:
        """What it is encrypted with; None for a plain one."""
        return self._database.key

    def is_passphrase(self, words: str) -> bool:
        """Whether these words open it."""
        return self.key is not None and cipher.key_for(self._database.path, words) == self.key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
