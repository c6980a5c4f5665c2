"""The interface of an index, the checks of what comes in, and which faces it holds."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import EmbeddingError, FaceGalleryError, MismatchError, UnknownIdentityError
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Neighbours, Vectors
from engine.utils.distances import prepare

Nearest = tuple[list[int], list[float]]
"""Ids and distances of the nearest faces of one query, nearest first."""


class VectorIndex(ABC):
    """Nearest faces of a query. Safe to use from several threads.

    Attributes:
        dimension, distance: of the gallery; vectors of another dimension are refused.
    """

    def __init__(self, dimension: int, distance: Distance, ids: Ids | None = None) -> None:
        """
        Args:
            ids: ``(n,)``, faces that can be found from the start.
        """
        self.dimension = dimension
        self.distance: Distance = distance
        self._held = IdBitmap(ids)

    def __len__(self) -> int:
        """Number of faces that can be found."""
        return len(self._held)

    def ids(self) -> Ids:
        """Ids of the faces that can be found, int64 ``(n,)``, ascending."""
        return self._held.ids()

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of these ids can be found, ``(n,)``."""
        return self._held.holds(np.asarray(ids, dtype=np.int64))

    @abstractmethod
    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        """Make faces findable, all or none of them.

        Args:
            ids: ``(n,)``, not negative, none of them in the index. An id that was removed may
                come back.
            vectors: ``(n, d)``, as they came; for cosine the index scales them to unit length.

        Raises:
            MismatchError: another dimension.
            EmbeddingError: a row is not finite, or all zeros under cosine.
            FaceGalleryError: an id is in the index already, or twice in ``ids``.
            CancelledError: stopped by the reporter.
        """

    @abstractmethod
    def remove(self, ids: Ids) -> None:
        """Make faces ``(n,)`` unfindable, all or none of them.

        Raises:
            UnknownIdentityError: an id is not in the index.
        """

    @abstractmethod
    def get(self, ids: Ids) -> Vectors:
        """Vectors ``(n, d)`` as they are searched: of unit length for cosine.

        Raises:
            UnknownIdentityError: an id is not in the index.
        """

    @abstractmethod
    def search(self, queries: Vectors, k: int) -> Neighbours:
        """Nearest faces, ``min(k, len(self))`` for each query; equal distances by id.

        Args:
            queries: ``(m, d)``, as they came.

        Raises:
            MismatchError, EmbeddingError: as for :meth:`add`.
        """

    def nearest(self, row: Vectors, k: int) -> Nearest:
        """Nearest faces of one prepared query ``(d,)``, in plain numbers; see :meth:`search`."""
        found = self.search(row[None], k)
        return found.ids[0].tolist(), found.distances[0].tolist()


def prepared(vectors: Vectors, dimension: int, distance: Distance) -> Vectors:
    """Checked vectors, ready to be searched; float32 ``(n, d)``, C-contiguous.

    Raises:
        MismatchError: not ``(n, dimension)``.
        EmbeddingError: naming the first row that is not finite, too large, or zero under cosine.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.shape == (1, dimension):
        return _prepared_row(rows, distance)
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise MismatchError(
            f"Vectors have shape {rows.shape}, but (n, {dimension}) is needed",
            remedy="Use embeddings from the network this gallery was made with.",
        )
    squares = np.einsum("ij,ij->i", rows, rows)  # one pass finds NaN, infinity and zeros
    usable = squares < np.inf
    if distance == "cosine":
        usable &= squares > 0
    if not usable.all():
        _refuse_row(rows, int(np.flatnonzero(~usable)[0]))
    return prepare(rows, distance)


def _prepared_row(rows: Vectors, distance: Distance) -> Vectors:
    """One row: in Python's own numbers a third of the time that arrays of one take."""
    square = float(np.dot(rows[0], rows[0]))
    if not square < math.inf or (square <= 0 and distance == "cosine"):
        _refuse_row(rows, 0)
    if distance == "euclidean":
        return np.ascontiguousarray(rows)
    made: Vectors = rows * np.float32(1 / max(math.sqrt(square), 1e-12))
    return made


