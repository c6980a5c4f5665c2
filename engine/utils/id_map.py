"""Ids to ids, as two arrays: a dict of a million faces takes ten times their memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.records.types import Ids

_Kind = TypeVar("_Kind", bound=np.generic)
_ROOM = 1.25
"""How much larger the arrays are made than what must go in, so that one more costs nothing."""


class IdMap:
    """A value for each key, both int64 and not negative.

    Keys that are taken away keep their place, to come back without moving the others.
    """

    def __init__(self, keys: Ids | None = None, values: Ids | None = None) -> None:
        """
        Args:
            keys: ascending, each once, ``(n,)``.
            values: ``(n,)``.
        """
        none = np.empty(0, dtype=np.int64)
        self._keys: Ids = none if keys is None else keys
        self._values: Ids = none if values is None else values
        self._used = len(self._keys)

    def find(self, keys: Ids) -> Ids:
        """The value of each key, of any shape; -1 where there is none."""
        if not self._used:
            return np.full(np.shape(keys), -1, dtype=np.int64)
        known, last = self._keys[: self._used], self._used - 1
        places = keys - known[0] if self._gapless else known.searchsorted(keys)
        places = np.clip(places, 0, last)
        found: Ids = np.where(known[places] == keys, self._values[places], -1)
        return found

    def few(self, keys: Sequence[int]) -> list[int]:
        """Look up a few keys, in plain numbers: a third of the time for ten of them."""
        if not self._gapless:
            return [int(value) for value in self.find(np.array(keys, dtype=np.int64))]
        first, values, used = self._keys.item(0), self._values, self._used
        return [values.item(key - first) if 0 <= key - first < used else -1 for key in keys]

    @property
    def _gapless(self) -> bool:
        """Whether keys follow one another, as ids mostly do: a key tells its place then."""
        used = self._used
        return used > 0 and self._keys.item(used - 1) - self._keys.item(0) == used - 1

    def items(self) -> tuple[Ids, Ids]:
        """Keys, ascending, and their values, ``(n,)`` each; they may change with the map."""
        keys, values = self._keys[: self._used], self._values[: self._used]
        there = values >= 0
        return (keys, values) if there.all() else (keys[there], values[there])

    def put(self, keys: Ids, values: Ids) -> None:
        """Give keys these values; -1 takes a key away.

        Args:
            keys: ascending, each once, ``(n,)``.
            values: ``(n,)``.
        """
        known = self._keys[: self._used]
        places = known.searchsorted(keys)
        there = places < self._used
        there[there] = known[places[there]] == keys[there]
        self._values[places[there]] = values[there]
        self._insert(keys[~there], values[~there])

    def _insert(self, keys: Ids, values: Ids) -> None:
        if not len(keys):
            return
        used = self._used + len(keys)
        if self._used and keys[0] < self._keys[self._used - 1]:
            places = self._keys[: self._used].searchsorted(keys)
            self._values = np.insert(self._values[: self._used], places, values)
            self._keys = np.insert(self._keys[: self._used], places, keys)
        else:
            self._keys, self._values = grown(self._keys, used), grown(self._values, used)
            self._keys[self._used : used], self._values[self._used : used] = keys, values
        self._used = used


def grown(array: npt.NDArray[_Kind], needed: int) -> npt.NDArray[_Kind]:
    """An array ``(n, ...)`` itself, or its rows in a larger one where fewer than needed."""
    if len(array) >= needed:
        return array
    larger = np.empty((int(needed * _ROOM) + 8, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
