"""Reads NumPy's files so that a damaged one costs neither memory nor more than a ModelError."""

from __future__ import annotations

import io
import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from engine.errors import ModelError
from engine.utils.files import open_regular
from engine.utils.zip_files import open_zip

REMEDY = "Delete this version and train it again."
BROKEN = (
    ArithmeticError,  # a size that overflows
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,  # encrypted, packed in a way that zipfile does not know, nested too deeply
    SyntaxError,
    TypeError,
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading bytes that are not what they should be can raise."""
MOST_BYTES = 2 * 1024**3
_MOST_MEMBERS = 1_000
_LONGEST_REASON = 200
_KINDS = "biufU"  # truth values, numbers and text, never pickled objects

Array = npt.NDArray[Any]


def damaged(path: Path, what: str, error: Exception) -> ModelError:
    """The error that names ``path``; ``what`` is the subject of its sentence."""
    reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    if isinstance(error, KeyError):
        reason = f"it lacks {reason}"
    if len(reason) > _LONGEST_REASON:  # zipfile quotes whatever stands where a name should
        reason = f"{reason[:_LONGEST_REASON]}…"
    return ModelError(f"{what} cannot be read ({reason})", file=path, remedy=REMEDY)


def read_bytes(path: Path) -> bytes:
    """All of a file.

    Raises:
        OSError: it cannot be read. ValueError: it is larger than any honest one.
    """
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES:,} bytes")
        return stream.read(MOST_BYTES)


def read_npz(path: Path) -> Mapping[str, Array]:
    """The arrays of an archive by name, read-only. Raises any of :data:`BROKEN`.

    Members must be stored, not packed, as :func:`numpy.savez` does: so none can unpack to more
    than the file itself holds. Each is held against its checksum.
    """
    with open_zip(io.BytesIO(read_bytes(path)), _MOST_MEMBERS) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("packed, which these files never are")
        return {
            member.filename.removesuffix(".npy"): parse_npy(archive.read(member))
            for member in members
        }


def parse_npy(data: bytes) -> Array:
    """The array of an ``.npy`` file's bytes, read-only. Raises any of :data:`BROKEN`.

    The length that the header promises is held against what is there before anything is made.
    """
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.kind not in _KINDS:
        raise ValueError(f"values of type {dtype}")
    start = stream.tell()
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError("its length does not fit its shape")
    return np.frombuffer(data, dtype, offset=start).reshape(shape, order="F" if fortran else "C")
