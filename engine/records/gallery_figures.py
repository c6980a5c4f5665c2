"""What is measured over the faces of a gallery, for its report and its charts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.records.types import Vectors


@dataclass(frozen=True, eq=False)
class Separation:
    """How far faces of one person are from one another, and from other people's.

    Attributes:
        own, other: distances, float32, ascending.
        threshold: nearer than that are 1 in 1,000 pairs of different people; None where there are
            too few to say.
        recognised: the share of pairs of one person that are nearer.
        compared: faces.
    """

    own: Vectors
    other: Vectors
    threshold: float | None
    recognised: float | None
    compared: int

    def nearer(self, distance: float) -> tuple[float, float]:
        """Shares of the pairs of one person, and of two people, that are nearer than this."""
        return _below(self.own, distance), _below(self.other, distance)


def _below(ascending: Vectors, distance: float) -> float:
    return float(np.searchsorted(ascending, distance)) / max(1, len(ascending))


@dataclass(frozen=True, eq=False)
class GalleryFigures:
    """Measured over all faces, but for the separation and the recognition.

    Attributes:
        added: seconds since the epoch, ascending, of each face.
        counts: by identity id, how many faces.
        own_distance: by identity id, the mean distance of a face to the mean of the others.
        photos: how many faces have one.
        recognised: by identity id, how many of its faces the five nearest other ones name
            rightly, of how many that were asked about; those with two faces or more.
    """

    added: Vectors
    counts: dict[int, int]
    own_distance: dict[int, float]
    photos: int
    separation: Separation
    recognised: dict[int, tuple[int, int]]
