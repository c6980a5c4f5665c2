"""Photographs and the faces in them, made by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from engine.records.detections import Box, DetectedFace, FaceQuality, Photograph
from engine.records.types import FaceBatch, Vectors


def photograph(file: str, width: int = 800, height: int = 600) -> Photograph:
    out = io.BytesIO()
    Image.new("RGB", (width // 2, height // 2), "gray").save(out, "JPEG")
    return Photograph(file, 1, 1, bytes(16), width, height, None, out.getvalue())


def detected(of: Photograph, vectors: Sequence[Vectors], side: float = 100) -> list[DetectedFace]:
    """Faces side by side, in the order of their vectors."""
    room = of.width / max(1, len(vectors))
    return [
        DetectedFace(
            of,
            number,
            Box(number * room + 1, (of.height - side) / 2, side, side),
            FaceQuality(side, 100.0, 0.1, 0.99),
            vector,
            of.thumbnail,
        )
        for number, vector in enumerate(vectors)
    ]


def batch_of_faces(faces: Sequence[DetectedFace], vectors: Vectors) -> FaceBatch:
    return FaceBatch(
        vectors,
        [None] * len(faces),
        [face.photograph.file for face in faces],
        [face.number for face in faces],
        list(faces),
    )
