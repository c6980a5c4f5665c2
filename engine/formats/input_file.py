"""Opening a file that was handed in: a regular, readable one of a sane size, and never waiting."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from engine.errors import EmbeddingError, InputError, PhotoError

MAX_BYTES = 4 * 1024**3
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a named pipe without a writer would hold us for ever
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_PROBLEMS = {
    errno.ENOENT: ("The file or folder does not exist", "Check the path."),
    errno.ENOTDIR: ("The file or folder does not exist", "Check the path."),
    errno.EACCES: (
        "You do not have permission to read it",
        "Change its permissions and try again.",
    ),
    errno.EPERM: ("You do not have permission to read it", "Change its permissions and try again."),
    errno.ELOOP: ("It is a link to itself", "Remove the link."),
}


def open_regular(
    path: str, *, kind: type[InputError] = EmbeddingError, limit: int = MAX_BYTES
) -> tuple[int, int]:
    """Open a file for reading.

    Returns:
        The descriptor, to be closed by the caller, and the file's size in bytes.

    Raises:
        ``kind``: it does not exist, may not be read, is a folder, pipe or device, or is larger
            than ``limit`` bytes.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error, kind) from None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size <= limit:
        return descriptor, status.st_size
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode):
        raise kind(
            f"It has {status.st_size:,} bytes, more than the limit of {limit:,}",
            file=path,
            remedy="Save it again smaller."
            if issubclass(kind, PhotoError)
            else "Split it into smaller files.",
        )
    raise _not_a_file(path, status.st_mode, kind)


def open_stream(path: str) -> tuple[BinaryIO, int]:
    """Open a file that was handed in as a buffered stream. Raise EmbeddingError."""
    descriptor, size = open_regular(path)
    return os.fdopen(descriptor, "rb"), size


def unreadable(
    path: str, error: OSError | ValueError, kind: type[InputError] = EmbeddingError
) -> InputError:
    """The declared error for what the operating system said."""
    if os.path.isdir(path):  # Windows refuses to open a folder, as if for want of permission
        return _not_a_file(path, stat.S_IFDIR, kind)
    number = error.errno if isinstance(error, OSError) else None
    said = getattr(error, "strerror", None) or str(error)
    problem, remedy = _PROBLEMS.get(
        number or 0, (f"It cannot be read: {said}", "Check the path and the disk.")
    )
    return kind(problem, file=path, remedy=remedy)


def _not_a_file(path: str, mode: int, kind: type[InputError]) -> InputError:
    what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
    return kind(f"It is {what}, not a file", file=path, remedy="Use a file.")


def printable(path: str) -> str:
    """The path as sound Unicode, for lists and databases; undecodable bytes become �."""
    return path.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
