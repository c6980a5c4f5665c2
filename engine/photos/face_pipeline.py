"""From a file or pixels to faces: read, detect, align, embed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from PIL.Image import Transpose

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

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Numbers = npt.NDArray[np.float64]

_LONGEST = 2_000
"""Pixels of the longer side that are looked at; faces are cut out of the whole photograph."""
_SMALLEST = 20
"""Pixels of the smallest face in that."""
_LONGEST_TURNED = 1_000
"""Likewise of a photograph that is turned, because nothing sure was found in it upright."""
_SURE = 0.99
"""Score of a face under which it may be one that lies on its side: of those some are found, badly
aligned, with less."""
_SURE_TURNED = 0.9
"""Score of a face in a turned photograph; where there is no face, three looks find more of none."""
_TURNS = {turns: Transpose(turns + 1) for turns in (1, 2, 3)}  # to the left, as NumPy turns
_CROP, _MARGIN = 192, 0.35
_LONGEST_LIVE, _SMALLEST_LIVE = 640, 60
"""Pixels of the longer side of a frame that is looked at, and of the smallest face in that."""


class Detector(Protocol):
    """What finds faces in a picture."""

    name: str

    def detect(self, picture: object) -> tuple[Numbers, Numbers]:
        """Return boxes ``(n, 4)`` and scores ``(n,)``."""


class FacePipeline:
    """Finds the faces of photographs and embeds them."""

    def __init__(self, mode: DetectionMode, *, live: bool = False) -> None:
        """
        Args:
            live: be quick, for the frames of a camera: only large, upright faces are looked for.
        """
        self._longest = _LONGEST_LIVE if live else _LONGEST
        self._turning = mode == "thorough" and not live
        smallest = _SMALLEST_LIVE if live else _SMALLEST
        self._detector = MtcnnDetector(smallest) if mode == "thorough" else HogDetector()
        self._aligner = FaceAligner()
        self._embedder = FaceEmbedder()

    def read(self, path: str | Path) -> PhotographFaces:
        """Read a photograph and find the faces in it; there may be none.

        Raises:
            PhotoError: it cannot be read.
        """
        photo = read_photo_file(path)
        return self.find(photo.pixels, _described(photo))

    def find(self, pixels: Pixels, photograph: Photograph) -> PhotographFaces:
        """Find the faces in pixels ``(height, width, 3)``, those of a photograph."""
        found = self._found(pixels)
        aligned = [self._aligner.align(found.pixels, box) for box in found.boxes]
        vectors = self._embedder.embed([chip for chip, _ in aligned])
        upright = turned_back(found.boxes, found.pixels.shape[1::-1], found.turns)
        order = np.argsort(upright[:, 0] + upright[:, 2] / 2, kind="stable")
        faces = []
        for number, row in enumerate(order):
            chip, points = aligned[row]
            score = float(found.scores[row])
            box, drawn = Box(*upright[row].tolist()), Box(*found.boxes[row].tolist())
            quality = FaceQuality(box.side, sharpness_of(chip), turn_of(points), score)
            crop = _cropped(found.pixels, drawn)
            faces.append(DetectedFace(photograph, number, box, quality, vectors[row], crop))
        return PhotographFaces(photograph, tuple(faces))

    def _found(self, pixels: Pixels) -> _Found:
        """Find faces; where none is sure, also such as lie on a side or on the head."""
        picture, scale = _reduced(pixels, self._longest)
        boxes, scores = self._detector.detect(picture)
        best = _Found(pixels, 0, boxes * scale, scores)
        if not self._turning or scores.max(initial=0) >= _SURE:
            return best
        picture, scale = _reduced(pixels, _LONGEST_TURNED)
        for turns in (1, 2, 3):
            boxes, scores = self._detector.detect(picture.transpose(_TURNS[turns]))
            sure = scores >= _SURE_TURNED
            if scores[sure].sum() > best.scores.sum():
                along = np.roll(scale, turns)  # width and height change places with each turn
                best = _Found(pixels, turns, boxes[sure] * along, scores[sure])
        if not best.turns:
            return best
        return replace(best, pixels=np.ascontiguousarray(np.rot90(pixels, best.turns)))


@dataclass(frozen=True, eq=False)
class _Found:
    """Faces that were found in a photograph.

    Attributes:
        pixels: of the photograph, in which the faces are upright.
        turns: how many times it was turned by 90 degrees to the left for that.
        boxes, scores: of the faces in these pixels, ``(n, 4)`` and ``(n,)``.
    """

    pixels: Pixels
    turns: int
    boxes: Numbers
    scores: Numbers


def turned_back(boxes: Numbers, size: tuple[int, ...], turns: int) -> Numbers:
    """Return where boxes in a turned picture are in the one that was turned.

    Args:
        boxes: x, y, width and height ``(n, 4)``.
        size: width and height of the turned picture.
        turns: how many times by 90 degrees to the left it was turned.
    """
    width, height = size[:2]
    for _ in range(turns):
        x, y, across, down = boxes.T
        boxes = np.stack([height - y - down, x, down, across], axis=1)
        width, height = height, width
    return boxes


def _reduced(pixels: Pixels, longest: int) -> tuple[Picture, Numbers]:
    """Return a picture made smaller where its longer side is larger than that, and the factors
    ``(4,)`` from boxes in it to those in the whole.
    """
    from PIL import Image

    picture = Image.fromarray(pixels)
    ratio = max(picture.size) / longest
    if ratio <= 1:
        return picture, np.ones(4)
    width, height = (max(1, round(side / ratio)) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    return small, np.array([picture.width / width, picture.height / height] * 2)


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
