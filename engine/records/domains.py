"""JSON from elsewhere, and the domains that its values are held against."""

from __future__ import annotations

import json
import re
import time
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, partial
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)


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


def current_time() -> float:
    """Return seconds since the epoch, within :data:`TIME` even where the clock is set wrong."""
    return min(max(time.time(), 0.0), LATEST)


_LARGEST = 2**63  # what int64, and with it NumPy and SQLite, can hold
_SHOWN = 40


def parsed(text: str | bytes) -> Any:
    """The value of a JSON document.

    Raises:
        ValueError: it is none, or nested too deeply to be one of ours.
    """
    try:
        value = json.loads(text)
        if b"\xed" in text or b"\\u" in text if isinstance(text, bytes) else "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
        return value
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def checked(record: Record) -> Record:
    """The record itself, once every field holds what its annotation says, all the way down.

    A whole number is welcome where a float is meant; none may be beyond 64 bits. NaN and infinity
    are floats like others, but where the annotation names a domain.

    Raises:
        ValueError: naming the field that does not.
    """
    for name, fits in _tests(type(record)):
        value = getattr(record, name)
        if not fits(value):
            raise ValueError(f"{name} cannot be {repr(value)[:_SHOWN]}")
    return record


_Test = Callable[[Any], bool]


@cache
def _tests(kind: type[DataclassInstance]) -> tuple[tuple[str, _Test], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((field.name, _test(hints[field.name])) for field in fields(kind))


def _test(hint: Any) -> _Test:
    """Return a test of whether a value is what an annotation says."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda _: True
    if origin is None:
        return partial(_is_plain, hint)
    if origin is Annotated:
        return lambda value: arguments[1].holds((value,))
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in arguments
    tests = [_test(argument) for argument in arguments if argument is not ...]
    if origin in (Union, types.UnionType):
        return lambda value: any(test(value) for test in tests)
    if origin is not tuple:
        return lambda value: (
            isinstance(value, Mapping)
            and all(tests[0](key) and tests[1](kept) for key, kept in value.items())
        )
    if ... in arguments:
        return lambda value: isinstance(value, tuple) and all(map(tests[0], value))
    return lambda value: (
        isinstance(value, tuple)
        and len(value) == len(tests)
        and all(test(part) for test, part in zip(tests, value, strict=True))
    )


def _is_plain(kind: type, value: object) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, int):
        return kind in (int, float) and -_LARGEST <= value < _LARGEST
    if is_dataclass(kind) and isinstance(value, kind):
        checked(value)
    return isinstance(value, kind)
