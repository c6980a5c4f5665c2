"""How numbers are said to a person, in the window and on the command line alike."""

from __future__ import annotations


def counted(count: int, one: str, several: str = "") -> str:
    """``1 face``, ``2 faces``.

    Args:
        several: where it is more than ``one`` with an s.
    """
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def confidence_text(confidence: float | None) -> str:
    """Two figures at most, and never a certainty that no calibration can give."""
    if confidence is None:
        return "–"
    if confidence < 0.01:
        return "<1 %"
    if confidence > 0.99:
        return ">99 %"
    return f"{round(confidence * 100)} %"


def place_text(file: str, row: int) -> str:
    """Where a face comes from: the file, and after a colon its row where it is not the first.
    Rows count from 1 for people, from 0 in data.
    """
    return file if row == 0 else f"{file}:{row + 1}"
