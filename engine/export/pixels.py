"""The picture of a face as pixels of one size: its photograph, or the emblem drawn with Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from engine.portraits.emblem import LINE_ALPHA, LINE_WIDTH, curves, palette, to_rgb
from engine.types import Vectors

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_FINER = 3  # Pillow's polygons have no soft edges: drawn larger, then made smaller
_THINNEST = 0.5  # pixels, before that; what is thinner is not seen


def photo_square(photo: bytes, side: int) -> Picture:
    """The middle of a photograph, filling a square."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(photo)) as picture:
        return ImageOps.fit(picture.convert("RGB"), (side, side))


def emblem_square(traits: Vectors, side: int) -> Picture:
    """The portrait that the window draws for these traits ``(16,)``, filling a square."""
    from PIL import Image, ImageDraw

    trait = np.clip(np.asarray(traits, dtype=np.float64), -1.0, 1.0)
    colors = np.round(to_rgb(palette(trait)) * 255)
    top, bottom, line, *layers = colors
    large = side * _FINER
    shade = Image.fromarray(np.linspace(top, bottom, large).astype(np.uint8)[:, None])
    picture = shade.resize((large, large))
    draw = ImageDraw.Draw(picture)
    has_line = large * LINE_WIDTH >= _THINNEST
    for curve, color in zip(curves(trait) * large + large / 2, layers, strict=True):
        edge = _rgb(LINE_ALPHA * line + (1 - LINE_ALPHA) * color) if has_line else None
        draw.polygon(curve.ravel().tolist(), fill=_rgb(color), outline=edge)
    return picture.reduce(_FINER)


def _rgb(color: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, int, int]:
    red, green, blue = (round(value) for value in color.tolist())
    return red, green, blue
