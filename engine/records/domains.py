"""Domains: which values a column of a database, or a field of a record, can hold."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

LARGEST = 1 << 62
"""Of whole numbers: the next one can still be counted to in 64 bits."""
LATEST = 221_845_392_000.0
"""The first day of the year 9000: calendars can show it, and charts some centuries more."""


@dataclass(frozen=True)
class Domain:
    """The values that make sense in one place.

    Attributes:
        types: of them; None is none of these, see ``optional``.
        least, most: of a number, or of the length of text or bytes.
        refused: characters that no text here holds.
        pattern: what all of a text looks like.
        optional: whether a value may be absent.
    """

    types: frozenset[type]
    least: float
    most: float
    refused: re.Pattern[str] | None = None
    pattern: re.Pattern[str] | None = None
    optional: bool = False

    def holds(self, values: Collection[object]) -> bool:
        """Whether all of these are in it; told for thousands at once, in little time."""
        types = set(map(type, values))
        if type(None) in types and self.optional:
            return self.holds([value for value in values if value is not None])
        if not types:
            return True
        if not types <= self.types:
            return False
        found: Collection[Any] = values
        sizes = found if types <= _NUMBERS else list(map(len, found))
        if not (self.least <= min(sizes) and max(sizes) <= self.most):
            return False
        return types != {str} or self._reads(found)

    def _reads(self, texts: Collection[str]) -> bool:
        if self.pattern is not None:
            return all(map(self.pattern.fullmatch, texts))
        if self.refused is None:
            return True
        text = "".join(texts)
        return text.isprintable() or self.refused.search(text) is None


_NUMBERS = frozenset({int, float})
# C0, C1, surrogates, line and paragraph separators
_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of the text around them

_ODD = re.compile(f"[{_CONTROL}{_TURNING}]")


def harmless(text: str) -> str:
    r"""The text on one line, as a terminal or a label can show it: what would steer either of them,
    break the line or turn the direction of the text stands there as ``\x1b`` does for an escape.
    """
    if text.isprintable() and _ODD.search(text) is None:
        return text
    return _ODD.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def whole(least: int = 0, most: int = LARGEST, *, optional: bool = False) -> Domain:
    """Whole numbers."""
    return Domain(frozenset({int}), least, most, optional=optional)


def real(least: float, most: float) -> Domain:
    """Numbers, none of them NaN or infinite."""
    return Domain(_NUMBERS, least, most)


def text(most: int, *, least: int = 0, refused: str = "") -> Domain:
    """Text of so many characters.

    Args:
        refused: as in a class of characters of a regular expression.
    """
    pattern = re.compile(f"[{refused}]") if refused else None
    return Domain(frozenset({str}), least, most, refused=pattern)


def word(pattern: str) -> Domain:
    """Text that looks like this regular expression."""
    return Domain(frozenset({str}), 0, 1_000, pattern=re.compile(pattern, re.ASCII))


def blob(most: int, *, least: int = 0, optional: bool = False) -> Domain:
    """Bytes, so many."""
    return Domain(frozenset({bytes}), least, most, optional=optional)


LONG = 1 << 27
"""Of text that is put together of as many pieces as somebody chose."""
NAME = text(200, least=1, refused=f"{_CONTROL}{_TURNING}/\\\\")
"""Of an identity; what :func:`engine.records.names.check_name` ever let through."""
NOTE = text(LONG, refused=_CONTROL.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
"""Words about an identity; merging puts those of many into one."""
FILE = text(100_000)
"""A file's name may hold any character: it is made harmless where it is shown."""
ID = whole(1)
COUNT = whole()
TIME = real(0.0, LATEST)
"""Seconds since the epoch."""
MODEL_ID = word(r"[A-Za-z0-9][\w-]{0,99}")

Count = Annotated[int, COUNT]
Time = Annotated[float, TIME]
"""Fields of a record."""
