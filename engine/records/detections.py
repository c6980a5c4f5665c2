"""Faces found in a photograph, and what is known about the photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.records.types import Vectors

DetectionMode = Literal["thorough", "faithful"]
"""How faces are looked for: thorough finds the most; faithful finds those that dlib's own detector
finds, where it finds them."""
LEAST_SIDE = 32
"""Pixels of a face under which it is often taken for somebody else."""
ENROLLED_SIDE = 50
"""Pixels of a face under which it is not enrolled unasked."""

CAMERA = "camera"
"""In the place of a file, before date and time: a face was seen by a camera."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright photograph; it may reach beyond its edges."""

    x: float
    y: float
    width: float
    height: float

    @property
    def side(self) -> float:
        """The mean of width and height."""
        return (self.width + self.height) / 2


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """What makes a face easy or hard to recognise.

    Attributes:
        size: side of the face in pixels of the photograph.
        sharpness: variance of the Laplacian of the aligned face in grey values from 0 to 255
            (Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy"); a face that
            is small or out of focus has little.
        turn: how far the nose lies beside the middle of the eyes, in halves of their distance: 0
            looks straight ahead, 1 is about a profile.
        score: the detector's own.
    """

    size: float
    sharpness: float
    turn: float
    score: float


@dataclass(frozen=True)
class Photograph:
    """A photograph that was read.

    Attributes:
        file: its path.
        size: in bytes.
        modified: in nanoseconds since the epoch, as the file system has it.
        digest: 16 bytes that tell its content.
        width, height: in pixels, upright.
        taken: date and time as the camera wrote them, such as ``2024-05-31T18:00:00``; None where
            it wrote none.
        thumbnail: the whole of it as a small JPEG.
        remarks: sentences on what is odd about the file.
    """

    file: str
    size: int
    modified: int
    digest: bytes
    width: int
    height: int
    taken: str | None
    thumbnail: bytes = field(repr=False)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class DetectedFace:
    """A face in a photograph.

    Attributes:
        number: from 0, from left to right.
        vector: its embedding, float32 ``(d,)``.
        crop: the face and a margin as a small JPEG.
    """

    photograph: Photograph
    number: int
    box: Box
    quality: FaceQuality
    vector: Vectors = field(repr=False)
    crop: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class PhotographFaces:
    """A photograph and the faces found in it, from left to right."""

    photograph: Photograph
    faces: tuple[DetectedFace, ...]


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """What a camera saw at one moment.

    Attributes:
        picture: of the frame, as JPEG of at most 640 pixels a side.
        found: the faces in it; the file of the photograph is a name with the time, and no path.
    """

    picture: bytes = field(repr=False)
    found: PhotographFaces


def vectors_of(faces: Sequence[DetectedFace], dimension: int) -> Vectors:
    """Return the embeddings of faces, ``(n, dimension)``."""
    rows = [face.vector for face in faces]
    return np.stack(rows) if rows else np.empty((0, dimension), dtype=np.float32)
