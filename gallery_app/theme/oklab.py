"""Colours of the window in OKLab: even steps to the eye; see :mod:`engine.avatars.emblem`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

from engine.avatars.emblem import Floats, to_rgb


def to_colors(lab: Floats, alpha: float = 1.0) -> list[QColor]:
    """Return rows ``(n, 3)`` as colours, all of one opacity."""
    return [QColor.fromRgbF(red, green, blue, alpha) for red, green, blue in to_rgb(lab).tolist()]


def to_pixels(lab: Floats) -> npt.NDArray[np.uint32]:
    """Return rows ``(n, 3)`` as pixels 0xffRRGGBB, ``(n,)``."""
    red, green, blue = (to_rgb(lab) * 255 + 0.5).astype(np.uint32).T
    packed = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    return np.asarray(packed, dtype=np.uint32)
