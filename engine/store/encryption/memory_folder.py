"""A folder in memory, for what an encrypted gallery must not lay on disk in clear."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from engine.errors import ModelError
from engine.tools.files import remove_dead_scratch, scratch_folder

_SHARED = Path("/dev/shm")
_MOUNTS = Path("/proc/self/mounts")


def missing_memory() -> str:
    """Return why nothing can be kept in memory here, one sentence; "" where it can."""
    with suppress(OSError):
        for line in _MOUNTS.read_text(encoding="utf-8").splitlines():
            kind = line.split()[1:3]
            if kind == [str(_SHARED), "tmpfs"] and os.access(_SHARED, os.W_OK):
                return ""
    return (
        "Trained models of an encrypted gallery lie in memory while it is open, and this system "
        "has no folder for that (Linux has /dev/shm)."
    )


class MemoryFolder:
    """A folder in memory that only its owner may read, made when it is first asked for and removed
    when it is closed; whatever a killed process left is removed by the next one. Safe to use from
    several threads.
    """

    def __init__(self) -> None:
        with suppress(OSError):
            if not missing_memory() and _place().is_dir():
                remove_dead_scratch(_own_place())
        self._stack = ExitStack()
        self._made: Path | None = None
        self._guard = threading.Lock()

    def path(self) -> Path:
        """Return the folder. Raise ModelError where there can be none."""
        with self._guard:
            if self._made is None:
                lacking = missing_memory()
                if lacking:
                    raise ModelError(lacking.rstrip("."), remedy="Ask k-NN, which needs no model.")
                try:
                    self._made = self._stack.enter_context(scratch_folder(_own_place()))
                except OSError as error:
                    raise ModelError(
                        f"No folder can be made in memory ({error.strerror or error})",
                        file=error.filename,
                        remedy="Free some of /dev/shm, then open the gallery again.",
                    ) from error
            return self._made

    def close(self) -> None:
        with self._guard:
            self._stack.close()
            self._made = None


def _place() -> Path:
    return _SHARED / f"face-gallery-{os.getuid()}"


def _own_place() -> Path:
    """Return the folder for all processes of this user. Raise OSError where it is another's."""
    place = _place()
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(1, "it belongs to somebody else", str(place))
    return place
