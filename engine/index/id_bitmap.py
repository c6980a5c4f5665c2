"""Which faces: a set of ids that takes a byte each instead of a Python object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.records.types import Ids

_NEAR = 1 << 26
"""Ids below it have a flag of their own (at most 64 MB); a store counts up from 1."""


class IdBitmap:
    """A set of face ids. One thread may change it while others read it.

    >>> IdBitmap(np.array([3, 5])).holds(np.array([3, 4])).tolist()
    [True, False]
    """

    def __init__(self, ids: Ids | None = None) -> None:
        self._flags: NDArray[np.bool_] = np.zeros(1024, dtype=bool)
        self._far: Ids = np.empty(0, dtype=np.int64)
        self._count = 0
        if ids is not None:
            self.add(ids)

    def __len__(self) -> int:
        return self._count

    def ids(self) -> Ids:
        """All of them, int64 ``(n,)``, ascending."""
        return np.concatenate([np.flatnonzero(self._flags), self._far])

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of these ids are in it, ``(n,)``."""
        flags, far = self._flags, self._far
        near = (ids >= 0) & (ids < len(flags))
        if near.all():
            return np.asarray(flags[ids])
        found = np.zeros(len(ids), dtype=bool)
        found[near] = flags[ids[near]]
        return found | np.isin(ids, far) if len(far) else found

    def add(self, ids: Ids) -> None:
        """Takes ids in, each of them once in ``ids``; those that are there stay."""
        new = ids[~self.holds(ids)]
        near, far = new[new < _NEAR], new[new >= _NEAR]
        if len(near):
            self._make_room(int(near.max()) + 1)
            self._flags[near] = True
        if len(far):
            self._far = np.union1d(self._far, far)
        self._count += len(new)

    def discard(self, ids: Ids) -> None:
        """Takes ids out, each of them once in ``ids``; those that are not there stay out."""
        present = ids[self.holds(ids)]
        self._flags[present[present < len(self._flags)]] = False
        if len(self._far):
            self._far = np.setdiff1d(self._far, present)
        self._count -= len(present)

    def _make_room(self, length: int) -> None:
        if length > len(self._flags):
            flags = np.zeros(max(length, min(len(self._flags) * 3 // 2, _NEAR)), dtype=bool)
            flags[: len(self._flags)] = self._flags
            self._flags = flags
