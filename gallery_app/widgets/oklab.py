"""Colours by lightness and by two opponent axes, in steps that look even to the eye.

The conversion is Björn Ottosson's OKLab ("A perceptual color space for image processing", 2020).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor

Floats = npt.NDArray[np.float64]

_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def to_rgb(lab: Floats) -> Floats:
    """sRGB ``(n, 3)`` in [0, 1] for OKLab rows; what no screen shows is clipped."""
    linear = np.clip((lab @ _TO_CONES.T) ** 3 @ _TO_LINEAR.T, 0.0, 1.0)
    low = linear * 12.92
    high = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, low, high))


def to_colors(lab: Floats, alpha: float = 1.0) -> list[QColor]:
    """The rows as colours, all of one opacity."""
    return [QColor.fromRgbF(red, green, blue, alpha) for red, green, blue in to_rgb(lab).tolist()]
