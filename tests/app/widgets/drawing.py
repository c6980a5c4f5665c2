"""Made-up traits, and what was drawn as numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from engine.records.types import Vectors


def traits_of(seed: int) -> Vectors:
    return np.tanh(np.random.default_rng(seed).standard_normal(16) * 0.8).astype(np.float32)


def pixels(image: QImage) -> np.ndarray:  # type: ignore[type-arg]
    """uint8 ``(height, width, 4)``."""
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    shape = (plain.height(), plain.width(), 4)
    return np.frombuffer(plain.constBits(), np.uint8).reshape(shape).astype(np.int16)
