"""What every index can do, and the checks at its border."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engine.distances import prepare
from engine.errors import EmbeddingError, FaceGalleryError, MismatchError, UnknownIdentityError
from engine.progress import SILENT, Reporter
from engine.types import Distance, Ids, Neighbours, Vectors


class VectorIndex(Protocol):
    """Nearest faces of a query. Safe to use from several threads.

    Attributes:
        dimension, distance: of the gallery; vectors of another dimension are refused.
    """

    dimension: int
    distance: Distance

    def __len__(self) -> int:
        """How many faces can be found."""
        ...

    def ids(self) -> Ids:
        """Ids of the faces that can be found, int64 ``(n,)``, ascending."""
        ...

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        """Makes faces findable, all or none of them.

        Args:
            ids: ``(n,)``, not negative, none of them in the index. An id that was removed may
                come back.
            vectors: ``(n, d)``, as they came; the index brings them to unit length where the
                distance asks for it.

        Raises:
            MismatchError: another dimension.
            EmbeddingError: a row is not finite, or all zeros under cosine.
            FaceGalleryError: an id is there already, or twice in ``ids``.
            CancelledError: stopped by the reporter.
        """
        ...

    def remove(self, ids: Ids) -> None:
        """Makes faces unfindable, all or none of them.

        Raises:
            UnknownIdentityError: an id is not in the index.
        """
        ...

    def get(self, ids: Ids) -> Vectors:
        """Vectors ``(n, d)`` as they are searched: of unit length for cosine.

        Raises:
            UnknownIdentityError: an id is not in the index.
        """
        ...

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The nearest faces, ``min(k, len(self))`` for each query; equal distances by id.

        Args:
            queries: ``(m, d)``, as they came.

        Raises:
            MismatchError, EmbeddingError: as for :meth:`add`.
        """
        ...


def prepared(vectors: Vectors, dimension: int, distance: Distance) -> Vectors:
    """Checked vectors, ready to be searched; float32 ``(n, d)``, C-contiguous.

    Raises:
        MismatchError: not ``(n, dimension)``.
        EmbeddingError: naming the first row that is not finite, too large, or zero under cosine.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise MismatchError(
            f"Vectors of shape {rows.shape} were given, (n, {dimension}) is needed",
            remedy="Use embeddings of the network that made this gallery.",
        )
    squares = np.einsum("ij,ij->i", rows, rows)  # one pass finds NaN, infinity and zeros
    usable = squares < np.inf
    if distance == "cosine":
        usable &= squares > 0
    if not usable.all():
        _refuse_row(rows, int(np.flatnonzero(~usable)[0]))
    return prepare(rows, distance)


def _refuse_row(rows: Vectors, row: int) -> None:
    if not np.isfinite(rows[row]).all():
        problem = "holds NaN or infinity"
    elif rows[row].any():
        problem = "holds numbers too large or too small to measure a distance"
    else:
        problem = "is all zeros and has no direction"
    raise EmbeddingError(f"Row {row} {problem}", remedy="Compute this embedding again.")


def checked_ids(ids: Ids, count: int) -> list[int]:
    """The ids of ``count`` rows that are about to be added.

    Raises:
        FaceGalleryError: another number of ids, a negative one, or one that comes twice.
    """
    keys: list[int] = np.asarray(ids, dtype=np.int64).ravel().tolist()
    if len(keys) != count:
        raise FaceGalleryError(f"{len(keys)} ids were given for {count} vectors")
    if keys and min(keys) < 0:
        raise FaceGalleryError(f"Face id {min(keys)} is negative")
    if len(set(keys)) != len(keys):
        raise FaceGalleryError("A face id comes twice in one addition")
    return keys


def refuse_known(known: set[int]) -> None:
    """Raises FaceGalleryError when there are ids that are in the index already."""
    if known:
        raise FaceGalleryError(
            f"Face {min(known)} is in the index already",
            remedy="Remove it first; an id is never replaced silently.",
        )


def refuse_unknown(unknown: set[int]) -> None:
    """Raises UnknownIdentityError when there are ids that the index does not hold."""
    if unknown:
        raise UnknownIdentityError(
            f"Face {min(unknown)} is not in the index",
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


def no_neighbours(queries: int) -> Neighbours:
    """The answer of an empty index, ``(queries, 0)``."""
    return Neighbours(
        np.empty((queries, 0), dtype=np.int64), np.empty((queries, 0), dtype=np.float32)
    )
