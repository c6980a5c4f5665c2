"""Keeping an open gallery safe: its backups, and who may write it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from engine.errors import GalleryReadOnlyError
from engine.progress import SILENT, Reporter
from engine.recognition.recogniser import Recogniser
from engine.store import Store, encryption
from engine.store.cipher import Key


class Safekeeping(ABC):
    """What a :class:`engine.gallery.Gallery` does against loss and beside other processes."""

    folder: Path
    writable: bool
    _store: Store
    _recogniser: Recogniser

    def try_to_write(self) -> bool:
        """Takes over writing where a gallery is open for reading only because another process
        wrote it, and that has let it go; whether it can be written now.

        Raises:
            GalleryDamagedError, GalleryError: it can be read on.
        """
        self.writable = self._recogniser.take_over()
        return self.writable

    # -- encryption --------------------------------------------------------------------------

    @property
    def encrypted(self) -> bool:
        """Whether it needs a passphrase to be opened."""
        return self._store.encrypted

    @property
    def key(self) -> Key | None:
        """What opens it again, and its backups, as its passphrase does; None of a plain one."""
        return self._store.key

    def is_passphrase(self, words: str) -> bool:
        """Whether these words open it (0.2 s)."""
        return self._store.is_passphrase(words)

    def encrypt(self, passphrase: str, *, reporter: Reporter = SILENT) -> None:
        """Encrypts this gallery in place: see :func:`engine.store.encryption.encrypt`.

        It is closed and opened again meanwhile: nothing else may be asked of it until then, and
        :attr:`learning`, :attr:`corrections` and :attr:`shelf` are others afterwards.

        Raises:
            InputError: too easy to guess, or it is encrypted. As that function raises.
        """
        self._convert(
            lambda: encryption.encrypt(self.folder, passphrase, reporter=reporter), passphrase
        )

    def decrypt(self, *, reporter: Reporter = SILENT) -> None:
        """Everything in clear again. As :meth:`encrypt`."""
        key = self._store.key
        self._convert(lambda: encryption.decrypt(self.folder, key, reporter=reporter), None)

    def change_passphrase(self, new: str, *, reporter: Reporter = SILENT) -> None:
        """Another passphrase from now on. As :meth:`encrypt`."""
        key = self._store.key
        self._convert(
            lambda: encryption.change_passphrase(self.folder, key, new, reporter=reporter), new
        )

    def _convert(self, convert: Callable[[], None], new: str | None) -> None:
        if not self.writable:
            raise GalleryReadOnlyError(
                "The gallery is open for reading only",
                file=self.folder,
                remedy="Close it where it is being written, then try again.",
            )
        opens: str | Key | None = self._store.key
        self.close()
        try:
            convert()
            opens = new
        finally:
            self._take(Store.open(self.folder, passphrase=opens))

    @abstractmethod
    def _take(self, store: Store) -> None:
        """Goes on with a store that was opened anew."""

    @abstractmethod
    def close(self) -> None:
        """Lets the gallery go."""

    def change(self) -> int:
        """The change counter as committed, by whichever process."""
        return self._store.history.last_change()
