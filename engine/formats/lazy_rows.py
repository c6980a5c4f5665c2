"""Vectors that stay in their file: read when they are asked for, never mapped.

A mapped file that another program cuts short kills the process that looks at it; a read only
comes back short. Nothing is held open between two reads, so the file can be moved or deleted, and
the next read says so.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import accumulate
from typing import Any

import numpy as np

from engine.errors import EmbeddingError
from engine.formats.input_file import open_regular, unreadable
from engine.records.types import FaceBatch, Ids, Rows, Vectors
from engine.utils.packed_columns import chosen

LARGE = 1 << 24
"""Bytes of vectors from which on they stay in their file (32,768 faces of 128 numbers)."""
AT_ONCE = 4_096
"""Rows looked at together: 2 MB of 128 numbers."""
_REMEDY = "Import it again when no other program is writing to it."


@dataclass(frozen=True)
class Stamp:
    """What tells that a file is still the one that was checked."""

    device: int
    file: int
    size: int
    modified: int

    @classmethod
    def of(cls, descriptor: int) -> Stamp:
        status = os.fstat(descriptor)
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class LazyRows:
    """Rows of vectors that are brought into memory by :meth:`pick`."""

    shape: tuple[int, int]

    @abstractmethod
    def pick(self, rows: Ids) -> Vectors:
        """Float32 ``(m, d)`` of these rows, each in range. Raise EmbeddingError."""

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | slice | list[int] | Ids, /) -> Vectors:
        if isinstance(rows, slice):
            return self.pick(np.arange(*rows.indices(len(self))))
        wanted = np.atleast_1d(np.asarray(rows, dtype=np.int64))
        if wanted.size and not (wanted.min() >= 0 and wanted.max() < len(self)):
            raise IndexError(f"{len(self)} rows do not reach to {wanted.max()}")
        found = self.pick(wanted)
        return found[0] if isinstance(rows, int) else found


class FileRows(LazyRows):
    """The rows of an array in a file."""

    def __init__(
        self, path: str, stamp: Stamp, start: int, dtype: np.dtype[Any], shape: tuple[int, int]
    ) -> None:
        """
        Args:
            start: offset of the data, rows one after another.
            dtype: of its real numbers; they become float32, too large ones infinite.
        """
        self.shape = shape
        self._path = path
        self._stamp = stamp
        self._start = start
        self._dtype = dtype

    def pick(self, rows: Ids) -> Vectors:
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        descriptor, _ = open_regular(self._path)
        try:
            with FileIO(descriptor, closefd=False) as stream:
                for first, last in _runs(rows):
                    self._read(stream, int(rows[first]), found[first:last])
            if Stamp.of(descriptor) != self._stamp:
                raise self._changed()
        except OSError as error:
            raise unreadable(self._path, error) from None
        finally:
            os.close(descriptor)
        return found

    def _read(self, stream: FileIO, row: int, into: Vectors) -> None:
        """Fill an array with the rows from this one on."""
        plain = self._dtype == np.float32
        data = into if plain else np.empty(into.shape, dtype=self._dtype)
        stream.seek(self._start + row * self.shape[1] * self._dtype.itemsize)
        room = data.view(np.uint8).data.cast("B")
        while room:
            count = stream.readinto(room)
            if not count:
                raise self._changed()
            room = room[count:]
        if not plain:
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                into[:] = data

    def _changed(self) -> EmbeddingError:
        problem = "Another program changed it after it was scanned"
        return EmbeddingError(problem, file=self._path, remedy=_REMEDY)


class JoinedRows(LazyRows):
    """Rows of several sources, one after another."""

    def __init__(self, sources: Sequence[Rows]) -> None:
        self._sources = sources
        self._ends = np.array(list(accumulate(map(len, sources))), dtype=np.int64)
        self.shape = (int(self._ends[-1]), sources[0].shape[1])

    def pick(self, rows: Ids) -> Vectors:
        found = np.empty((len(rows), self.shape[1]), dtype=np.float32)
        whose = np.searchsorted(self._ends, rows, side="right")
        for which in np.unique(whose).tolist():
            mine = np.flatnonzero(whose == which)
            source = self._sources[which]
            found[mine] = source[rows[mine] - (int(self._ends[which]) - len(source))]
        return found


class ChosenRows(LazyRows):
    """Some rows of a source, in any order."""

    def __init__(self, source: Rows, rows: Ids) -> None:
        self._source = source
        self._rows = rows
        self.shape = (len(rows), source.shape[1])

    def pick(self, rows: Ids) -> Vectors:
        return self._source[self._rows[rows]]


def parts(rows: Rows) -> Iterator[Vectors]:
    """All rows in order, float32 ``(m, d)``, some thousand at a time."""
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def joined(sources: Sequence[Rows]) -> Rows:
    """Rows ``(n, d)`` of several sources, one after another; in memory where all of them are."""
    if len(sources) == 1:
        return sources[0]
    gathered: list[Rows] = []
    arrays: list[Vectors] = []
    for source in sources:
        if isinstance(source, np.ndarray):
            arrays.append(source)
            continue
        gathered += [np.concatenate(arrays)] if arrays else []
        gathered.append(source)
        arrays = []
    gathered += [np.concatenate(arrays)] if arrays else []
    return gathered[0] if len(gathered) == 1 else JoinedRows(gathered)


def chosen_rows(source: Rows, rows: Ids) -> Rows:
    """Some rows, ``(m,)``, of a source ``(n, d)``; in memory where it is."""
    return source[rows] if isinstance(source, np.ndarray) else ChosenRows(source, rows)


def chosen_faces(batch: FaceBatch, rows: Ids) -> FaceBatch:
    """Return some rows of a batch; vectors that are in a file stay there."""
    return FaceBatch(
        chosen_rows(batch.vectors, rows),
        chosen(batch.names, rows),
        chosen(batch.files, rows),
        chosen(batch.rows, rows),
        chosen(batch.photos, rows),
    )


def _runs(rows: Ids) -> Iterator[tuple[int, int]]:
    """Places where rows follow one another in the file, as first and end."""
    ends = [*(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
    return zip([0, *ends[:-1]], ends, strict=True) if len(rows) else iter(())
