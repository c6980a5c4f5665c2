"""Opening a zip file that may list anything."""

from __future__ import annotations

import zipfile
from typing import IO, Any, cast

_ENTRY = 512  # bytes that an honest file takes in the list, with a long name


class CrowdedZipError(zipfile.BadZipFile):
    """It lists more files than any honest one."""


def open_zip(stream: IO[bytes], most: int) -> zipfile.ZipFile:
    """A zip file, to be read; the stream stays the caller's to close.

    Args:
        most: files that it may hold. A longer list is refused before it is read, for a list of
            200,000 takes seconds.

    Raises:
        CrowdedZipError: it lists more. Whatever else :class:`zipfile.ZipFile` raises.
    """
    archive = zipfile.ZipFile(cast(IO[bytes], _Bounded(stream, most)))
    archive.fp = stream
    if len(archive.infolist()) > most:
        raise CrowdedZipError(_problem(most))
    return archive


class _Bounded:
    """A stream of which only a bounded piece can be read at once, as zipfile reads the list."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self._most = most

    def read(self, size: int = -1) -> bytes:
        if size > self._most * _ENTRY:
            raise CrowdedZipError(_problem(self._most))
        return self._stream.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _problem(most: int) -> str:
    return f"It lists more than {most:,} files"
