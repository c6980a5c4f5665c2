"""Exceptions as one readable message, with details to copy."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from engine.errors import FaceGalleryError


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
