"""What the kinds of export are called, what each is for, and what to know of one that was made."""

from __future__ import annotations

from collections.abc import Mapping

from engine.records.exports import (
    MOST_CLEAR,
    MOST_COMPARED,
    MOST_FETCHED,
    MOST_REVIEWED,
    Exported,
    ExportKind,
)
from engine.utils.number_text import counted

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

IN_CLEAR = "The gallery is encrypted; the export is not."
MOST_LISTED = 500
"""People in the table of a report, those with most faces."""


def export_notes(done: Exported) -> list[str]:
    """What to know of what was written."""
    notes = {
        "tensorboard": lambda made: projector_notes(made.faces, made.remarks.pictured),
        "csv": _table_notes,
        "report": lambda made: report_omissions(made.faces, made.identities),
    }
    made = notes[done.kind](done) if done.kind in notes else []
    return [*made, *([IN_CLEAR] if done.in_clear else [])]


def report_omissions(faces: int, people: int) -> list[str]:
    """What a report on so many faces samples or leaves out."""
    said = []
    if faces > MOST_COMPARED:
        said.append(f"Distances were measured on {MOST_COMPARED:,} of the {faces:,} faces.")
    if people > MOST_LISTED:
        said.append(
            f"The table lists the {MOST_LISTED:,} of {people:,} people with the most faces."
        )
    if faces > MOST_REVIEWED:
        said.append(
            f"The review is left out because it takes minutes with more than {MOST_REVIEWED:,} "
            "faces. Run `face-gallery review` for it."
        )
    return said


def projector_notes(faces: int, pictured: bool = True) -> list[str]:
    """What to know of so many faces in the projector."""
    said = []
    if faces > MOST_FETCHED:
        said.append(
            f"The projector shows the first {MOST_FETCHED:,} of the {faces:,} faces. To see "
            "others, export some people with some faces each."
        )
    elif faces > MOST_CLEAR:
        said.append(
            f"With {faces:,} faces the projector is slow, and its t-SNE uses only "
            f"{MOST_CLEAR:,} of them. For a clearer picture, export some people with some faces "
            "each."
        )
    if not pictured:
        said.append("There are too many faces for a sheet of pictures, so it was omitted.")
    return said


def _table_notes(done: Exported) -> list[str]:
    if not done.remarks.formulas:
        return []
    names = counted(done.remarks.formulas, "name begins", "names begin")
    return [
        f"{names} with =, +, - or @, which spreadsheets interpret as a formula: import that column "
        "as text. The names are written unchanged."
    ]
