"""Faces found by dlib's own detector, as the sample gallery was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Numbers = npt.NDArray[np.float64]

_MAGNIFIED = 1_000_000
"""Pixels up to which a picture is magnified twice, so that faces from 40 pixels are found."""


class HogDetector:
    """Finds upright faces from 80 pixels by histograms of oriented gradients (Dalal and Triggs
    2005, "Histograms of oriented gradients for human detection") as dlib computes them.
    """

    name = "dlib-hog"

    def __init__(self) -> None:
        import dlib

        self._detector = dlib.get_frontal_face_detector()

    def detect(self, picture: Picture) -> tuple[Numbers, Numbers]:
        """Find faces in an upright RGB picture.

        Returns:
            boxes, x, y, width and height ``(n, 4)``, and their scores, ``(n,)``.
        """
        twice = picture.width * picture.height <= _MAGNIFIED
        found, scores, _ = self._detector.run(np.asarray(picture), int(twice), 0.0)
        boxes = [(box.left(), box.top(), box.width(), box.height()) for box in found]
        return np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array(scores, np.float64)
