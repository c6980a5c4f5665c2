"""An ``.npz`` archive: ``embeddings`` (n, d), and optionally ``names`` and ``files``, n of each.

Arrays that are called otherwise are recognised by their shape and type.
"""

from __future__ import annotations

import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from engine.errors import EmbeddingError, NameColumnError
from engine.formats import npy_file
from engine.formats.batch_pieces import READING, Piece
from engine.formats.input_file import MAX_BYTES, open_stream, printable
from engine.formats.lazy_rows import AT_ONCE, FileRows, Stamp
from engine.formats.name_column import candidate_of, choose
from engine.formats.npy_file import HEAD, Header, MalformedError
from engine.progress import SILENT, Reporter
from engine.records.exports import PLAIN, FaceSource, Remarks
from engine.records.names import written_name
from engine.records.types import Rows
from engine.utils.files import private_file
from engine.utils.packed_columns import Coded, TextColumn, encoded
from engine.utils.zip_files import CrowdedZipError, open_zip

_REMEDY = (
    "Save it again with numpy.savez(file, embeddings=..., names=numpy.array(names, dtype=str))."
)
_CHOICE = "Choose the array that holds the names, with --name-column or in the import preview."
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
_MOST_ARRAYS = 1_000
_EMBEDDINGS, _NAMES, _FILES = "embeddings", "names", "files"
_LOOKED_AT = 64  # arrays of an archive, to find those that are meant
_SHOWN = 20
_KINDS = {"f": "numbers", "i": "whole numbers", "u": "whole numbers", "U": "texts", "S": "texts"}
_BOMB_BYTES = 64 * 1024**2  # below it no expansion is dangerous
_BOMB_RATIO = 100  # embeddings hardly shrink


def read_npz(
    path: str,
    dimension: int | None = None,
    reporter: Reporter = SILENT,
    name_column: str | None = None,
) -> Piece:
    """The rows of an archive; values and names are not checked yet.

    Arrays of other names are taken where only one can be the embeddings and one the names.
    ``names`` are None where the archive has none. Rows with a label in ``files`` are called
    ``path:label``. Many embeddings that are not compressed stay in the file.

    Args:
        dimension: tells which of several arrays can be the embeddings.
        name_column: the array of the names, None to recognise it.

    Raises:
        NameColumnError: several arrays can hold the names.
        EmbeddingError: not a whole archive, no embeddings, arrays of different lengths,
            pickled objects, or it would unpack to more than is sane.
        CancelledError: asked for through the reporter.
    """
    stream, _ = open_stream(path)
    try:
        with stream, open_zip(stream, _MOST_ARRAYS) as archive:
            return _read(archive, path, dimension, reporter, name_column)
    except CrowdedZipError as error:
        raise EmbeddingError(str(error), file=path, remedy=_REMEDY) from None
    except MalformedError as error:
        raise EmbeddingError(error.problem, file=path, remedy=error.remedy) from None
    except _BROKEN:
        raise EmbeddingError(
            "It is not a complete .npz archive", file=path, remedy=_REMEDY
        ) from None


def _read(
    archive: zipfile.ZipFile,
    path: str,
    dimension: int | None,
    reporter: Reporter,
    name_column: str | None,
) -> Piece:
    arrays = _Arrays(archive, path)
    key = arrays.embeddings(dimension, name_column)
    info, header, head = _member(archive, key)
    shape = npy_file.embeddings_shape(header)
    if info.file_size > max(_BOMB_BYTES, _BOMB_RATIO * info.compress_size):
        raise MalformedError(f"Its embeddings would unpack to {info.file_size:,} bytes", _REMEDY)
    count = shape[0]
    source = printable(path)
    candidates, column = arrays.names(key, count, name_column)
    names = None if column is None else _names(archive, column, count)
    files = _files(archive, count, source) or [source] * count
    vectors: Rows
    if header.stays and info.compress_type == zipfile.ZIP_STORED:
        vectors = _left_there(archive, path, info, header, shape, reporter)
    else:
        vectors = npy_file.to_vectors(_data(archive, info, header, head), header, shape)
    rows = range(count)
    return Piece(
        path,
        vectors,
        names or [None] * count,
        files,
        rows,
        [None] * count,
        "Row",
        rows,
        candidates,
        column,
    )


