"""One ``.npy`` file, or member of an archive: its header is held against its size."""

from __future__ import annotations

import io
import logging
import math
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0

from engine.errors import EmbeddingError
from engine.formats import lazy_rows
from engine.formats.input_file import open_regular, unreadable
from engine.formats.lazy_rows import FileRows, Stamp
from engine.records.types import Rows, Vectors

_log = logging.getLogger(__name__)

HEAD = 1 << 16  # bytes read at first: all of a single embedding, and any honest header
REMEDY = "Save it again with numpy.save(file, embeddings.astype('float32'))."
MAX_LABEL = 4096
"""Bytes of one label."""
_MAGIC = b"\x93NUMPY"
_MAX_HEADER = 4096
_CHUNK = 1 << 20


class MalformedError(Exception):
    """What is wrong with some bytes; the reader of the file adds which file it was."""

    def __init__(self, problem: str, remedy: str = REMEDY) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem)


@dataclass(frozen=True)
class Header:
    """What the header of an array says; ``start`` is the offset of its data."""

    start: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    nbytes: int

    @property
    def stays(self) -> bool:
        """Whether the data is better left in its file, where its rows can be found."""
        return self.nbytes >= lazy_rows.LARGE and not self.fortran


def read_array(path: str) -> Rows:
    """The embeddings of a ``.npy`` file, ``(1, d)`` or ``(n, d)``; values are not checked yet.

    Those of a large file stay there.

    Raises:
        EmbeddingError: not readable, or not an array of one or two dimensions of real numbers.
    """
    descriptor, size = open_regular(path)
    try:
        head = os.read(descriptor, min(size, HEAD))
        header = read_header(head)
        shape = embeddings_shape(header)
        check_length(header, size)
        if size == len(head):
            return to_vectors(head, header, shape, header.start)
        if header.stays:
            return FileRows(path, Stamp.of(descriptor), header.start, header.dtype, shape)
        with io.FileIO(descriptor, closefd=False) as stream:
            return to_vectors(read_data(stream, head, header), header, shape)
    except MalformedError as error:
        raise EmbeddingError(error.problem, file=path, remedy=error.remedy) from None
    except OSError as error:
        raise unreadable(path, error) from None
    finally:
        os.close(descriptor)


def label_count(path: str) -> int | None:
    """How many labels a ``.npy`` file can hold, by its header; None where it holds none."""
    try:
        descriptor, size = open_regular(path)
    except EmbeddingError:
        return None
    try:
        header = read_header(os.read(descriptor, min(size, HEAD)))
        check_length(header, size)
        return header.shape[0] if len(header.shape) == 1 and can_label(header) else None
    except (MalformedError, OSError):
        _log.debug("The head of a .npy file cannot be read", exc_info=True)
        return None
    finally:
        os.close(descriptor)


def read_labels(path: str) -> tuple[list[str], bool]:
    """The labels of a ``.npy`` file as texts, and whether they are numbers there.

    Raises:
        EmbeddingError: they are no texts, nor whole numbers.
    """
    descriptor, size = open_regular(path)
    try:
        head = os.read(descriptor, min(size, HEAD))
        header = read_header(head)
        check_length(header, size)
        with io.FileIO(descriptor, closefd=False) as stream:
            data = read_data(stream, head, header)
        labels = data.view(header.dtype)
        check_texts(labels)
        return texts_of(labels), header.dtype.kind not in "US"
    except MalformedError as error:
        raise EmbeddingError(error.problem, file=path, remedy=error.remedy) from None
    except ValueError:
        problem = "It contains no labels: neither whole numbers nor valid Unicode text"
        raise EmbeddingError(problem, file=path, remedy=REMEDY) from None
    except OSError as error:
        raise unreadable(path, error) from None
    finally:
        os.close(descriptor)


def can_label(header: Header) -> bool:
    """Whether an array can hold labels: texts, or numbers where they turn out to be whole."""
    return header.dtype.kind in "USiuf" and 0 < header.dtype.itemsize <= MAX_LABEL


def texts_of(labels: npt.NDArray[Any]) -> list[str]:
    """Labels ``(n,)`` as texts. Raise ValueError: no UTF-8, or numbers with fractions."""
    if labels.dtype.kind == "S":
        return [text.decode("utf-8") for text in labels.tolist()]
    if labels.dtype.kind == "f":
        return [str(int(number)) for number in labels.tolist() if _check_whole(number)]
    return [str(label) for label in labels.tolist()]


