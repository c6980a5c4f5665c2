"""What makes a row of numbers an embedding: finite, of the right dimension, with a direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import EmbeddingError, MismatchError
from engine.records.types import Vectors

REMEDY = "Recompute the embedding from its photo."
WHOLE = "It contains only whole numbers, like labels or titles"
WHOLE_REMEDY = "If it is an embedding, scale it to length 1."
_FEW = 4  # numbers of a row that tell most often that there are fractions
_SMALLEST_SQUARE = 1e-24  # of the norm; below it no direction is left in float32
_LARGEST_SQUARE = 1e36  # beyond it squares of differences leave float32
_NAMED_ROWS = 5


def as_rows(vectors: Vectors) -> Vectors:
    """Vectors ``(d,)`` or ``(n, d)`` of any float or integer type as float32 ``(n, d)``.

    Raises:
        EmbeddingError: they are no such array.
    """
    if isinstance(vectors, np.ndarray) and vectors.dtype == np.float32 and vectors.ndim in (1, 2):
        return vectors if vectors.ndim == 2 else vectors[None]
    try:
        rows = np.atleast_2d(np.asarray(vectors))
        if rows.dtype.kind in "fiu" and rows.ndim == 2:
            with np.errstate(over="ignore"):  # what overflows is refused as not finite
                return rows.astype(np.float32, copy=False)
    except ValueError:
        pass  # a ragged list
    raise EmbeddingError(
        "These are not vectors of numbers", remedy="Provide an array of shape (d,) or (n, d)."
    )


def usable(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Which rows of ``(n, d)`` have a norm that distances can be measured by, as bool ``(n,)``.

    One pass tells all: a NaN, an infinity or a value whose square leaves float32 shows in the
    squared norm, and so does a row of zeros.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
        return np.asarray((squares > _SMALLEST_SQUARE) & (squares < _LARGEST_SQUARE))


def whole(vectors: Vectors) -> npt.NDArray[np.bool_]:
    """Which rows of ``(n, d)`` hold whole numbers only, as bool ``(n,)``."""
    few = vectors[:, :_FEW]
    with np.errstate(invalid="ignore"):
        found = (few == np.rint(few)).all(axis=1)
        rows = np.flatnonzero(found)
        found[rows] = (vectors[rows] == np.rint(vectors[rows])).all(axis=1)
    return np.asarray(found)


def is_usable(vector: Vectors, dimension: int) -> bool:
    """Whether one row ``(d,)`` is an embedding of ``dimension`` numbers; five times as fast."""
    if len(vector) != dimension:
        return False
    return _SMALLEST_SQUARE < float(vector.dot(vector)) < _LARGEST_SQUARE


def fault(vector: Vectors) -> str:
    """What is wrong with one row ``(d,)`` that is not usable."""
    if not np.isfinite(vector).all():
        return "It contains NaN, infinity or a number too large for float32"
    if not vector.any():
        return "It is all zeros"
    size = "large" if np.abs(vector).max() > 1 else "small"
    return f"Its numbers are too {size} to compute distances"


def check_vectors(
    vectors: Vectors, *, dimension: int | None = None, file: str | Path | None = None
) -> None:
    """Check ``(n, d)``.

    Raises:
        MismatchError: d is not ``dimension``.
        EmbeddingError: a row is not finite or all zeros; its number is named.
    """
    if dimension is not None and vectors.shape[1] != dimension:
        raise mismatch(vectors.shape[1], dimension, file)
    bad = np.flatnonzero(~usable(vectors))
    if bad.size:
        problem = fault(vectors[bad[0]])
        if len(vectors) > 1:
            problem = f"{rows_in_words('Row', bad.tolist())}: {problem[0].lower()}{problem[1:]}"
        raise EmbeddingError(problem, file=file, remedy=REMEDY)


def mismatch(found: int, needed: int, file: str | Path | None) -> MismatchError:
    """The error for embeddings of another dimension."""
    return MismatchError(
        f"Its embeddings have {found} numbers, but {needed} are needed",
        file=file,
        remedy="Use embeddings from the same network as the others.",
    )


def rows_in_words(unit: str, numbers: list[int]) -> str:
    """ "Row 3", "Rows 3, 7 and 9" or "Rows 0, 1, 2, 3, 4 and 12 more"."""
    if len(numbers) == 1:
        return f"{unit} {numbers[0]}"
    shown = [str(number) for number in numbers[:_NAMED_ROWS]]
    rest = len(numbers) - len(shown)
    last = f"{rest} more" if rest else shown.pop()
    return f"{unit}s {', '.join(shown)} and {last}"