def _refuse_row(rows: Vectors, row: int) -> None:
    if not np.isfinite(rows[row]).all():
        problem = "holds NaN or infinity"
    elif rows[row].any():
        problem = "holds numbers too large or too small to measure a distance"
    else:
        problem = "is all zeros and has no direction"
    raise EmbeddingError(f"Row {row} {problem}", remedy="Recompute this embedding.")


def checked_ids(ids: Ids, count: int) -> Ids:
    """Ids of ``count`` rows to be added, int64 ``(count,)``.

    Raises:
        FaceGalleryError: another number of ids, a negative one, or one that comes twice.
    """
    keys = np.asarray(ids, dtype=np.int64).ravel()
    if len(keys) != count:
        raise FaceGalleryError(f"{len(keys)} ids were given for {count} vectors")
    if len(keys) and keys.min() < 0:
        raise FaceGalleryError(f"Face id {keys.min()} is negative")
    if len(np.unique(keys)) != len(keys):
        raise FaceGalleryError("A face id comes twice in one addition")
    return keys


def refuse_known(known: Ids) -> None:
    """Raise FaceGalleryError when there are ids ``(n,)`` that are in the index already."""
    if len(known):
        raise FaceGalleryError(
            f"Face {known.min()} is in the index already",
            remedy="Remove it first; an id is never replaced silently.",
        )


def refuse_unknown(unknown: Ids) -> None:
    """Raise UnknownIdentityError when there are ids ``(n,)`` that the index does not hold."""
    if len(unknown):
        raise UnknownIdentityError(
            f"Face {unknown.min()} is not in the index",
            remedy="Check the gallery with `face-gallery check`.",
        )


def nearest_first(ids: Ids, distances: Vectors) -> Neighbours:
    """Neighbours ``(m, k)`` in order of distance, equal ones in order of id."""
    if (distances[:, 1:] > distances[:, :-1]).all():  # sorting would cost half a query
        return Neighbours(ids, distances)
    order = np.lexsort((ids, distances), axis=1)
    return Neighbours(
        np.take_along_axis(ids, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )


def merged(answers: Sequence[Neighbours], k: int) -> Neighbours:
    """The k nearest of several answers ``(m, …)`` to the same queries, a face of several once."""
    ids = np.concatenate([answer.ids for answer in answers], axis=1)
    distances = np.concatenate([answer.distances for answer in answers], axis=1)
    order = np.lexsort((distances, ids), axis=1)
    ids, distances = (np.take_along_axis(column, order, axis=1) for column in (ids, distances))
    again = np.zeros(ids.shape, dtype=bool)
    again[:, 1:] = ids[:, 1:] == ids[:, :-1]
    distances = np.where(again, np.float32(np.inf), distances)
    found = nearest_first(ids, distances)
    count = min(k, int((~again).sum(axis=1).min(initial=k)))
    return Neighbours(found.ids[:, :count], found.distances[:, :count])


def no_neighbours(queries: int) -> Neighbours:
    """The answer of an empty index, ``(queries, 0)``."""
    return Neighbours(
        np.empty((queries, 0), dtype=np.int64), np.empty((queries, 0), dtype=np.float32)
    )


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
        """Take in ids ``(n,)``, each of them once; those that are there stay."""
        new = ids[~self.holds(ids)]
        near, far = new[new < _NEAR], new[new >= _NEAR]
        if len(near):
            self._make_room(int(near.max()) + 1)
            self._flags[near] = True
        if len(far):
            self._far = np.union1d(self._far, far)
        self._count += len(new)

    def discard(self, ids: Ids) -> None:
        """Take out ids ``(n,)``, each of them once; those that are not there stay out."""
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
