"""Writing a file so that a crash leaves the old one or the new one, never a part of either."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, data: bytes | Callable[[BinaryIO], None]) -> None:
    """Writes ``path`` and has it on disk, readable by its owner alone, before it returns.

    Args:
        data: the content, or a function that writes it to the stream it is given.

    Raises:
        OSError: nothing was written; what was at ``path`` is as it was. So for any exception
            that ``data`` raises.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if callable(data):
                data(stream)
            else:
                stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes names in a folder (created, renamed, removed) survive a power cut."""
    if os.name == "nt":  # a folder cannot be opened there; NTFS keeps names in its own journal
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
