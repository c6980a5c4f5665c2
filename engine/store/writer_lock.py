"""One process writes a gallery at a time; a second one learns who that is."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import GalleryBusyError, GalleryReadOnlyError
from engine.records.parsing import parsed
from engine.store.failures import ASK_PERMISSION
from engine.utils.files import read_text
from engine.utils.gallery_folder import LOCK, LOCK_HOLDER, GalleryFolder

_LONGEST_HOST = 255  # characters of an honest one


class WriterLock:
    """The right to write a gallery. The system takes it back when the process dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder = folder / LOCK_HOLDER
        # Not thread-local: the gallery may be closed by another thread than opened it.
        self._lock = FileLock(folder / LOCK, mode=0o600, thread_local=False)

    def acquire(self) -> None:
        """Take the lock or raise at once.

        Raises:
            GalleryBusyError: naming the process that holds it.
            GalleryReadOnlyError: the folder cannot be written.
            ForeignFileError: a link or the like is among the gallery's files.
        """
        GalleryFolder(self._folder).require_sound()
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise GalleryBusyError(
                f"{self._describe_holder()} is writing this gallery",
                file=self._folder,
                remedy="Close it there to make changes here; it can be opened for reading.",
            ) from None
        except OSError as error:
            raise GalleryReadOnlyError(
                f"The folder may not be written ({error.strerror})",
                file=self._folder,
                remedy=ASK_PERMISSION,
            ) from error
        with suppress(OSError):  # only for the message: no reason to refuse the lock
            self._name_holder()

    def release(self) -> None:
        with suppress(OSError):
            self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _name_holder(self) -> None:
        holder = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        self._holder.unlink(missing_ok=True)
        descriptor = os.open(self._holder, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(holder)

    def _describe_holder(self) -> str:
        try:
            holder = parsed(read_text(self._holder))
            pid, host = int(holder["pid"]), str(holder["host"])[:_LONGEST_HOST]
            return f"Process {pid}{'' if host == socket.gethostname() else f' on {host}'}"
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return "Another process"
