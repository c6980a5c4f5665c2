"""Records from JSON are taken only as what they are declared to be."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from engine.records.domains import checked, parsed


@dataclass(frozen=True)
class Part:
    share: float
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Whole:
    count: int
    name: str | None
    sure: bool
    parts: tuple[Part, ...]
    pair: tuple[int, str]
    by_name: Mapping[str, float | None]
    more: Any = None


SOUND = Whole(3, None, True, (Part(0.5), Part(1)), (1, "x"), {"a": None, "b": math.nan}, [{}])


def test_a_record_that_is_as_declared_comes_back_itself() -> None:
    assert checked(SOUND) is SOUND


@pytest.mark.parametrize(
    "change",
    [
        {"count": 3.0},
        {"count": True},
        {"count": 2**63},
        {"name": 5},
        {"sure": 1},
        {"parts": [Part(0.5)]},
        {"parts": (Part("0.5"),)},  # type: ignore[arg-type]
        {"parts": (Part(0.5, "c"),)},  # type: ignore[arg-type]
        {"parts": (Part(0.5, []),)},  # type: ignore[arg-type]
        {"parts": (Part(10**400),)},
        {"parts": (0.5,)},
        {"pair": (1, "x", 2)},
        {"pair": ("x", 1)},
        {"by_name": {"a": "0.5"}},
        {"by_name": {1: 0.5}},
        {"by_name": [("a", 0.5)]},
    ],
    ids=str,
)
def test_a_field_of_another_kind_is_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        checked(replace(SOUND, **change))


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_what_is_nested_too_deeply_is_refused_like_other_damage(depth: int) -> None:
    with pytest.raises(ValueError, match="deeply"):
        parsed("[" * depth + "]" * depth)


def test_a_document_is_read_as_json_reads_it() -> None:
    assert parsed(b'{"a": [1, 2.5, null]}') == json.loads('{"a": [1, 2.5, null]}')
    with pytest.raises(ValueError, match="Expecting"):
        parsed("[1, ")
