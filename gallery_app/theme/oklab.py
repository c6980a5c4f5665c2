"""Colours of the window in OKLab: even steps to the eye; see :mod:`engine.avatars.emblem`."""

from __future__ import annotations

from PySide6.QtGui import QColor

from engine.avatars.emblem import Floats, to_rgb

__all__ = ["Floats", "to_colors", "to_rgb"]


def to_colors(lab: Floats, alpha: float = 1.0) -> list[QColor]:
    """The rows as colours, all of one opacity."""
    return [QColor.fromRgbF(red, green, blue, alpha) for red, green, blue in to_rgb(lab).tolist()]
