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
    "tensorboard": "A folder that TensorBoard shows as a point cloud, with the picture and name "
    "of each face.",
    "npz": "Embeddings, names and file names for Python. Can be imported again.",
    "csv": "One line per face: the name and the numbers. Can be imported again.",
    "parquet": "Embeddings, names and photos for pandas, Polars, DuckDB or Spark.",
    "folder": (
        "One folder per person, one .npy file per face, with its photo. Can be imported again."
    ),
    "report": (
        "A one-page summary of the gallery, to share: counts, charts, models, and what to check."
    ),
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
