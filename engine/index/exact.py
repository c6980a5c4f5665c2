"""Exact search by comparing with every face: the reference, and what answers during a rebuild."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from engine.errors import FaceGalleryError
from engine.index.base import (
    VectorIndex,
    checked_ids,
    merged,
    nearest_first,
    no_neighbours,
    prepared,
    refuse_known,
    refuse_unknown,
)
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Neighbours, Vectors
from engine.utils.distances import SquaresTable, between

Chunk = tuple[Ids, Vectors]
Chunks = Callable[[], Iterable[Chunk]]

_BLOCK = 1_000_000
"""Distances held in memory at once (4 MB)."""
_ROWS = 8_192
"""Faces of a block: a change copies one (4 MB of 128 numbers), not all."""
_DIFFERENCES = 4_000_000
"""Numbers of differences held at once (16 MB)."""
_SPARE = 8
"""Faces that are measured by their difference beyond those asked for."""
_GROUP = 8
"""Numbers of which only the largest is looked at first, see :func:`_largest`."""


class ExactIndex(VectorIndex):
    """A VectorIndex that never misses.

    Its faces lie in blocks of which a change makes new ones, so a search takes no lock.

    >>> index = ExactIndex(2, "cosine")
    >>> index.add(np.array([7, 8]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> index.search(np.array([[2.0, 1.0]]), k=1).ids.tolist()
    [[7]]
    """

    def __init__(self, dimension: int, distance: Distance) -> None:
        super().__init__(dimension, distance)
        self._changing = threading.Lock()
        self.blocks: tuple[Chunk, ...] = ()

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        rows = prepared(vectors, self.dimension, self.distance)
        keys = checked_ids(ids, len(rows))
        with self._changing:
            refuse_known(keys[self._held.holds(keys)])
            reporter.progress("Loading faces", 0, len(keys))
            blocks = list(self.blocks)
            if blocks and len(blocks[-1][0]) + len(keys) <= _ROWS:
                last, their = blocks.pop()
                keys, rows = np.concatenate([last, keys]), np.concatenate([their, rows])
            for at in range(0, len(keys), _ROWS):
                blocks.append((keys[at : at + _ROWS], rows[at : at + _ROWS]))
            self._held.add(keys)
            self.blocks = tuple(blocks)
        reporter.progress("Loading faces", len(ids), len(ids))

    def remove(self, ids: Ids) -> None:
        keys = np.unique(np.asarray(ids, dtype=np.int64))
        with self._changing:
            refuse_unknown(keys[~self._held.holds(keys)])
            self._held.discard(keys)
            self.blocks = tuple(_without(self.blocks, keys))

    def get(self, ids: Ids) -> Vectors:
        keys, blocks = np.asarray(ids, dtype=np.int64), self.blocks
        found = np.empty((len(keys), self.dimension), dtype=np.float32)
        missing = np.ones(len(keys), dtype=bool)
        for known, rows in blocks:
            order = np.argsort(known)
            places = np.searchsorted(known, keys, sorter=order)
            places = order[np.minimum(places, len(known) - 1)]
            here = known[places] == keys
            found[here] = rows[places[here]]
            missing &= ~here
        refuse_unknown(keys[missing])
        return found

    def search(self, queries: Vectors, k: int) -> Neighbours:
        rows = prepared(queries, self.dimension, self.distance)
        return nearest_of(rows, self.blocks, k, self.distance)

    def any_within(self, row: Vectors, distance: float) -> bool:
        """Whether a face is that near to one prepared query ``(d,)``."""
        for _, table in self.blocks:
            if self.distance == "cosine":  # one product, no more: it stands beside every query
                nearest = 1.0 - max(table.dot(row).tolist())
            else:
                nearest = float(between(row[None], table, self.distance).min())
            if nearest <= distance:
                return True
        return False


class StreamedIndex(VectorIndex):
    """Exact search over faces that lie elsewhere and are read through at every search.

    Faces can be removed, not added.
    """

    def __init__(self, dimension: int, distance: Distance, ids: Ids, chunks: Chunks) -> None:
        """
        Args:
            ids: ``(n,)``, the faces that count.
            chunks: reads through at least these; their vectors need not be prepared.
        """
        super().__init__(dimension, distance, ids)
        self._chunks = chunks

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        raise FaceGalleryError("Faces cannot be added to a read-only index")

    def remove(self, ids: Ids) -> None:
        refuse_unknown(ids[~self._held.holds(ids)])
        self._held.discard(ids)

    def get(self, ids: Ids) -> Vectors:
        copied = ExactIndex(self.dimension, self.distance)
        for known, rows in self._chunks():
            wanted = np.isin(known, ids)
            copied.add(known[wanted], rows[wanted])
        return copied.get(ids)

    def search(self, queries: Vectors, k: int) -> Neighbours:
        rows = prepared(queries, self.dimension, self.distance)
        return nearest_of(rows, self._counting(), k, self.distance)

    def _counting(self) -> Iterator[Chunk]:
        for ids, rows in self._chunks():
            counts = self._held.holds(ids)
            if not counts.all():
                ids, rows = ids[counts], rows[counts]
            yield ids, prepared(rows, self.dimension, self.distance)


def nearest_of(queries: Vectors, chunks: Iterable[Chunk], k: int, distance: Distance) -> Neighbours:
    """The k nearest, or all where there are fewer, by comparing with every face.

    Args:
        queries: ``(m, d)``, prepared.
        chunks: ids and prepared vectors; each is read once, whatever the number of queries.
    """
    best = no_neighbours(len(queries))
    if k < 1 or not len(queries):
        return best
    for ids, table in chunks:
        if len(ids):
            found = _nearest(queries, ids, table, min(k, len(ids)), distance)
            best = merged([best, found], k) if best.ids.shape[1] else found
    return best


def _nearest(queries: Vectors, ids: Ids, table: Vectors, k: int, distance: Distance) -> Neighbours:
    step = max(1, _BLOCK // len(ids))  # the whole table is read for each lot of queries
    if distance == "euclidean":
        step = max(1, min(step, _DIFFERENCES // ((k + _SPARE) * table.shape[1])))
    squares = SquaresTable(table)
    parts = []
    for at in range(0, len(queries), step):
        rows = queries[at : at + step]
        if distance == "cosine":
            parts.append(_places_by_angle(rows, table, k))
        else:
            parts.append(_places_by_length(rows, table, k, squares))
    places = np.concatenate([place for place, _ in parts])
    found = nearest_first(ids[places], np.concatenate([distances for _, distances in parts]))
    return Neighbours(found.ids[:, :k], found.distances[:, :k])


def _places_by_angle(rows: Vectors, table: Vectors, k: int) -> tuple[Ids, Vectors]:
    """Places in the table and distances of the k nearest, in any order."""
    cosines = rows @ table.T
    places = _largest(cosines, k)
    return places, np.maximum(1.0 - np.take_along_axis(cosines, places, axis=1), 0.0)


def _places_by_length(
    rows: Vectors, table: Vectors, k: int, squares: SquaresTable
) -> tuple[Ids, Vectors]:
    """Some more than k, chosen by their squares, with the lengths of the differences."""
    near = squares.minus_squares(rows)
    wanted = min(k + _SPARE, len(table))
    places = _largest(near, wanted)
    difference = rows[:, None, :] - table[places]
    return places, np.asarray(np.linalg.norm(difference, axis=2), dtype=np.float32)


def _largest(values: Vectors, k: int) -> Ids:
    """Columns of the k largest values of each row of ``(m, n)``, in any order, ``(m, k)``.

    The k largest lie in the k groups of columns with the largest maxima, so the search goes on
    there: a third of the time of numpy.argpartition on 4,000 columns.
    """
    count, width = values.shape
    groups = width // _GROUP
    if groups < 4 * k:
        return values.argpartition(width - k, axis=1)[:, width - k :].astype(np.int64, copy=False)
    whole = groups * _GROUP
    maxima = values[:, :whole].reshape(count, _GROUP, groups).max(axis=1)
    columns = _largest(maxima, k)[:, :, None] + groups * np.arange(_GROUP)
    rest = np.broadcast_to(np.arange(whole, width), (count, width - whole))
    columns = np.hstack([columns.reshape(count, -1), rest])
    chosen = values.ravel().take(columns + width * np.arange(count)[:, None])
    places = chosen.argpartition(columns.shape[1] - k, axis=1)[:, -k:]
    return np.take_along_axis(columns, places, axis=1)


def _without(blocks: Sequence[Chunk], keys: Ids) -> Iterator[Chunk]:
    """The blocks without some faces, ascending; one that loses none stays as it is."""
    for ids, rows in blocks:
        elsewhere = not len(keys) or ids.max() < keys[0] or ids.min() > keys[-1]
        stay = np.ones(len(ids), dtype=bool) if elsewhere else ~np.isin(ids, keys)
        if stay.all():
            yield ids, rows
        elif stay.any():
            first = int(stay.argmax())
            # faces that are moved elsewhere go from the front: what stays need not be copied
            kept = slice(first, None) if stay[first:].all() else stay
            yield ids[kept], rows[kept]
