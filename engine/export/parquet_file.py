"""A Parquet table of embeddings with names and photographs, for pandas, Polars, DuckDB, Spark."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from engine.errors import ExportError
from engine.export.landing import private_file
from engine.export.source import Source
from engine.tools.installing import install_words


def write_parquet(source: Source, path: Path) -> list[str]:
    """Columns ``name``, ``embedding`` (a list of d floats), ``photo`` (JPEG or null), ``file``,
    ``row``, ``face`` and ``added``.

    Raises:
        ExportError: pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise ExportError(
            "Parquet needs pyarrow, which is not installed", remedy=install_words("pyarrow")
        )
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
        }
    )
    photo = source.store.photo
    with (
        private_file(path) as stream,
        pyarrow.parquet.ParquetWriter(stream, schema, compression="zstd") as writer,
    ):
        for faces, vectors in source.chunks("Writing"):
            flat = pyarrow.array(vectors.ravel())
            columns = {
                "name": [face.name for face in faces],
                "embedding": pyarrow.FixedSizeListArray.from_arrays(flat, source.dimension),
                "photo": [photo(face.id) if face.has_photo else None for face in faces],
                "file": [face.file for face in faces],
                "row": [face.row for face in faces],
                "face": [face.id for face in faces],
                "added": [round(face.added * 1e6) for face in faces],
            }
            writer.write_table(pyarrow.table(columns, schema=schema))
    return []
