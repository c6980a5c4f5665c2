"""What the kinds of export are called, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping

from engine.records.exports import ExportKind

TITLES: Mapping[ExportKind, str] = {
    "tensorboard": "TensorBoard projector",
    "npz": "NumPy archive",
    "csv": "CSV table",
    "parquet": "Parquet table",
    "folder": "Folder tree",
    "report": "Report",
}

PURPOSES: Mapping[ExportKind, str] = {
    "tensorboard": "A folder that TensorBoard shows as a cloud of points, with a picture and the "
    "name of each face.",
    "npz": "Vectors, names and files for Python. It can be imported again.",
    "csv": "A line a face: the name and the numbers. It can be imported again.",
    "parquet": "Vectors, names and photos for pandas, Polars, DuckDB or Spark.",
    "folder": "A folder a person, a .npy a face, its photo beside it. It can be imported again.",
    "report": "One page on the whole gallery to hand on: counts, charts, models, what to look at.",
}

ENDINGS: Mapping[ExportKind, str] = {
    "tensorboard": " projector",
    "npz": ".npz",
    "csv": ".csv",
    "parquet": ".parquet",
    "folder": " faces",
    "report": " report.html",
}
"""What is put behind the gallery's name to name an export of it."""
