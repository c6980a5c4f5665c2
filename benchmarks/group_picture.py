"""A made-up group picture of 12 megapixels: 54 faces of 16 to 200 pixels at known places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZES = (16, 20, 24, 28, 32, 36, 40, 45, 50, 56, 64, 72, 80, 96, 112, 128, 160, 200)
EACH = 3
WIDTH, HEIGHT = 4000, 3000
_APART = 20
_SAME = 0.35  # intersection over union from which a box is that of a face
Boxes = npt.NDArray[np.float64]


def group_picture(
    faces: Sequence[tuple[Image.Image, Boxes]], seed: int
) -> tuple[Image.Image, npt.NDArray[np.int64], Boxes]:
    """Paste three photographs for each size, so that the faces in them have it.

    Args:
        faces: photographs with one face each, and its box, x, y, width and height.

    Returns:
        the picture; size and box ``(54, 4)`` of each face.
    """
    random = np.random.default_rng(seed)
    slopes = random.integers(60, 200, (12, 16, 3)).astype(np.uint8)
    smooth = Image.fromarray(slopes).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grain = np.asarray(smooth, np.float32) + random.normal(0, 6, (HEIGHT, WIDTH, 1))
    picture = Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
    chosen = [faces[row] for row in random.permutation(len(faces))[: len(SIZES) * EACH]]
    x = y = tallest = _APART
    sizes = sorted(SIZES * EACH, reverse=True)
    boxes = []
    for size, (photo, box) in zip(sizes, chosen, strict=True):
        scale = size / box[2:].mean()
        wide, high = (max(1, round(side * scale)) for side in photo.size)
        if x + wide > WIDTH - _APART:
            x, y, tallest = _APART, y + tallest + _APART, 0
        picture.paste(photo.resize((wide, high), Image.Resampling.LANCZOS), (x, y))
        boxes.append(box * scale + np.array([x, y, 0, 0]))
        x, tallest = x + wide + _APART, max(tallest, high)
    return picture, np.array(sizes), np.array(boxes)


def found_among(truth: Boxes, boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Return which faces ``(n, 4)`` were found by boxes ``(m, 4)``, each box for one face."""
    left = boxes
    found = np.zeros(len(truth), bool)
    for row, face in enumerate(truth):
        if len(left):
            overlap = _overlap(face, left)
            if overlap.max() > _SAME:
                found[row] = True
                left = np.delete(left, overlap.argmax(), axis=0)
    return found


def _overlap(face: Boxes, boxes: Boxes) -> Boxes:
    start = np.maximum(face[:2], boxes[:, :2])
    end = np.minimum(face[:2] + face[2:], boxes[:, :2] + boxes[:, 2:])
    common = np.maximum(end - start, 0).prod(axis=1)
    return common / (face[2:].prod() + boxes[:, 2:].prod(axis=1) - common)
