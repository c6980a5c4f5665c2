"""Numbers in words."""

from __future__ import annotations

from engine.utils.number_text import counted


def people_text(count: int) -> str:
    """ "1 person", "158 people"."""
    return counted(count, "person", "people")


def faces_text(count: int) -> str:
    """ "1 face", "1,234 faces"."""
    return counted(count, "face")


def left_text(seconds: float) -> str:
    """ "about 5 s left", "about 3 min left"."""
    if seconds < 1:
        return "almost done"
    if seconds < 90:
        return f"about {round(seconds)} s left"
    return f"about {round(seconds / 60)} min left"
