"""What is written out of a gallery for others to read: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from engine.records.detections import DetectedFace
from engine.records.gallery_figures import GallerySummary
from engine.records.types import Face, Identity, Vectors

ExportKind = Literal["tensorboard", "npz", "csv", "parquet", "folder", "report"]

EXPORT_KINDS: tuple[ExportKind, ...] = (
    "tensorboard", "npz", "csv", "parquet", "folder", "report",
)  # fmt: skip
SUFFIXES = {"npz": ".npz", "csv": ".csv", "parquet": ".parquet", "report": ".html"}
"""Of the kinds that are one file; the others are a folder."""

CONFIG = "projector_config.pbtxt"
"""What makes a folder one that TensorBoard's projector opens."""


@dataclass(frozen=True)
class Selection:
    """Which faces; all of them unless something is said.

    Attributes:
        identities: ids of the people; None for everybody.
        faces: ids of the faces; None for all of these people.
        people: so many of them, drawn by chance among those who have ``each`` faces; None for all.
        each: so many faces of each, drawn by chance; None for all.
        seed: of the chance: the same seed draws the same faces of the same gallery.
    """

    identities: tuple[int, ...] | None = None
    faces: tuple[int, ...] | None = None
    people: int | None = None
    each: int | None = None
    seed: int = 0

    @property
    def is_whole(self) -> bool:
        chosen = (self.identities, self.faces, self.people, self.each)
        return all(limit is None for limit in chosen)


WHOLE = Selection()


Page = Callable[[GallerySummary], str]
"""Makes the HTML document of a report."""

MOST_FETCHED = 100_000
"""Faces that TensorBoard's projector asks for."""
MOST_CLEAR = 10_000
"""Faces that its t-SNE takes; with more it is slow."""
MOST_COMPARED = 2_000
"""Faces whose distances to one another a report takes; of larger galleries a sample."""
MOST_REVIEWED = 20_000
"""Faces beyond which a report leaves out the review: it takes minutes there."""


@dataclass(frozen=True)
class Remarks:
    """What to know of the files of an export.

    Attributes:
        formulas: names that a spreadsheet takes for a formula.
        pictured: False where there are too many faces for the projector's sheet of pictures.
    """

    formulas: int = 0
    pictured: bool = True


PLAIN = Remarks()


class FaceSource(Protocol):
    """Faces to be written, read piece by piece.

    Attributes:
        identities: those who have a face among them, by id.
        count: how many faces.
        dimension: numbers in an embedding.
    """

    @property
    def identities(self) -> Mapping[int, Identity]: ...

    @property
    def count(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    def chunks(self, stage: str) -> Iterator[tuple[list[Face], Vectors]]:
        """Yield faces and their embeddings ``(n, d)``; ``stage`` is what the reporter is told."""

    def thumbnail(self, face: int) -> bytes | None:
        """JPEG of a face, or None where it came without a photograph."""

    def detected(self, faces: Sequence[int]) -> Mapping[int, DetectedFace]:
        """Where faces were found in photographs, by the id of the face; others are left out."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        path: the file or the folder.
        written: the files; of a folder tree the folder alone.
        in_clear: the gallery is encrypted and the export is not.
    """

    kind: ExportKind
    path: Path
    written: tuple[Path, ...]
    identities: int
    faces: int
    remarks: Remarks = PLAIN
    in_clear: bool = False
