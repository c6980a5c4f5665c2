"""Exceptions as one readable message; those that nobody expected with a trace in a log."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from types import TracebackType

from engine.errors import FaceGalleryError
from engine.records.domains import harmless
from gallery_app.recent import config_folder

PROGRAM = "face-gallery"
_LOG = "errors.log"
_LONGEST = 1 << 20  # bytes, after which the log begins anew


@dataclass(frozen=True)
class Readable:
    """An error as a person reads it.

    Attributes:
        headline: what is wrong.
        text: the file it is about and what to do.
        details: for a report; the traceback where the error was not expected.
    """

    headline: str
    text: str
    details: str


def readable(error: BaseException) -> Readable:
    """Declared errors speak for themselves; anything else is a fault of ours and says so."""
    if isinstance(error, FaceGalleryError):
        lines = [error.remedy, error.file or ""]
        return Readable(error.problem, "\n".join(filter(None, lines)), str(error))
    if isinstance(error, MemoryError):
        return Readable("There is not enough memory for this", "Close other programs.", "")
    details = "".join(traceback.format_exception(error))
    return Readable(
        "Something went wrong in Face Gallery itself",
        "Your gallery is as it was before. The details below help to mend it.",
        details,
    )


def one_line(error: BaseException) -> str:
    """An error for a terminal; one that nobody expected is logged with its trace first."""
    if isinstance(error, FaceGalleryError):
        text = str(error)
    elif isinstance(error, OSError):
        text = ": ".join(filter(None, [_named(error), error.strerror or str(error)]))
    elif isinstance(error, MemoryError):
        text = "There is not enough memory for this. Close other programs."
    else:
        text = (
            f"Something went wrong in Face Gallery itself ({type(error).__name__}). "
            f"What helps to mend it is in {log(error)}"
        )
    return harmless(f"{PROGRAM}: {' '.join(text.split())}")


def log(error: BaseException) -> str:
    """Adds where an error comes from to the log in the settings folder, or to a file among the
    temporary ones; returns which. Messages stay out: they may hold names of people.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    lines = [time.strftime("\n%Y-%m-%d %H:%M:%S\n")]
    for one in reversed(chain):
        lines += [*traceback.format_tb(one.__traceback__), f"{type(one).__qualname__}\n"]
    try:
        descriptor, path = _log_file()
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("".join(lines))
    except OSError:
        return "no file: none can be written"
    return path


def _log_file() -> tuple[int, str]:
    """A file to append to that its owner alone can read, and its path."""
    try:
        folder = config_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / _LOG
        if path.exists() and path.stat().st_size > _LONGEST:
            path.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.open(path, flags, 0o600), str(path)
    except (OSError, FaceGalleryError):
        return tempfile.mkstemp(prefix=f"{PROGRAM}-", suffix=".log")


def _named(error: OSError) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""


def catch_all() -> None:
    """Errors that nobody catches, in any thread, are one line on stderr and a trace in the log."""

    def told(error: BaseException | None) -> None:
        if error is not None and not isinstance(error, SystemExit | KeyboardInterrupt):
            line = one_line(error)
            if sys.stderr is not None:  # a program without a console has none
                print(line, file=sys.stderr)

    def hook(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        told(error)

    sys.excepthook = hook
    threading.excepthook = lambda lost: told(lost.exc_value)
    sys.unraisablehook = lambda lost: told(lost.exc_value)
