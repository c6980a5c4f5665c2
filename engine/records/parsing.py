"""Records read back from JSON: nothing of them is taken at its word before it was looked at."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
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
    for name, hint in _hints(type(record)):
        value = getattr(record, name)
        if not _fits(value, hint):
            raise ValueError(f"{name} cannot be {repr(value)[:_SHOWN]}")
    return record


@cache
def _hints(kind: type[DataclassInstance]) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((field.name, hints[field.name]) for field in fields(kind))


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return bool(arguments[1].holds((value,)))
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in arguments)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and _all_fit(value, arguments)
    if origin is not None:
        return isinstance(value, Mapping) and all(
            _fits(key, arguments[0]) and _fits(kept, arguments[1]) for key, kept in value.items()
        )
    return hint is Any or _is_plain(value, hint)


def _all_fit(values: tuple[object, ...], hints: tuple[Any, ...]) -> bool:
    if hints[1:] == (...,):
        return all(_fits(value, hints[0]) for value in values)
    return len(values) == len(hints) and all(map(_fits, values, hints))


def _is_plain(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, int):
        return kind in (int, float) and -_LARGEST <= value < _LARGEST
    if is_dataclass(kind) and isinstance(value, kind):
        checked(value)
    return isinstance(value, kind)
