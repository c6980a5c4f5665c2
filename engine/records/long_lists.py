"""Long lists in columns: a few arrays for any number of rows, and a row is made when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from engine.records.types import Face, Ids


class Texts:
    """Many short texts in one piece of UTF-8, each ended by a newline, which it may contain too.

    Attributes:
        letters: uint8, all of it.
        starts: int64 ``(n + 1,)``, where each begins; the last is the length of all.
    """

    def __init__(self, data: bytes, starts: Ids) -> None:
        self._data = data
        self.letters = np.frombuffer(data, dtype=np.uint8)
        self.starts = starts

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        parts = [f"{text}\n".encode() for text in texts]
        return cls(b"".join(parts), _running([len(part) for part in parts]))

    @classmethod
    def of_lines(cls, lines: str) -> Texts:
        """Each line of a text, which ends with a newline where there are any."""
        data = lines.encode()
        ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
        return cls(data, np.concatenate([[0], ends]))

    @classmethod
    def of_lengths(cls, joined: str, lengths: Sequence[int] | Ids) -> Texts:
        """Texts that end with a newline each, by their lengths ``(n,)`` in bytes without it.

        Raises:
            ValueError: they do not add up.
        """
        data, starts = joined.encode(), _running(np.asarray(lengths, dtype=np.int64) + 1)
        if starts[-1] != len(data):
            raise ValueError(f"{len(data)} bytes of text where {starts[-1]} were told")
        return cls(data, starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(len(self)))

    def __getitem__(self, at: int) -> str:
        return self._data[self.starts[at] : self.starts[at + 1] - 1].decode()

    def __add__(self, other: Texts) -> Texts:
        starts = np.concatenate([self.starts, other.starts[1:] + len(self._data)])
        return Texts(self._data + other._data, starts)

    def take(self, rows: Ids) -> Texts:
        """Rows ``(m,)`` in their order; quick where long runs of them stay together."""
        if not len(rows):
            return Texts.of(())
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        firsts = self.starts[rows[np.concatenate([[0], breaks])]].tolist()
        ends = self.starts[rows[np.concatenate([breaks - 1, [-1]])] + 1].tolist()
        data = b"".join(self._data[first:end] for first, end in zip(firsts, ends, strict=True))
        return Texts(data, _running(np.diff(self.starts)[rows]))


def _running(lengths: Sequence[int] | Ids) -> Ids:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


@dataclass(frozen=True, eq=False)
class FaceColumns(Sequence[Face]):
    """The faces of one identity in order of enrolment; a :class:`Face` is made when asked for.

    Attributes:
        ids, rows: int64 ``(n,)``; ids ascending.
        added: float64 ``(n,)``, seconds since the epoch.
        photographed: bool ``(n,)``.
    """

    identity_id: int
    name: str
    ids: Ids
    rows: Ids
    added: npt.NDArray[np.float64]
    photographed: npt.NDArray[np.bool_]
    files: Texts

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Face: ...
    @overload
    def __getitem__(self, at: slice) -> list[Face]: ...
    def __getitem__(self, at: int | slice) -> Face | list[Face]:
        if isinstance(at, slice):
            return [self[row] for row in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return Face(
            int(self.ids[at]), self.identity_id, self.name, self.files[at],
            int(self.rows[at]), float(self.added[at]), bool(self.photographed[at]),
        )  # fmt: skip

    def row_of(self, face: int) -> int:
        """Where this face stands, or -1."""
        row = int(np.searchsorted(self.ids, face))
        return row if row < len(self) and self.ids[row] == face else -1
