"""An ``.npz`` archive of embeddings, names and where each came from, written as a stream."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from engine.export.atomic_output import private_file
from engine.export.source import Source
from engine.records.names import written_name

_MOST_LABEL_BYTES = 1024**3  # of a column that our import takes as text
_LONGEST_LABEL = 1000  # characters; the end of a path says more than its start


def write_npz(source: Source, path: Path) -> list[str]:
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
                numbers.append(np.array([(one.id, one.row, one.added) for one in faces]))
        names.write(archive, "names", source.count)
        files.write(archive, "files", source.count)
        found = np.concatenate(numbers)
        for column, (key, kind) in enumerate((("faces", "<i8"), ("rows", "<i8"), ("added", "<f8"))):
            with _array(archive, key, (source.count,), kind) as member:
                member.write(found[:, column].astype(kind).tobytes())
    return []


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
