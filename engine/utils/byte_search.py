"""Search of the bytes of any file for people: their vectors, digests and names."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.records.types import Vectors
from engine.utils.files import open_regular

WINDOW = 16
"""Bytes in a row of a vector that are taken for it: four of its numbers."""
_NUMBERS = WINDOW // 4
_PIECE = 1 << 24
_OVERLAP = 4_096  # no needle is longer

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


class Needles:
    """What to look for. A vector is found by any four numbers in a row, wherever they begin."""

    def __init__(
        self,
        names: Iterable[str] = (),
        vectors: Vectors | None = None,
        others: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """
        Args:
            vectors: ``(n, d)``.
            others: further byte strings, each with the kind it counts as.
        """
        forms = [form for name in names for form in _forms_of(name)]
        self._names = re.compile(b"|".join(sorted(set(forms))))
        self._named = bool(forms)
        some = [(kind, needle) for kind, needle in others if needle]
        self._others = [one for one in some if len(one[1]) != WINDOW]
        self._kinds = sorted({"vector", "name", *(kind for kind, _ in some)})
        self._windows: dict[bytes, str] = {}
        self._start = np.zeros(1 << 16, dtype=bool)
        if vectors is not None and len(vectors) and vectors.shape[1] >= _NUMBERS:
            self._take(np.ascontiguousarray(vectors, dtype="<f4"))
        for kind, needle in some:
            if len(needle) == WINDOW:
                self._windows[needle] = kind
                self._start[np.frombuffer(needle, "<u4") & 0xFFFF] = True

    def _take(self, vectors: Vectors) -> None:
        words = vectors.view("<u4")
        windows = np.lib.stride_tricks.sliding_window_view(words, _NUMBERS, axis=1)
        flat = np.ascontiguousarray(windows).reshape(-1, _NUMBERS)
        distinct = 1 + np.count_nonzero(np.diff(np.sort(flat, axis=1), axis=1), axis=1)
        telling = flat[distinct > 2]  # four zeros, or a one among zeros, are in any file
        self._windows = {row.tobytes(): "vector" for row in telling}
        self._start[telling & 0xFFFF] = True

    def count(self, data: bytes) -> Counter[str]:
        """How often each kind is in these bytes: ``vector``, ``name`` and those of the others."""
        found = Counter(dict.fromkeys(self._kinds, 0))
        if self._named:
            found["name"] += sum(1 for _ in self._names.finditer(data))
        for kind, needle in self._others:
            found[kind] += data.count(needle)
        if self._windows:
            for offset in range(4):
                found.update(self._found_windows(data, offset))
        return found

    def count_in(self, path: Path) -> Counter[str]:
        """How often a file holds each, read in pieces; what spans two pieces may count twice."""
        found: Counter[str] = Counter()
        for piece in _pieces(path):
            found += self.count(piece)
        return found

    def _found_windows(self, data: bytes, offset: int) -> Iterator[str]:
        """The kind of each."""
        count = (len(data) - offset) // 4
        if count < _NUMBERS:
            return
        words = np.frombuffer(data, "<u4", count=count, offset=offset)
        likely = self._start[words & 0xFFFF]  # the lowest bits of a number are as good as random
        run = likely[:-3] & likely[1:-2] & likely[2:-1] & likely[3:]
        starts = np.flatnonzero(run) * 4 + offset
        for start in starts.tolist():
            if kind := self._windows.get(data[start : start + WINDOW]):
                yield kind


def _pieces(path: Path) -> Iterator[bytes]:
    with open_regular(path) as stream:
        before = b""
        while piece := stream.read(_PIECE):
            yield before + piece
            before = piece[-_OVERLAP:]


def _forms_of(name: str) -> Iterator[bytes]:
    """Patterns of a name as programs write it: in several cases, Unicode forms and encodings.

    "Ann" is not in "Annabel" where a letter is a byte.
    """
    words = {name, name.lower(), name.upper(), name.casefold(), name.title()}
    words |= {word.replace(" ", "_") for word in words}
    words |= {unicodedata.normalize(form, word) for word in words for form in ("NFC", "NFD")}
    for one in words:
        for text in (one.encode(), json.dumps(one)[1:-1].encode()):
            yield rb"(?<![A-Za-z0-9])" + re.escape(text) + rb"(?![A-Za-z0-9])"
        yield from (re.escape(one.encode(code)) for code in _WIDE)


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
        return self.found_among(np.array([float(one) for one in _NUMBER.findall(text)]))

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
