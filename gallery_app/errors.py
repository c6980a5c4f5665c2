"""Exceptions as one readable message; those that nobody expected with a trace in a log."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType

from engine.errors import FaceGalleryError
from engine.records.domains import harmless
from gallery_app.logs import log_file, start_logging

_log = logging.getLogger(__name__)
PROGRAM = "face-gallery"


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
        "Face Gallery has run into an internal error",
        "Your gallery was not changed. The details below help to fix the problem.",
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
            f"Face Gallery has run into an internal error ({type(error).__name__}). Details that "
            f"help to fix it are in {log(error)}"
        )
    return harmless(f"{PROGRAM}: {' '.join(text.split())}")


def log(error: BaseException) -> str:
    """Write where an error comes from to the log; return its path, as the person reads it."""
    if not logging.getLogger("gallery_app").handlers:
        start_logging()
    _log.error("Something unexpected", exc_info=error)
    return str(log_file() or "no file (none could be written)")


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
