"""Search of the bytes of any file for strings of bytes and for vectors of numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.records.types import Vectors

WINDOW = 16
"""Bytes in a row that are looked for."""
_NUMBERS = WINDOW // 4


class ByteSearch:
    """Finds strings of :data:`WINDOW` bytes, wherever they begin. Those of other lengths, which a
    damaged gallery may hold, are left out.
    """

    def __init__(self, strings: Iterable[bytes]) -> None:
        self._strings = frozenset(string for string in strings if len(string) == WINDOW)
        words = np.frombuffer(b"".join(self._strings), "<u4")
        self._likely = np.zeros(1 << 16, dtype=bool)  # by a number's lowest bits
        self._likely[words & 0xFFFF] = True

    def found_in(self, data: bytes) -> bool:
        """Tell whether one is there."""
        for offset in range(4):
            count = (len(data) - offset) // 4
            if count < _NUMBERS:
                break
            words = np.frombuffer(data, "<u4", count, offset)
            likely = self._likely[words & 0xFFFF]
            runs = likely[:-3] & likely[1:-2] & likely[2:-1] & likely[3:]
            starts = np.flatnonzero(runs) * 4 + offset
            if any(data[start : start + WINDOW] in self._strings for start in starts.tolist()):
                return True
        return False


TYPES = ("<f4", ">f4", "<f8", ">f8", "<f2", ">f2")
_SHORTEST = 4  # numbers of a vector; fewer are met by chance
_RUN = 9
"""Numbers in a row that are taken for a vector."""
_RUNS = 4_096
"""About so many are looked for: of many vectors some of each, which whole ones hold."""
_TELLING = 5  # different ones among them that are not zero
_TOLERANCE = 2e-3
"""Relative; float16 rounds by a fourth of it, four digits by as much as that."""
_SMALL = 1 << 20
"""Bytes in which a number may begin at any place; in more, others than float32 as this machine
writes it are looked for at multiples of their size."""
_AT_ONCE = 1_024
_NUMBER = re.compile(rb"(?<![\w+/.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# A ratio of two numbers as 10 bits: its sign, four bits of its exponent, five of its mantissa.
_LOW, _HIGH = (127 - 8) << 5, ((127 + 8) << 5) - 1
_BITS = 10


class NumberSearch:
    """Finds whole vectors, by some :data:`_RUN` numbers in a row that each of them holds."""

    def __init__(self, vectors: Vectors) -> None:
        """
        Args:
            vectors: ``(n, d)``.
        """
        self._length = min(_RUN, vectors.shape[1]) if len(vectors) else 0
        self._units = np.empty((0, self._length), dtype=np.float32)
        self._levels = np.empty(0, dtype=np.float32)
        self._likely = np.zeros(1 << (2 * _BITS), dtype=np.uint8)  # a bit for each pair of a run
        if self._length >= _SHORTEST:
            runs = np.lib.stride_tricks.sliding_window_view(vectors, self._length, axis=1)
            step = 1 + min(runs.shape[1] // 4, runs[:, :, 0].size // _RUNS)
            every = np.ascontiguousarray(runs[:, ::step], dtype=np.float32)
            self._take(every.reshape(-1, self._length))

    def _take(self, runs: Vectors) -> None:
        ordered = np.sort(runs, axis=1)
        fresh = np.diff(ordered, axis=1, prepend=-np.inf) > 0
        telling = (fresh & (ordered != 0)).sum(axis=1) >= min(_TELLING, self._length)
        runs = runs[telling]
        units = _unit(runs)
        self._units = units[np.argsort(_level(units))]
        self._levels = _level(self._units)
        with np.errstate(all="ignore"):
            ratios = runs[:, 1:] / runs[:, :-1]
        near = [_codes(ratios * np.float32(1 + off)) for off in (-_TOLERANCE, 0, _TOLERANCE)]
        for bit, place in enumerate(self._pairs()):
            for first in near:
                for second in near:
                    key = (first[:, place] << _BITS) | second[:, place + 1]
                    self._likely[key] |= np.uint8(1 << bit)

    def _pairs(self) -> range:
        """Where in a run the two ratios begin that are looked up together."""
        return range(0, self._length - 2, 2)

    def found_in(self, data: bytes) -> bool:
        """Whether one is there as numbers of NumPy's types, in either byte order."""
        if not len(self._units):
            return False
        for kind in TYPES:
            size = np.dtype(kind).itemsize
            anywhere = len(data) <= _SMALL or kind == "<f4"
            for offset in range(size if anywhere else 1):
                count = (len(data) - offset) // size
                if count >= self._length and self.found_among(
                    np.frombuffer(data, kind, count, offset)
                ):
                    return True
        return False

    def found_in_text(self, text: bytes) -> bool:
        """Whether one is there as decimal numbers."""
        if not len(self._units):
            return False
        return self.found_among(np.array([float(number) for number in _NUMBER.findall(text)]))

    def found_among(self, numbers: npt.NDArray[Any]) -> bool:
        """Whether one is among numbers ``(n,)``."""
        if len(numbers) < self._length:
            return False
        with np.errstate(all="ignore"):
            row = np.ascontiguousarray(numbers, dtype=np.float32)
            codes = _codes(row[1:] / row[:-1])
        likely = self._likely[(codes[:-1] << _BITS) | codes[1:]]
        starts = len(row) - self._length + 1
        run = np.ones(starts, dtype=np.uint8)
        for bit, place in enumerate(self._pairs()):
            run &= likely[place : place + starts] >> bit
        return any(self._is_one(row, places) for places in _lots(np.flatnonzero(run)))

    def _is_one(self, row: Vectors, places: npt.NDArray[np.int64]) -> bool:
        runs = _unit(row[places[:, None] + np.arange(self._length)])
        levels = _level(runs)
        first = np.searchsorted(self._levels, levels - 2 * _TOLERANCE)
        count = np.searchsorted(self._levels, levels + 2 * _TOLERANCE) - first
        which = np.repeat(np.arange(len(runs)), count)
        unit = np.arange(len(which)) - np.repeat(np.cumsum(count) - count - first, count)
        away = np.linalg.norm(runs[which] - self._units[unit], axis=1)
        return bool((away < _TOLERANCE).any())


def _codes(ratios: Vectors) -> npt.NDArray[np.uint32]:
    bits = np.ascontiguousarray(ratios).view(np.uint32)
    size = np.clip((bits & 0x7FFFFFFF) >> 18, _LOW, _HIGH) - np.uint32(_LOW)
    return np.asarray(size | ((bits >> 31) << (_BITS - 1)), dtype=np.uint32)


def _unit(runs: Vectors) -> Vectors:
    with np.errstate(all="ignore"):
        wide = runs.astype(np.float64)  # whatever the size of the numbers, their squares fit
        return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True), dtype=np.float32)


def _level(units: Vectors) -> Vectors:
    """One number of each run by which those like it are found; no two runs differ by more in it
    than in all.
    """
    weights = np.cos(1.7 * np.arange(units.shape[1], dtype=np.float32))
    return np.asarray(units @ (weights / np.linalg.norm(weights)), dtype=np.float32)


def _lots(places: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, len(places), _AT_ONCE):
        yield places[start : start + _AT_ONCE]
