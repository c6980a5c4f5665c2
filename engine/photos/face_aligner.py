"""Faces brought to one size and place, by five points of each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.photos.network_files import LANDMARKS, network_file
from engine.photos.photo_reader import Pixels

SIDE = 150
_PADDING = 0.25  # around the face, as the embedding network was trained


class FaceAligner:
    """Finds the corners of the eyes and the nose (Kazemi and Sullivan 2014, "One millisecond face
    alignment with an ensemble of regression trees") and cuts a face out by them.
    """

    def __init__(self) -> None:
        import dlib

        self._dlib = dlib
        self._points = dlib.shape_predictor(str(network_file(LANDMARKS)))

    def align(
        self, pixels: Pixels, box: npt.NDArray[np.float64]
    ) -> tuple[Pixels, npt.NDArray[np.float64]]:
        """Cut a face out of a photograph.

        Args:
            pixels: of the photograph, ``(height, width, 3)``.
            box: of the face, x, y, width and height, as dlib's detector draws it.

        Returns:
            the face ``(150, 150, 3)``, and its five points ``(5, 2)`` in the photograph: the
            corners of the eye on the right side of the picture, the outer one first, those of the
            other, and below the nose.
        """
        left, top, width, height = np.rint(box).astype(int).tolist()
        rectangle = self._dlib.rectangle(left, top, left + width - 1, top + height - 1)
        shape = self._points(pixels, rectangle)
        chip = self._dlib.get_face_chip(pixels, shape, size=SIDE, padding=_PADDING)
        points = np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)
        return chip, points


def turn_of(points: npt.NDArray[np.float64]) -> float:
    """Return how far the nose lies beside the middle of the eyes, in halves of their distance."""
    right, left, nose = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    across = right - left
    apart = math.hypot(*across) or 1.0
    return float(abs((nose - (left + right) / 2) @ across) / apart / (apart / 2))


def sharpness_of(chip: Pixels) -> float:
    """Return the variance of the Laplacian of a face ``(150, 150, 3)`` in grey values."""
    grey = chip.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * inner).var())
