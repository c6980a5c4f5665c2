"""What is left of people in any bytes, found in another way than the program finds it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from engine.records.types import Vectors

_WINDOW = 16
"""Bytes in a row of a vector that are taken for it: four of its numbers."""
_NUMBERS = _WINDOW // 4
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
        further = [(kind, needle) for kind, needle in others if needle]
        self._others = [(kind, needle) for kind, needle in further if len(needle) != _WINDOW]
        self._kinds = sorted({"vector", "name", *(kind for kind, _ in further)})
        self._windows: dict[bytes, str] = {}
        self._start = np.zeros(1 << 16, dtype=bool)
        if vectors is not None and len(vectors) and vectors.shape[1] >= _NUMBERS:
            self._take(np.ascontiguousarray(vectors, dtype="<f4"))
        for kind, needle in further:
            if len(needle) == _WINDOW:
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
            if kind := self._windows.get(data[start : start + _WINDOW]):
                yield kind


def _forms_of(name: str) -> Iterator[bytes]:
    """Patterns of a name as programs write it: in several cases, Unicode forms and encodings.

    "Ann" is not in "Annabel" where a letter is a byte.
    """
    words = {name, name.lower(), name.upper(), name.casefold(), name.title()}
    words |= {word.replace(" ", "_") for word in words}
    words |= {unicodedata.normalize(form, word) for word in words for form in ("NFC", "NFD")}
    for word in words:
        for text in (word.encode(), json.dumps(word)[1:-1].encode()):
            yield rb"(?<![A-Za-z0-9])" + re.escape(text) + rb"(?![A-Za-z0-9])"
        yield from (re.escape(word.encode(code)) for code in _WIDE)
