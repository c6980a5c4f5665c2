"""An ``.npz`` archive: ``embeddings`` (n, d), and optionally ``names`` and ``files``, n of each."""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.embeddings import npy
from engine.embeddings.npy import HEAD, Header, MalformedError
from engine.embeddings.opening import MAX_BYTES, open_stream, printable
from engine.embeddings.pieces import Piece
from engine.errors import EmbeddingError

_REMEDY = (
    "Save it again with numpy.savez(file, embeddings=..., names=numpy.array(names, dtype=str))."
)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,  # encrypted, or packed in a way that zipfile does not know
    UnicodeError,
    ValueError,
)
_MAX_LABEL_BYTES = 1024**3  # all names together
_MAX_LABEL_ITEM = 4096
_BOMB_BYTES = 64 * 1024**2  # below it no expansion is dangerous
_BOMB_RATIO = 100  # embeddings hardly shrink


def read_npz(path: str) -> Piece:
    """The rows of an archive; values and names are not checked yet.

    ``names`` are None where the archive has none. Rows with a label in ``files`` are called
    ``path:label``.

    Raises:
        EmbeddingError: not a whole archive, no ``embeddings``, arrays of different lengths,
            pickled objects, or it would unpack to more than is sane.
    """
    stream, _ = open_stream(path)
    try:
        with stream, zipfile.ZipFile(stream) as archive:
            return _read(archive, path)
    except MalformedError as error:
        raise EmbeddingError(error.problem, file=path, remedy=error.remedy) from None
    except _BROKEN:
        raise EmbeddingError("It is not a whole .npz archive", file=path, remedy=_REMEDY) from None


def _read(archive: zipfile.ZipFile, path: str) -> Piece:
    info, header, head = _member(archive, "embeddings")
    shape = npy.embeddings_shape(header)
    if info.file_size > max(_BOMB_BYTES, _BOMB_RATIO * info.compress_size):
        raise MalformedError(f"Its embeddings would unpack to {info.file_size:,} bytes", _REMEDY)
    count = shape[0]
    names = _labels(archive, "names", count)
    labels = _labels(archive, "files", count)
    vectors = npy.to_vectors(_data(archive, info, header, head), header, shape)
    source = printable(path)
    files = [printable(f"{source}:{label}") for label in labels or []] or [source] * count
    rows = range(count)
    return Piece(path, vectors, names or [None] * count, files, rows, [None] * count, "Row", rows)


def _member(archive: zipfile.ZipFile, key: str) -> tuple[zipfile.ZipInfo, Header, bytes]:
    """A member's entry and header, checked against one another before its data is unpacked."""
    if f"{key}.npy" not in archive.NameToInfo:
        keys = ", ".join(sorted(name.removesuffix(".npy") for name in archive.namelist()[:20]))
        raise MalformedError(f"It has no array called “{key}”, only: {keys or 'nothing'}", _REMEDY)
    info = archive.getinfo(f"{key}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise MalformedError(f"“{key}” is packed in a way that NumPy does not use", _REMEDY)
    if info.file_size > MAX_BYTES:
        raise MalformedError(f"“{key}” would unpack to {info.file_size:,} bytes", _REMEDY)
    with archive.open(info) as member:
        head = member.read(HEAD)
    try:
        header = npy.read_header(head)
        npy.check_length(header, info.file_size)
    except MalformedError as error:
        raise MalformedError(f"“{key}”: {error.problem}", _REMEDY) from None
    return info, header, head


def _data(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: Header, head: bytes
) -> npt.NDArray[np.uint8]:
    with archive.open(info) as member:
        member.read(len(head))
        data = npy.read_data(member, head, header)
        member.read(1)  # the end of the data is where its checksum is held against it
    return data


def _labels(archive: zipfile.ZipFile, key: str, count: int) -> Sequence[str] | None:
    if f"{key}.npy" not in archive.NameToInfo:
        return None
    info, header, head = _member(archive, key)
    if header.dtype.kind not in "US":
        raise MalformedError(f"“{key}” holds values of type {header.dtype.name}, not text", _REMEDY)
    if header.shape != (count,):
        raise MalformedError(f"“{key}” has the shape {header.shape}, not ({count},)", _REMEDY)
    if header.dtype.itemsize > _MAX_LABEL_ITEM or header.nbytes > _MAX_LABEL_BYTES:
        raise MalformedError(f"“{key}” holds texts of unreasonable length", _REMEDY)
    return _texts(_data(archive, info, header, head), header.dtype, key)


def _texts(data: npt.NDArray[np.uint8], dtype: np.dtype[Any], key: str) -> list[str]:
    try:
        if dtype.kind == "S":
            return [text.decode("utf-8") for text in data.view(dtype).tolist()]
        if (data.view(np.dtype("u4").newbyteorder(dtype.byteorder)) <= sys.maxunicode).all():
            return list(data.view(dtype).tolist())
    except ValueError:  # not UTF-8, or texts of no length
        pass
    raise MalformedError(f"“{key}” is not sound Unicode text", _REMEDY)
