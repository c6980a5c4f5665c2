"""Writing a file so that a crash leaves the old one or the new one, never a part of either."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import BinaryIO

from engine.utils.ignoring import ignored

_SCRATCH = ".unfinished-"
_PIECE = 1 << 20
_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a named pipe without a writer would hold us for ever
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
LARGEST_TEXT = 1 << 28


def open_regular(path: Path, *, write: bool = False) -> BufferedRandom | BufferedReader:
    """Open a file that is there, itself and not what a link leads to; it never waits for it.

    Raises:
        OSError: it cannot be opened, or is a link, a folder, a pipe, a socket or a device.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise _irregular(path)
    descriptor = os.open(path, (os.O_RDWR if write else os.O_RDONLY) | _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # another one since
        os.close(descriptor)
        raise _irregular(path)
    return open(descriptor, "r+b") if write else open(descriptor, "rb")


def read_text(path: Path) -> str:
    """All of a file of ours that is UTF-8 text.

    Raises:
        OSError: as :func:`open_regular`, or it is larger than any honest one. UnicodeDecodeError.
    """
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST_TEXT:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return stream.read(LARGEST_TEXT).decode("utf-8")


def _irregular(path: Path) -> OSError:
    return OSError(errno.EINVAL, "It is not a regular file", str(path))


def write_atomically(path: Path, data: bytes | Callable[[BinaryIO], None]) -> None:
    """Write ``path`` and have it on disk, readable by its owner alone, before it returns.

    Args:
        data: the content, or a function that writes it to the stream it is given.

    Raises:
        OSError: nothing was written; what was at ``path`` is as it was. So for any exception
            that ``data`` raises. Only where the folder itself cannot be synced the new file is
            there, and a power cut may take it back.
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


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone, to be written from its start."""
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    with open(descriptor, "w+b") as stream:
        yield stream


@contextmanager
def scratch_folder(place: Path | None) -> Iterator[Path]:
    """A folder for its owner alone, gone at the end; those that killed processes left go too.

    Args:
        place: where it is to be; None for the system's temporary files.

    Raises:
        OSError: it cannot be made there.
    """
    if place is not None:
        remove_dead_scratch(place)
    prefix = f"{_SCRATCH}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as name:
        yield Path(name)


def remove_dead_scratch(place: Path) -> None:
    """Remove what :func:`scratch_folder` left there in processes that were killed."""
    for left in place.glob(f"{_SCRATCH}*"):
        if not _is_alive(left.name.removeprefix(_SCRATCH).partition("-")[0]):
            with ignored(OSError):
                remove(left)


def discard_tree(folder: Path, place: Path) -> None:
    """Take a folder away in one go: killed meanwhile, it is there or gone, never in part.

    What is left of it then lies in ``place``, on the same disk, as that of :func:`scratch_folder`
    does. Nothing where there is no such folder.
    """
    gone = place / f"{_SCRATCH}{os.getpid()}-{folder.name}-{time.monotonic_ns()}"
    with ignored(OSError):
        os.rename(folder, gone)
        remove(gone)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that it holds; one that is absent is fine. A link is
    removed, and not what it leads to.

    Raises:
        OSError: it is still there, in whole or in part.
    """
    if path.is_dir() and not is_link(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_link(path: Path) -> bool:
    """Whether it is a symbolic link, or a junction as Windows has them."""
    try:
        found = path.lstat()
    except OSError:  # ordinary: nothing is there
        return False
    tag = getattr(found, "st_reparse_tag", 0)
    junction = bool(tag) and tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    return stat.S_ISLNK(found.st_mode) or junction


def _is_alive(process: str) -> bool:
    if os.name == "nt" or not process.isdecimal():  # where a signal to ask with would end it
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # ordinary: it is somebody else's
        return True  # somebody else's
    return True


def copy_private(source: Path, to: Path) -> None:
    """A copy of a file, on disk when it returns, that its owner alone may read.

    Raises:
        OSError: as when there is something at ``to``.
    """
    to.touch(mode=0o600, exist_ok=False)
    with open_regular(source) as stream, open_regular(to, write=True) as out:
        shutil.copyfileobj(stream, out)
        out.flush()
        os.fsync(out.fileno())


def sync_tree(folder: Path) -> None:
    """Have everything in a folder on disk, names and contents."""
    for place, _, names in os.walk(folder):
        for name in names:
            sync_file(Path(place) / name)
        sync_folder(Path(place))


def sync_folder(folder: Path) -> None:
    """Make names in a folder (created, renamed, removed) survive a power cut."""
    if os.name == "nt":  # a folder cannot be opened there; NTFS keeps names in its own journal
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Have a file's content on disk."""
    with open_regular(path, write=True) as stream:
        os.fsync(stream.fileno())


def shred(path: Path) -> None:
    """Overwrite a file and remove it. An SSD, or a file system that copies on writing, may keep
    the old blocks all the same.

    Raises:
        OSError: it is still there, in whole or in part.
    """
    with open_regular(path, write=True) as stream:
        for start, end in list(_data_in(stream.fileno())):
            stream.seek(start)
            while start < end:
                start += stream.write(bytes(min(end - start, _PIECE)))
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()


def _data_in(descriptor: int) -> Iterator[tuple[int, int]]:
    """Where a file has data, from and to: a hole may be larger than the disk."""
    at, size = 0, os.fstat(descriptor).st_size
    while at < size:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
        except (AttributeError, OSError) as error:
            if getattr(error, "errno", None) != errno.ENXIO:  # nothing but a hole is left
                yield at, size
            return
        yield start, end
        at = end


def shred_tree(folder: Path) -> None:
    """Overwrite and remove all files of a folder, and the folder; what cannot be removed stays."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with ignored(OSError):
                shred(path)
    with ignored(OSError):
        remove(folder)
