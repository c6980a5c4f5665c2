"""Whether two lists of answers say the same, but for the last digits of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest

from engine.records.types import Identification

CLOSE = 2e-5
"""A distance is right to some 1e-7, and a score is up to a hundred times it."""


def assert_alike(
    answers: Sequence[Identification], others: Sequence[Identification], close: float = CLOSE
) -> None:
    """Same verdicts, names, faces and order, and numbers that are nearly the same."""
    assert len(answers) == len(others)
    for answer, other in zip(answers, others, strict=True):
        one, two = _flat(asdict(answer)), _flat(asdict(other))
        assert [value for value in one if not isinstance(value, float)] == [
            value for value in two if not isinstance(value, float)
        ]
        assert [value for value in one if isinstance(value, float)] == pytest.approx(
            [value for value in two if isinstance(value, float)], rel=1e-6, abs=close
        )


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in _flat(item)]
    if isinstance(value, (tuple, list)):
        return [one for item in value for one in _flat(item)]
    return [value]
