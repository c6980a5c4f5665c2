"""Whether a record holds what its annotations say, all the way down."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tests.fuzz.judging import require


def require_typed(record: object) -> None:
    """Raises WrongAnswer at the first field that holds something else."""
    hints = get_type_hints(type(record))
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        where = f"{type(record).__name__}.{field.name}"
        require(_fits(value, hints[field.name]), f"{where} is {value!r:.80}")


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(_fits(value, one) for one in arguments)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and _items_fit(value, arguments)
    if origin is not None and issubclass(origin, Mapping):
        key, kept = arguments
        return isinstance(value, Mapping) and all(
            _fits(one, key) and _fits(other, kept) for one, other in value.items()
        )
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if is_dataclass(hint) and isinstance(value, hint):
        require_typed(value)
    return isinstance(value, origin or hint)


def _items_fit(value: tuple[object, ...], arguments: tuple[Any, ...]) -> bool:
    if arguments[1:] == (...,):
        return all(_fits(one, arguments[0]) for one in value)
    return len(value) == len(arguments) and all(map(_fits, value, arguments))