def check_texts(labels: npt.NDArray[Any]) -> None:
    """Raise ValueError where texts ``(n,)`` are no sound Unicode."""
    if labels.dtype.kind == "S":
        texts_of(labels)
    elif labels.dtype.kind == "U":
        letters = labels.view(np.dtype("u4").newbyteorder(labels.dtype.byteorder))
        if not (letters <= sys.maxunicode).all():
            raise ValueError("It contains invalid Unicode characters")


def _check_whole(number: float) -> bool:
    if not number.is_integer():
        raise ValueError(f"{number} is not a whole number")
    return True


def read_header(head: bytes) -> Header:
    """Read the header at the start of ``head``. Raise MalformedError."""
    if not head.startswith(_MAGIC):
        raise MalformedError(_why_no_array(head))
    wide = head[6:7] != b"\x01"
    data = 12 if wide else 10
    length = int.from_bytes(head[8:data], "little")
    if length > _MAX_HEADER:
        raise MalformedError(f"Its header claims to be {length:,} bytes long")
    if len(head) < data + length:
        raise MalformedError("Its header is truncated")
    return _parse(head[: data + length])


def _why_no_array(head: bytes) -> str:
    if not head:
        return "It is empty"
    if head.startswith(b"\x80"):
        return "It is a Python pickle, which can run code and is never loaded"
    return "It is not a NumPy array, despite its name"


@lru_cache(maxsize=256)  # the files of one gallery have the same few headers
def _parse(raw: bytes) -> Header:
    version = (raw[6], raw[7])
    if version not in {(1, 0), (2, 0), (3, 0)}:
        raise MalformedError(f"Its format version {version[0]}.{version[1]} is unknown")
    # 3.0 is 2.0 with field names in UTF-8, and arrays with fields are refused anyway
    read = read_array_header_1_0 if version == (1, 0) else read_array_header_2_0
    try:
        shape, fortran, dtype = read(io.BytesIO(raw[8:]), max_header_size=_MAX_HEADER)
        if any(type(size) is not int for size in shape):  # True passes for a number there
            raise TypeError
        nbytes = math.prod(shape) * dtype.itemsize
    except Exception:  # literal_eval and numpy.dtype have no list of what arbitrary text raises
        raise MalformedError("Its header is invalid") from None
    if dtype.hasobject:
        raise MalformedError("It contains pickled Python objects, which are never loaded")
    return Header(len(raw), dtype, tuple(shape), fortran, nbytes)


def embeddings_shape(header: Header) -> tuple[int, int]:
    """``(n, d)`` of an array of embeddings. Raise MalformedError where it is none."""
    shape = header.shape
    if header.dtype.kind not in "fiu":
        raise MalformedError(f"It contains values of type {header.dtype.name}, not real numbers")
    if len(shape) not in (1, 2):
        raise MalformedError(f"It has the shape {shape}, neither (d,) nor (n, d)")
    if min(shape) < 1:
        raise MalformedError(f"It has the shape {shape} and therefore contains no embedding")
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def check_length(header: Header, size: int) -> None:
    """Hold the header against the bytes there are, before any memory is taken."""
    there = size - header.start
    if there < header.nbytes:
        raise MalformedError(
            f"It is truncated: its header claims {header.nbytes:,} bytes of data, but it has "
            f"{there:,}"
        )
    if there > header.nbytes:
        raise MalformedError(f"It has {there - header.nbytes:,} bytes too many after its data")


def read_data(stream: IO[bytes], head: bytes, header: Header) -> npt.NDArray[np.uint8]:
    """All data bytes ``(n,)`` of an array: those in ``head``, then the rest of the stream.

    Memory is taken as the header says, so call :func:`check_length` before.
    """
    data = np.empty(header.nbytes, dtype=np.uint8)
    have = len(head) - header.start
    data[:have] = np.frombuffer(head, dtype=np.uint8, offset=header.start)
    while have < header.nbytes:
        piece = stream.read(min(_CHUNK, header.nbytes - have))
        if not piece:
            raise MalformedError("It is truncated")
        data[have : have + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
        have += len(piece)
    return data


def to_vectors(
    data: bytes | npt.NDArray[np.uint8], header: Header, shape: tuple[int, int], offset: int = 0
) -> Vectors:
    """The bytes as float32 ``shape``; a number too large for float32 becomes infinite."""
    count = shape[0] * shape[1]
    array = np.frombuffer(data, dtype=header.dtype, count=count, offset=offset)
    array = array.reshape(shape, order="F" if header.fortran else "C")
    if array.dtype == np.float32:
        return array
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return array.astype(np.float32)
