"""The log in the settings folder: what happened where, without names, vectors or paths. No Qt here.

Lines of the engine and of the application say what happened in words of their own. Of an exception
only its type and the lines of code it went through are written: messages may hold names of people.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from engine.errors import FaceGalleryError
from engine.utils.user_folders import config_folder

_NAME = "face-gallery.log"
_LONGEST = 1 << 19  # bytes, after which a second file begins
_LOGGERS = ("engine", "gallery_app")  # those of libraries may tell more than we want to keep
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class _Discreet(logging.Formatter):
    """Writes exceptions without their messages."""

    def formatException(self, ei: _ExcInfo) -> str:
        chain: list[BaseException] = []
        link = ei[1]
        while link is not None and link not in chain:
            chain.append(link)
            link = link.__cause__ or link.__context__
        lines: list[str] = []
        for error in reversed(chain):
            for frame, line in traceback.walk_tb(error.__traceback__):
                module = frame.f_globals.get("__name__", "?")
                lines.append(f"  {module}:{line} in {frame.f_code.co_name}")
            lines.append(type(error).__qualname__)
        return "\n".join(lines)


class _LogFile(RotatingFileHandler):
    """A file that its owner alone can read, made with the first line that is written.

    It lies among the temporary files where the settings folder cannot be written.
    """

    def __init__(self) -> None:
        super().__init__(_NAME, maxBytes=_LONGEST, backupCount=1, delay=True)

    def _open(self) -> TextIOWrapper:
        try:
            folder = config_folder()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            self.baseFilename = str(folder / _NAME)
            descriptor = os.open(self.baseFilename, flags, 0o600)
        except (OSError, FaceGalleryError):  # ordinary: another place does
            descriptor, self.baseFilename = tempfile.mkstemp(prefix="face-gallery-", suffix=".log")
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written stops nobody."""


_file: _LogFile | None = None
_handlers: list[logging.Handler] = []


def start_logging(*, verbose: bool = False) -> None:
    """Log to a file, replacing what was started before.

    Args:
        verbose: in detail, and to stderr too.
    """
    global _file
    stop_logging()
    _file = _LogFile()
    _handlers.append(_file)
    if verbose:
        _handlers.append(logging.StreamHandler(sys.stderr))
    for handler in _handlers:
        handler.setFormatter(_Discreet(_FORMAT))
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
        for handler in _handlers:
            logging.getLogger(name).addHandler(handler)


def stop_logging() -> None:
    """Close the log."""
    global _file
    while _handlers:
        handler = _handlers.pop()
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(handler)
        handler.close()
    _file = None


def log_file() -> Path | None:
    """Where the log is written; None before its first line, and where none can be written."""
    return Path(_file.baseFilename) if _file is not None and _file.stream is not None else None


def last_lines(count: int) -> list[str]:
    """The end of the log of this session and of earlier ones."""
    path = log_file()
    if path is None:
        return []
    return path.read_text("utf-8", errors="replace").splitlines()[-count:]
