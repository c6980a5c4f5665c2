"""An ``.npz`` archive: ``embeddings`` (n, d), and optionally ``names`` and ``files``, n of each."""

from __future__ import annotations

import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

from engine.embeddings import npy
from engine.embeddings.npy import HEAD, Header, MalformedError
from engine.embeddings.opening import MAX_BYTES, open_stream, printable
from engine.embeddings.pieces import READING, Piece
from engine.embeddings.rows import AT_ONCE, FileRows, Stamp
from engine.errors import EmbeddingError
from engine.progress import SILENT, Reporter
from engine.tools.columns import Coded, Texts, encoded
from engine.tools.zip_files import CrowdedZipError, open_zip
from engine.types import Rows

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
_LOCAL_HEADER = 30  # bytes before the name of a member, where its data is
_MAX_LABEL_BYTES = 1024**3  # all names together
_MAX_LABEL_ITEM = 4096
_MOST_ARRAYS = 1_000
_BOMB_BYTES = 64 * 1024**2  # below it no expansion is dangerous
_BOMB_RATIO = 100  # embeddings hardly shrink


def read_npz(path: str, reporter: Reporter = SILENT) -> Piece:
    """The rows of an archive; values and names are not checked yet.

    ``names`` are None where the archive has none. Rows with a label in ``files`` are called
    ``path:label``. Many embeddings that are not compressed stay in the file.

    Raises:
        EmbeddingError: not a whole archive, no ``embeddings``, arrays of different lengths,
            pickled objects, or it would unpack to more than is sane.
        CancelledError: asked for through the reporter.
    """
    stream, _ = open_stream(path)
    try:
        with stream, open_zip(stream, _MOST_ARRAYS) as archive:
            return _read(archive, path, reporter)
    except CrowdedZipError as error:
        raise EmbeddingError(str(error), file=path, remedy=_REMEDY) from None
    except MalformedError as error:
        raise EmbeddingError(error.problem, file=path, remedy=error.remedy) from None
    except _BROKEN:
        raise EmbeddingError("It is not a whole .npz archive", file=path, remedy=_REMEDY) from None


def _read(archive: zipfile.ZipFile, path: str, reporter: Reporter) -> Piece:
    info, header, head = _member(archive, "embeddings")
    shape = npy.embeddings_shape(header)
    if info.file_size > max(_BOMB_BYTES, _BOMB_RATIO * info.compress_size):
        raise MalformedError(f"Its embeddings would unpack to {info.file_size:,} bytes", _REMEDY)
    count = shape[0]
    source = printable(path)
    names = _names(archive, count)
    files = _files(archive, count, source) or [source] * count
    vectors: Rows
    if header.stays and info.compress_type == zipfile.ZIP_STORED:
        vectors = _left_there(archive, path, info, header, shape, reporter)
    else:
        vectors = npy.to_vectors(_data(archive, info, header, head), header, shape)
    rows = range(count)
    return Piece(path, vectors, names or [None] * count, files, rows, [None] * count, "Row", rows)


def _left_there(
    archive: zipfile.ZipFile,
    path: str,
    info: zipfile.ZipInfo,
    header: Header,
    shape: tuple[int, int],
    reporter: Reporter,
) -> FileRows:
    """The rows in the archive itself, read through once to hold them against their checksum."""
    assert archive.fp is not None
    stamp = Stamp.of(archive.fp.fileno())
    for rows, _ in _blocks(archive, info, header):
        reporter.progress(READING, rows, shape[0])
    archive.fp.seek(info.header_offset)
    name, extra = struct.unpack("<26x2H", archive.fp.read(_LOCAL_HEADER))
    start = info.header_offset + _LOCAL_HEADER + name + extra + header.start
    return FileRows(path, stamp, start, header.dtype, shape)


def _blocks(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: Header
) -> Iterator[tuple[int, bytes]]:
    """The data of a member, whole items some thousand at a time: the first one's number, bytes."""
    size = header.nbytes // max(header.shape[0], 1)
    with archive.open(info) as member:
        member.read(header.start)
        for start in range(0, header.shape[0], AT_ONCE):
            wanted = min(AT_ONCE, header.shape[0] - start) * size
            data = member.read(wanted)
            if len(data) != wanted:
                raise MalformedError("It is cut short")
            yield start, data
        member.read(1)  # the end of the data is where its checksum is held against it


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


def _names(archive: zipfile.ZipFile, count: int) -> Coded[str] | None:
    parts = _labels(archive, "names", count)
    return None if parts is None else Coded.of(chain.from_iterable(map(_texts, parts)))


def _files(archive: zipfile.ZipFile, count: int, source: str) -> Texts | None:
    parts = _labels(archive, "files", count)
    if parts is None:
        return None
    return Texts(f"{source}:", np.concatenate([encoded(part) for part in parts]))


def _labels(
    archive: zipfile.ZipFile, key: str, count: int
) -> Iterator[npt.NDArray[np.str_ | np.bytes_]] | None:
    """A column of texts, some thousand at a time; None where there is none."""
    if f"{key}.npy" not in archive.NameToInfo:
        return None
    info, header, _ = _member(archive, key)
    if header.dtype.kind not in "US":
        raise MalformedError(f"“{key}” holds values of type {header.dtype.name}, not text", _REMEDY)
    if header.shape != (count,):
        raise MalformedError(f"“{key}” has the shape {header.shape}, not ({count},)", _REMEDY)
    if header.dtype.itemsize > _MAX_LABEL_ITEM or header.nbytes > _MAX_LABEL_BYTES:
        raise MalformedError(f"“{key}” holds texts of unreasonable length", _REMEDY)
    return _sound(archive, info, header, key)


def _sound(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: Header, key: str
) -> Iterator[npt.NDArray[np.str_ | np.bytes_]]:
    """The texts, each of them Unicode."""
    try:
        for _, data in _blocks(archive, info, header):
            part = np.frombuffer(data, dtype=header.dtype)
            if part.dtype.kind == "U":
                letters = np.frombuffer(data, np.dtype("u4").newbyteorder(header.dtype.byteorder))
                if not (letters <= sys.maxunicode).all():
                    raise ValueError
            else:
                _texts(part)
            yield part
    except ValueError:  # not UTF-8, or texts of no length
        raise MalformedError(f"“{key}” is not sound Unicode text", _REMEDY) from None


def _texts(part: npt.NDArray[np.str_ | np.bytes_]) -> list[str]:
    """Raises ValueError where bytes are not UTF-8."""
    if part.dtype.kind == "S":
        return [text.decode("utf-8") for text in part.tolist()]
    return [str(text) for text in part.tolist()]
