"""Vectors as the database holds them: float32, little-endian, with a digest of the bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from engine.progress import SILENT, Reporter
from engine.records.types import Ids, Rows, Vectors

STORED = np.dtype("<f4")
_DIGEST = 16
COMPARING = "Comparing faces"
_AT_ONCE = 4_096  # rows, 2 MB of 128 numbers
Digests = npt.NDArray[np.uint64]
"""Digests of many vectors, ``(n, 2)``: 16 bytes a row."""


def to_blobs(vectors: Vectors) -> list[bytes]:
    """Return a blob of ``4 d`` bytes for each row of ``(n, d)``."""
    data = np.ascontiguousarray(vectors, dtype=STORED).tobytes()
    size = vectors.shape[1] * STORED.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Decode blobs into float32 ``(n, d)``.

    Raises:
        ValueError: the sizes do not fit, or a number is none: what was enrolled is finite.
    """
    rows = np.frombuffer(b"".join(blobs), dtype=STORED).reshape(len(blobs), dimension)
    if not np.isfinite(rows).all():
        raise ValueError("an embedding contains NaN or infinity")
    return rows.astype(np.float32)  # native byte order, and writable


def altered(blobs: Sequence[bytes], digests: Sequence[bytes]) -> list[int]:
    """Return the positions of blobs that do not match their digests."""
    made = list(map(digest_of, blobs))
    if made == list(digests):
        return []
    return [at for at, digest in enumerate(digests) if made[at] != digest]


def size_of(dimension: int) -> int:
    """Return the number of bytes of one blob."""
    return dimension * STORED.itemsize


def digest_of(blob: bytes) -> bytes:
    """Return 16 bytes that stand for exactly this vector."""
    return blake2b(blob, digest_size=_DIGEST).digest()


def digest_list(vectors: Vectors) -> list[bytes]:
    """Return the digest of each row of ``(n, d)`` as the database holds it."""
    return list(map(digest_of, to_blobs(vectors)))


def digests_of(vectors: Rows, reporter: Reporter = SILENT) -> Digests:
    """Return the digest of each row of ``(n, d)`` as two numbers. Raise CancelledError."""
    found = np.empty((len(vectors), 2), dtype=np.uint64)
    for start in range(0, len(vectors), _AT_ONCE):
        reporter.progress(COMPARING, start, len(vectors))
        blobs = to_blobs(vectors[start : start + _AT_ONCE])
        data = b"".join(map(digest_of, blobs))
        found[start : start + _AT_ONCE] = np.frombuffer(data, dtype=np.uint64).reshape(-1, 2)
    return found


def as_bytes(digests: Digests) -> list[bytes]:
    """Convert digests of two numbers each to bytes, as the database holds them."""
    data = digests.tobytes()
    return [data[start : start + _DIGEST] for start in range(0, len(data), _DIGEST)]


def group_equal(digests: Digests) -> tuple[Ids, Ids]:
    """Group rows of equal digests.

    Returns:
        rows in an order in which those of one digest stand together, ascending; and the positions
        in it at which a group begins.
    """
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    placed = digests[order]
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = (placed[1:] != placed[:-1]).any(axis=1)
    return order, np.flatnonzero(begins)


def repeated(vectors: Rows) -> Iterator[list[int]]:
    """Yield the groups of rows of ``(n, d)`` that are equal bit by bit, ascending."""
    order, begins = group_equal(digests_of(vectors))
    ends = np.append(begins[1:], len(order))
    for group in np.flatnonzero(ends - begins > 1).tolist():
        yield order[begins[group] : ends[group]].tolist()
