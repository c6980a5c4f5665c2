"""What is written out of a gallery for others to read: what was asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

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
        return all(one is None for one in chosen)


WHOLE = Selection()


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


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        path: the file or the folder.
        written: the files; of a folder tree the folder alone.
        sentences: what to know of it.
    """

    kind: ExportKind
    path: Path
    written: tuple[Path, ...]
    identities: int
    faces: int
    sentences: tuple[str, ...] = ()