class _Arrays:
    """The arrays of an archive, and which of them are what."""

    def __init__(self, archive: zipfile.ZipFile, path: str) -> None:
        self._archive = archive
        self._path = path
        self._headers: dict[str, Header] = {}
        for name in archive.namelist()[:_LOOKED_AT]:
            key = name.removesuffix(".npy")
            if key != name:
                with suppress(MalformedError):  # it is nothing that could be read
                    self._headers[key] = _member(archive, key)[1]

    def embeddings(self, dimension: int | None, name_column: str | None) -> str:
        """The array of the embeddings.

        Raises:
            MalformedError: there is none. NameColumnError: several can be it.
        """
        if f"{_EMBEDDINGS}.npy" in self._archive.NameToInfo:
            return _EMBEDDINGS
        real = {
            key: header.shape for key, header in self._headers.items() if header.dtype.kind == "f"
        }
        tables = [key for key, shape in real.items() if len(shape) == 2]
        tables = [key for key in tables if real[key][1] == dimension] or tables
        named = [key for key in tables if key.casefold() == _EMBEDDINGS]
        label = self._headers.get(name_column or "")
        if label is not None:
            named = [key for key in tables if real[key][:1] == label.shape]
        found = named or tables or [key for key, shape in real.items() if len(shape) == 1]
        if len(found) == 1:
            return found[0]
        if not found:
            problem = f"It has no array named “{_EMBEDDINGS}”; it has {self._listed()}"
            raise MalformedError(problem, _REMEDY)
        lengths = {real[key][:1] for key in found}
        labels = tuple(key for key, header in self._headers.items() if header.shape in lengths)
        problem = f"Several arrays may be the embeddings: {self._listed()}"
        raise NameColumnError(problem, file=self._path, remedy=_CHOICE, columns=labels)

    def names(
        self, embeddings: str, count: int, name_column: str | None
    ) -> tuple[tuple[str, ...], str | None]:
        """The arrays that can hold the names, and the one that does, if there is one.

        Raises:
            NameColumnError: several can.
        """
        if name_column is None and f"{_NAMES}.npy" in self._archive.NameToInfo:
            return (_NAMES,), _NAMES
        candidates = []
        for key, header in self._headers.items():
            if key != embeddings and header.shape == (count,) and npy_file.can_label(header):
                with suppress(MalformedError):  # numbers with fractions, or no sound text
                    texts = _names(self._archive, key, count)
                    numbers = header.dtype.kind not in "US"
                    candidates.append(candidate_of(key, texts, numbers))
        chosen = choose(candidates, name_column, self._path, "array")
        return tuple(candidate.key for candidate in candidates), chosen.key if chosen else None

    def _listed(self) -> str:
        shown = [
            f"“{printable(key)[:40]}” ({' × '.join(map(str, header.shape))} "
            f"{_KINDS.get(header.dtype.kind, header.dtype.name)})"
            for key, header in self._headers.items()
        ]
        keys = [name.removesuffix(".npy") for name in self._archive.namelist()[:_SHOWN]]
        rest = [f"“{printable(key)[:40]}”" for key in keys if key not in self._headers]
        return ", ".join([*shown[:_SHOWN], *rest]) or "none"


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
                raise MalformedError("It is truncated")
            yield start, data
        member.read(1)  # the end of the data is where its checksum is held against it


