"""A Parquet table of embeddings with names and photographs, for pandas, Polars, DuckDB, Spark."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.errors import ExportError, install_words
from engine.records.detections import DetectedFace
from engine.records.exports import PLAIN, FaceSource, Remarks
from engine.utils.files import private_file

_ROWS = 4_096  # held at once
MAGIC = b"PAR1"
"""The first bytes of a Parquet file."""


def unpacked_parts(path: Path) -> Iterator[bytes]:
    """What a Parquet file holds without its compression: numbers as NumPy's, texts as UTF-8.

    Raises:
        ExportError: pyarrow is not installed. OSError, ValueError: it cannot be read.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise _lacking()
    import pyarrow
    import pyarrow.parquet

    kinds = pyarrow.types
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS):
            yield "\n".join(batch.schema.names).encode()
            numbers = [column for column in batch.columns if kinds.is_floating(column.type)]
            if len(numbers) > 1:  # a column for each number of a vector
                wide = [
                    number.to_numpy(zero_copy_only=False).astype(np.float64) for number in numbers
                ]
                yield np.column_stack(wide).tobytes()
            for column in batch.columns:
                plain = column.dictionary_decode() if kinds.is_dictionary(column.type) else column
                if kinds.is_string(plain.type) or kinds.is_large_string(plain.type):
                    yield "\n".join(filter(None, plain.to_pylist())).encode()
                else:
                    yield from (
                        buffer.to_pybytes() for buffer in plain.buffers() if buffer is not None
                    )


def _lacking() -> ExportError:
    return ExportError(
        "Parquet needs pyarrow, which is not installed", remedy=install_words("pyarrow")
    )


def write_parquet(source: FaceSource, path: Path) -> Remarks:
    """Columns ``name``, ``embedding`` (a list of d floats), ``photo`` (JPEG or null), ``file``,
    ``row``, ``face`` and ``added``; of a face found in a photograph also ``box`` (x, y, width and
    height in pixels) and ``taken``.

    Raises:
        ExportError: pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise _lacking()
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema(
        {
            "name": pyarrow.string(),
            "embedding": pyarrow.list_(pyarrow.float32(), source.dimension),
            "photo": pyarrow.binary(),
            "file": pyarrow.string(),
            "row": pyarrow.int64(),
            "face": pyarrow.int64(),
            "added": pyarrow.timestamp("us", "UTC"),
            "box": pyarrow.list_(pyarrow.float64(), 4),
            "taken": pyarrow.string(),
        }
    )
    photo = source.thumbnail
    with (
        private_file(path) as stream,
        pyarrow.parquet.ParquetWriter(stream, schema, compression="zstd") as writer,
    ):
        for faces, vectors in source.chunks("Writing"):
            found = source.detected([face.id for face in faces])
            flat = pyarrow.array(vectors.ravel())
            columns = {
                "name": [face.name for face in faces],
                "embedding": pyarrow.FixedSizeListArray.from_arrays(flat, source.dimension),
                "photo": [photo(face.id) if face.has_photo else None for face in faces],
                "file": [face.file for face in faces],
                "row": [face.row for face in faces],
                "face": [face.id for face in faces],
                "added": [round(face.added * 1e6) for face in faces],
                "box": [_box(found.get(face.id)) for face in faces],
                "taken": [
                    found[face.id].photograph.taken if face.id in found else None for face in faces
                ],
            }
            writer.write_table(pyarrow.table(columns, schema=schema))
    return PLAIN


def _box(face: DetectedFace | None) -> list[float] | None:
    return None if face is None else [face.box.x, face.box.y, face.box.width, face.box.height]
