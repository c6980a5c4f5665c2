"""Puts faces on a map that was laid out without them: beside those that they look like.

So a map can be brought up to date, and one of a sample can take in everybody else.
"""

from __future__ import annotations

import numpy as np

from engine.types import Neighbours, Vectors

NEIGHBOURS = 5
_CLOSEST = 1e-6


def beside_neighbours(neighbours: Neighbours, points: Vectors) -> Vectors:
    """The middle of each face's neighbours, the nearer the heavier.

    Args:
        neighbours: of ``m`` faces; ``ids`` are rows of ``points``.
        points: ``(n, dimensions)``.

    Returns:
        ``(m, dimensions)``.
    """
    weights = 1.0 / np.maximum(neighbours.distances.astype(np.float64), _CLOSEST)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("mk,mkd->md", weights, points[neighbours.ids]), dtype=np.float32)
