"""Long lists read in columns: SQLite joins each column into one text, without a row in Python.

100,000 identities are read in some 50 ms and leave the other threads alone meanwhile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.records.parsing import parsed
from engine.store.columns import misfit
from engine.types import Ids

NEWLINE = "char(10)"
LENGTH = "length(CAST({} AS BLOB))"


def whole_numbers(column: str, joined: str | None) -> Ids:
    """Parse whole numbers with commas between them."""
    return np.array(numbers(column, joined), dtype=np.int64)


def numbers(column: str, joined: str | None) -> list[Any]:
    """Parse numbers with commas between them, as JSON: three times as fast as NumPy."""
    return fitting(column, list(parsed(f"[{joined or ''}]")))


def fitting(column: str, values: list[Any]) -> list[Any]:
    """Return the values of a column. Raise ValueError where one is outside its domain."""
    if said := misfit(column, values):
        raise ValueError(said)
    return values


def terminated(joined: str | None) -> str:
    """Return texts with newlines between them with one at the end; None stands for no text."""
    return "" if joined is None else f"{joined}\n"
