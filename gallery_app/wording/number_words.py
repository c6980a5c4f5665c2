"""Numbers, shares, times and sizes in words."""

from __future__ import annotations

from datetime import datetime

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


def day_text(taken: str) -> str:
    """The day of a date and time as ISO 8601 writes them."""
    when = datetime.fromisoformat(taken)
    return f"{when.day} {when:%b %Y}"


def date_text(seconds: float) -> str:
    """In the local time of this computer."""
    when = datetime.fromtimestamp(seconds)
    return f"{when.day} {when:%b %Y, %H:%M}"


def share_text(share: float | None, decimals: int = 1) -> str:
    """ "99.5 %"; a dash where there is no figure."""
    return "–" if share is None else f"{share * 100:.{decimals}f} %"


def seconds_text(seconds: float) -> str:
    """ "0.8 s", "42 s", "3 min 20 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def size_text(size: int) -> str:
    """ "3.2 MB"; bytes in."""
    if size < 1_000_000:
        return f"{size / 1_000:.0f} kB"
    return f"{size / 1e6:.1f} MB" if size < 1_000_000_000 else f"{size / 1e9:.1f} GB"


_HAVE_ROWS = (".npy", ".npz", ".csv")


def row_text(file: str, row: int) -> str:
    """Return "row 2" of a table or an array, "face 2" of anything else, such as a photograph.

    Args:
        row: from 0.
    """
    what = "row" if file.lower().endswith(_HAVE_ROWS) else "face"
    return f"{what} {row + 1:,}"
