"""A lock that many readers may hold at once, or one writer."""

from __future__ import annotations

import threading
from collections.abc import Callable


class SharedLock:
    """Readers share it, a writer has it alone, and neither starves the other (phase-fair).

    A reader that comes while a writer waits is let in when that writer is done, before the next
    one. Used as ``with lock.read:`` and ``with lock.write:``. Not reentrant.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()  # taken by readers without the Condition's detour
        self._changed = threading.Condition(self._mutex)
        self._readers = 0
        self._readers_waiting = 0
        self._writing = False
        self._writers_waiting = 0
        self._phase = 0
        self.read = _Side(self._acquire_read, self._release_read)
        self.write = _Side(self._acquire_write, self._release_write)

    def _acquire_read(self) -> None:
        with self._mutex:
            if not (self._writing or self._writers_waiting):
                self._readers += 1
                return
            phase = self._phase
            self._readers_waiting += 1
            while self._phase == phase:  # the writer that ends the phase counts us as readers
                self._changed.wait()

    def _release_read(self) -> None:
        with self._mutex:
            self._readers -= 1
            if not self._readers and self._writers_waiting:
                self._changed.notify_all()

    def _acquire_write(self) -> None:
        with self._changed:
            self._writers_waiting += 1
            while self._writing or self._readers:
                self._changed.wait()
            self._writers_waiting -= 1
            self._writing = True

    def _release_write(self) -> None:
        with self._changed:
            self._writing = False
            self._readers += self._readers_waiting
            self._readers_waiting = 0
            self._phase += 1
            self._changed.notify_all()


class _Side:
    """One side of a SharedLock as a context manager."""

    def __init__(self, acquire: Callable[[], None], release: Callable[[], None]) -> None:
        self._acquire = acquire
        self._release = release

    def __enter__(self) -> None:
        self._acquire()

    def __exit__(self, *_: object) -> None:
        self._release()
