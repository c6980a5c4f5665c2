"""Folders that are watched for photographs that come, change or go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from engine.errors import InputError
from engine.formats.photo_files import has_faces_to_find
from engine.photos.network_files import require_readable_photographs

_QUIET = 1.5  # seconds without a change before it is told: copying a photograph takes a while


class FolderWatch:
    """Calls a function, from a thread of its own, some time after photographs in folders changed.

    A context manager; leaving it ends the thread.
    """

    def __init__(self, folders: Iterable[str | Path], changed: Callable[[], object]) -> None:
        """
        Args:
            changed: called without arguments; it should return at once.

        Raises:
            InputError: a folder cannot be watched. PhotographsMissingError.
        """
        require_readable_photographs()
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        watch = self

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                paths = (str(event.src_path), str(event.dest_path))
                opened = event.event_type in ("opened", "closed_no_write")
                if not opened and any(event.is_directory or has_faces_to_find(p) for p in paths):
                    watch._wait()

        self._changed = changed
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._observer = Observer()
        for folder in folders:
            try:
                self._observer.schedule(Handler(), str(folder), recursive=True)
            except OSError as error:
                raise InputError(
                    f"This folder cannot be watched: {error.strerror or error}",
                    file=folder,
                    remedy="Check that it is there and can be read.",
                ) from error
        self._observer.start()

    def _wait(self) -> None:
        """Tell of the change once it has been quiet for a while."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if not self._closed:
                self._timer = threading.Timer(_QUIET, self._changed)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Watch no more. May be called twice."""
        with self._lock:
            self._closed = True
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
