"""Faces found by three networks, each of which looks closer at what the one before it left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL.Image import Resampling

from engine.photos.network_files import MTCNN, SHA256, open_network

if TYPE_CHECKING:
    import onnxruntime
    from PIL.Image import Image as Picture

Numbers = npt.NDArray[np.float64]

_CELL, _STRIDE = 12, 2  # pixels: what the first network sees at once, and its step
_FACTOR = 0.6  # from one size of the picture to the next
_SCORES = (0.6, 0.7, 0.7)
_AT_ONCE = 256  # crops given to a network together
_DLIB = (-0.014, 0.06, 0.976)
"""From a box of these networks to one of dlib's detector, in means of width and height: how far
its middle lies to the right and down, and its side; measured on 180 photographs."""


class MtcnnDetector:
    """Finds faces as Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask
    Cascaded Convolutional Networks", do.
    """

    name = f"mtcnn {SHA256[MTCNN[0]][:8]}"

    def __init__(self, smallest: int = 20) -> None:
        """
        Args:
            smallest: side in pixels of the smallest faces that are looked for.
        """
        self._smallest = smallest
        self._proposals, self._refinement, self._output = map(open_network, MTCNN)

    def detect(self, picture: Picture) -> tuple[Numbers, Numbers]:
        """Find faces in an upright RGB picture.

        Returns:
            boxes as dlib's detector draws them, x, y, width and height ``(n, 4)``, and their
            scores in [0, 1], ``(n,)``.
        """
        boxes = self._proposed(picture)
        boxes, scores = self._refined(self._refinement, picture, boxes, 24, _SCORES[1])
        kept = suppress_overlapping(boxes, scores, 0.7)
        boxes, scores = self._refined(self._output, picture, boxes[kept], 48, _SCORES[2])
        kept = suppress_overlapping(boxes, scores, 0.7, of_smaller=True)
        return _as_dlib(boxes[kept]), scores[kept]

    def _proposed(self, picture: Picture) -> Numbers:
        """Return corners ``(n, 4)`` of what may be a face, from all sizes of the picture."""
        found, scores = [np.empty((0, 4))], [np.empty(0)]
        scale, reduced = _CELL / self._smallest, picture
        while min(picture.size) * scale >= _CELL:
            width, height = (max(_CELL, round(side * scale)) for side in picture.size)
            reduced = reduced.resize((width, height), Resampling.BILINEAR)
            boxes, likely = self._proposed_in(reduced, picture)
            kept = suppress_overlapping(boxes, likely, 0.5)
            found.append(boxes[kept])
            scores.append(likely[kept])
            scale *= _FACTOR
        boxes, likely = np.concatenate(found), np.concatenate(scores)
        return boxes[suppress_overlapping(boxes, likely, 0.7)]

    def _proposed_in(self, reduced: Picture, picture: Picture) -> tuple[Numbers, Numbers]:
        shifts, chances = self._proposals.run(None, {"input_1": _network_input(reduced)[None]})
        likely = chances[0, :, :, 1]  # columns first, as the network was trained
        x, y = np.nonzero(likely >= _SCORES[0])
        ratio = np.array([picture.width / reduced.width, picture.height / reduced.height] * 2)
        corners = np.stack([x, y, x, y], axis=1) * _STRIDE + np.array([0, 0, _CELL, _CELL])
        boxes = corners * ratio
        return _shifted(boxes, shifts[0, x, y]), likely[x, y].astype(np.float64)

    @staticmethod
    def _refined(
        network: onnxruntime.InferenceSession,
        picture: Picture,
        boxes: Numbers,
        side: int,
        least: float,
    ) -> tuple[Numbers, Numbers]:
        """Return the boxes that a network takes for faces, shifted as it says, and its scores."""
        squares = _squares(boxes)
        shifts, scores = [np.empty((0, 4))], [np.empty(0)]
        for start in range(0, len(squares), _AT_ONCE):
            crops = [_crop(picture, square, side) for square in squares[start : start + _AT_ONCE]]
            outputs = network.run(None, {network.get_inputs()[0].name: np.stack(crops)})
            shifts.append(outputs[0])
            scores.append(outputs[-1][:, 1])
        likely = np.concatenate(scores)
        kept = likely > least
        return _shifted(squares[kept], np.concatenate(shifts)[kept]), likely[kept]


def suppress_overlapping(
    boxes: Numbers, scores: Numbers, most: float, *, of_smaller: bool = False
) -> npt.NDArray[np.int64]:
    """Return the boxes to keep, the surest first: none overlaps a surer one by more than a share.

    Args:
        boxes: corners ``(n, 4)``.
        most: share of the area that both cover together, or of the smaller box.
    """
    left, top, right, bottom = boxes.T
    area = (right - left) * (bottom - top)
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(first)
        width = np.minimum(right[first], right[rest]) - np.maximum(left[first], left[rest])
        height = np.minimum(bottom[first], bottom[rest]) - np.maximum(top[first], top[rest])
        common = np.maximum(width, 0) * np.maximum(height, 0)
        smaller = np.minimum(area[first], area[rest])
        whole = smaller if of_smaller else area[first] + area[rest] - common
        order = rest[common <= most * whole]
    return np.array(kept, dtype=np.int64)


def _shifted(boxes: Numbers, shifts: npt.NDArray[np.floating]) -> Numbers:
    """Move each corner by a share of the width or height of its box."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + shifts * np.tile(sides, 2)


def _squares(boxes: Numbers) -> Numbers:
    """Return boxes widened to squares around the same middle."""
    middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    half = sides.max(axis=1, initial=0, keepdims=True) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _crop(picture: Picture, box: Numbers, side: int) -> npt.NDArray[np.float32]:
    """Return what is in a box, black where it reaches beyond the picture, as a network sees it."""
    left, top, right, bottom = np.rint(box).astype(int).tolist()
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    if left < 0 or top < 0 or right > picture.width or bottom > picture.height:
        picture = picture.crop((left, top, right, bottom))
        left, top, right, bottom = 0, 0, *picture.size
    crop = picture.resize(
        (side, side), Resampling.BILINEAR, (left, top, right, bottom), reducing_gap=2.0
    )
    return _network_input(crop)


def _network_input(picture: Picture) -> npt.NDArray[np.float32]:
    """Return pixels from about -1 to 1, columns first: ``(width, height, 3)``."""
    pixels = np.asarray(picture, dtype=np.float32).swapaxes(0, 1)
    return np.ascontiguousarray((pixels - 127.5) / 128)


def _as_dlib(boxes: Numbers) -> Numbers:
    right, down, ratio = _DLIB
    sides = (boxes[:, 2:] - boxes[:, :2]).mean(axis=1, keepdims=True)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + sides * np.array([right, down])
    return np.concatenate([middle - sides * ratio / 2, sides * ratio, sides * ratio], axis=1)
