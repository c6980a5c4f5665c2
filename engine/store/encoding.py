"""Vectors as the database holds them: float32, little-endian, with a digest of these bytes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from engine.types import Vectors

_STORED = np.dtype("<f4")


def to_blobs(vectors: Vectors) -> list[bytes]:
    """One blob of ``4 d`` bytes for each row of ``(n, d)``."""
    data = np.ascontiguousarray(vectors, dtype=_STORED).tobytes()
    size = vectors.shape[1] * _STORED.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """The rows again, float32 ``(n, d)``.

    Raises:
        ValueError: the sizes do not fit, or a number is none: what was enrolled is finite.
    """
    rows = np.frombuffer(b"".join(blobs), dtype=_STORED).reshape(len(blobs), dimension)
    if not np.isfinite(rows).all():
        raise ValueError("an embedding holds NaN or infinity")
    return rows.astype(np.float32)  # native byte order, and writable


def size_of(dimension: int) -> int:
    """Bytes of one blob."""
    return dimension * _STORED.itemsize


def digest_of(blob: bytes) -> bytes:
    """16 bytes that stand for exactly this vector."""
    return blake2b(blob, digest_size=16).digest()
