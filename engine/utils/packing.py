"""Long rows of numbers as short text, for a line of a file."""

from __future__ import annotations

import base64
import zlib

import numpy as np

from engine.records.types import Ids

_MOST = 32_000_000  # bytes unpacked: four million numbers, more than a gallery has identities


def packed(numbers: Ids) -> str:
    """Whole numbers ``(n,)`` as text; what rises evenly, or repeats, becomes very short."""
    steps = np.diff(numbers, prepend=0).astype("<i8")
    return base64.b64encode(zlib.compress(steps.tobytes())).decode("ascii")


def unpacked(text: str) -> Ids:
    """Read what :func:`packed` wrote. Raises ValueError for any other text."""
    try:
        reading = zlib.decompressobj()
        steps = reading.decompress(base64.b64decode(text, validate=True), _MOST)
    except zlib.error as error:
        raise ValueError("not packed numbers") from error
    if not reading.eof:
        raise ValueError("not packed numbers, or too many")
    return np.cumsum(np.frombuffer(steps, dtype="<i8")).astype(np.int64)
