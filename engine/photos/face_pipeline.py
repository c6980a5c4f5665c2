"""From a file to faces: read, detect, align, embed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.photos.face_aligner import FaceAligner, sharpness_of, turn_of
from engine.photos.face_embedder import FaceEmbedder
from engine.photos.hog_detector import HogDetector
from engine.photos.mtcnn_detector import MtcnnDetector
from engine.photos.photo_reader import Pixels, ReadPhoto, as_jpeg, read_photo_file
from engine.records.detections import (
    Box,
    DetectedFace,
    DetectionMode,
    FaceQuality,
    Photograph,
    PhotographFaces,
)

Numbers = npt.NDArray[np.float64]

_LONGEST = 2_000
"""Pixels of the longer side that are looked at; faces are cut out of the whole photograph."""
_LONGEST_TURNED = 1_000
"""Likewise of a photograph that is turned, because nothing was found in it upright."""
_CROP, _MARGIN = 192, 0.35


class Detector(Protocol):
    """What finds faces in a picture."""

    name: str

    def detect(self, picture: object) -> tuple[Numbers, Numbers]:
        """Return boxes ``(n, 4)`` and scores ``(n,)``."""


class FacePipeline:
    """Finds the faces of photographs and embeds them."""

    def __init__(self, mode: DetectionMode) -> None:
        self._mode = mode
        self._detector = MtcnnDetector() if mode == "thorough" else HogDetector()
        self._aligner = FaceAligner()
        self._embedder = FaceEmbedder()

    def read(self, path: str | Path) -> PhotographFaces:
        """Read a photograph and find the faces in it; there may be none.

        Raises:
            PhotoError: it cannot be read.
        """
        photo = read_photo_file(path)
        boxes, scores = self._detected(photo.pixels)
        order = np.argsort(boxes[:, 0] + boxes[:, 2] / 2, kind="stable")
        aligned = [self._aligner.align(photo.pixels, boxes[row]) for row in order]
        vectors = self._embedder.embed([chip for chip, _ in aligned])
        photograph = _described(photo)
        faces = []
        for number, (row, (chip, points), vector) in enumerate(
            zip(order, aligned, vectors, strict=True)
        ):
            box = Box(*boxes[row].tolist())
            quality = FaceQuality(box.side, sharpness_of(chip), turn_of(points), float(scores[row]))
            crop = _cropped(photo.pixels, box)
            faces.append(DetectedFace(photograph, number, box, quality, vector, crop))
        return PhotographFaces(photograph, tuple(faces))

    def _detected(self, pixels: Pixels) -> tuple[Numbers, Numbers]:
        return self._looked_at(pixels, _LONGEST)

    def _looked_at(self, pixels: Pixels, longest: int) -> tuple[Numbers, Numbers]:
        """Find faces in a picture made smaller where it is larger than that."""
        from PIL import Image

        picture = Image.fromarray(pixels)
        ratio = max(picture.size) / longest
        if ratio > 1:
            width, height = (max(1, round(side / ratio)) for side in picture.size)
            picture = picture.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
            scale = np.array([pixels.shape[1] / width, pixels.shape[0] / height] * 2)
        else:
            scale = np.ones(4)
        boxes, scores = self._detector.detect(picture)
        return boxes * scale, scores


def _described(photo: ReadPhoto) -> Photograph:
    return Photograph(
        file=photo.file,
        size=photo.size,
        modified=photo.modified,
        digest=photo.digest,
        width=photo.pixels.shape[1],
        height=photo.pixels.shape[0],
        taken=photo.taken,
        thumbnail=photo.thumbnail(),
        remarks=photo.remarks,
    )


def _cropped(pixels: Pixels, box: Box) -> bytes:
    """Return a face with a margin, as far as the photograph reaches, as a JPEG of 192 pixels."""
    from PIL import Image

    height, width = pixels.shape[:2]
    around = _MARGIN * box.side
    left, top = max(0, round(box.x - around)), max(0, round(box.y - around))
    right = min(width, round(box.x + box.width + around))
    bottom = min(height, round(box.y + box.height + around))
    crop = Image.fromarray(pixels[top : max(bottom, top + 1), left : max(right, left + 1)])
    crop.thumbnail((_CROP, _CROP), reducing_gap=2.0)
    return as_jpeg(crop)