def _member(archive: zipfile.ZipFile, key: str) -> tuple[zipfile.ZipInfo, Header, bytes]:
    """A member's entry and header, checked against one another before its data is unpacked."""
    info = archive.getinfo(f"{key}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise MalformedError(f"“{key}” is compressed in a way that NumPy does not use", _REMEDY)
    if info.file_size > MAX_BYTES:
        raise MalformedError(f"“{key}” would unpack to {info.file_size:,} bytes", _REMEDY)
    with archive.open(info) as member:
        head = member.read(HEAD)
    try:
        header = npy_file.read_header(head)
        npy_file.check_length(header, info.file_size)
    except MalformedError as error:
        raise MalformedError(f"“{key}”: {error.problem}", _REMEDY) from None
    return info, header, head


def _data(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: Header, head: bytes
) -> npt.NDArray[np.uint8]:
    with archive.open(info) as member:
        member.read(len(head))
        data = npy_file.read_data(member, head, header)
        member.read(1)  # the end of the data is where its checksum is held against it
    return data


def _names(archive: zipfile.ZipFile, key: str, count: int) -> Coded[str]:
    """Raise MalformedError: it holds no names."""
    parts = _labels(archive, key, count)
    try:
        return Coded.of(chain.from_iterable(map(npy_file.texts_of, parts)))
    except ValueError:
        raise MalformedError(
            f"“{key}” contains neither whole numbers nor valid text", _REMEDY
        ) from None


def _files(archive: zipfile.ZipFile, count: int, source: str) -> TextColumn | None:
    if f"{_FILES}.npy" not in archive.NameToInfo:
        return None
    parts = _labels(archive, _FILES, count, "US")
    return TextColumn(f"{source}:", np.concatenate([encoded(part) for part in parts]))


def _labels(
    archive: zipfile.ZipFile, key: str, count: int, kinds: str = "USiuf"
) -> Iterator[npt.NDArray[Any]]:
    """A column of texts or numbers, some thousand at a time."""
    info, header, _ = _member(archive, key)
    if header.dtype.kind not in kinds:
        raise MalformedError(
            f"“{key}” contains values of type {header.dtype.name}, not text", _REMEDY
        )
    if header.shape != (count,):
        raise MalformedError(f"“{key}” has the shape {header.shape}, not ({count},)", _REMEDY)
    if header.dtype.itemsize > npy_file.MAX_LABEL or header.nbytes > _MAX_LABEL_BYTES:
        raise MalformedError(f"“{key}” contains text of unreasonable length", _REMEDY)
    return _sound(archive, info, header, key)


def _sound(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: Header, key: str
) -> Iterator[npt.NDArray[Any]]:
    """The labels, each text of them Unicode."""
    try:
        for _, data in _blocks(archive, info, header):
            part = np.frombuffer(data, dtype=header.dtype)
            npy_file.check_texts(part)
            yield part
    except ValueError:  # not UTF-8, or texts of no length
        raise MalformedError(f"“{key}” is not valid Unicode text", _REMEDY) from None


# -- writing ------------------------------------------------------------------------------------

_MOST_LABEL_BYTES = 1024**3  # of a column that our import takes as text
_LONGEST_LABEL = 1000  # characters; the end of a path says more than its start


def write_npz(source: FaceSource, path: Path) -> Remarks:
    """``embeddings``, ``names`` and ``files``, and beside them ``rows`` in those files, ``faces``
    (ids) and ``added`` (seconds since the epoch)."""
    numbers: list[Any] = []
    with (
        private_file(path) as stream,
        zipfile.ZipFile(stream, "w") as archive,
        tempfile.TemporaryFile(dir=path.parent) as names_stream,
        tempfile.TemporaryFile(dir=path.parent) as files_stream,
    ):
        names, files = _Texts(names_stream), _Texts(files_stream)
        with _array(archive, "embeddings", (source.count, source.dimension), "<f4") as member:
            for faces, vectors in source.chunks("Writing"):
                member.write(np.ascontiguousarray(vectors, "<f4").tobytes())
                names.add([written_name(face.name) for face in faces])
                files.add([face.file for face in faces])
                numbers.append(np.array([(face.id, face.row, face.added) for face in faces]))
        names.write(archive, "names", source.count)
        files.write(archive, "files", source.count)
        found = np.concatenate(numbers)
        for column, (key, kind) in enumerate((("faces", "<i8"), ("rows", "<i8"), ("added", "<f8"))):
            with _array(archive, key, (source.count,), kind) as member:
                member.write(found[:, column].astype(kind).tobytes())
    return PLAIN


@contextmanager
def _array(
    archive: zipfile.ZipFile, key: str, shape: tuple[int, ...], kind: str
) -> Iterator[IO[bytes]]:
    """An array of an archive, to be written piece by piece."""
    with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
        header = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        yield member


class _Texts:
    """A column of texts on its way into an archive: how wide it is shows only at its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._longest = self._most_bytes = 1

    def add(self, texts: Sequence[str]) -> None:
        kept = [text if len(text) <= _LONGEST_LABEL else _tail(text) for text in texts]
        self._longest = max(self._longest, *map(len, kept))
        self._most_bytes = max(self._most_bytes, *(len(text.encode()) for text in kept))
        self._stream.write(json.dumps(kept).encode() + b"\n")

    def write(self, archive: zipfile.ZipFile, key: str, count: int) -> None:
        """Write the strings as text, or as UTF-8 bytes where text would take too much room."""
        wide = 4 * self._longest * count > _MOST_LABEL_BYTES
        kind = f"S{self._most_bytes}" if wide else f"<U{self._longest}"
        self._stream.seek(0)
        with _array(archive, key, (count,), kind) as member:
            for texts in self._pieces():
                given = [text.encode() for text in texts] if wide else texts
                member.write(np.array(given, dtype=kind).tobytes())

    def _pieces(self) -> Iterator[list[str]]:
        for line in self._stream:
            yield json.loads(line)


def _tail(text: str) -> str:
    return "…" + text[1 - _LONGEST_LABEL :]
