"""What is measured over the faces of a gallery, for its report and its charts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.records.figures import Evaluation
from engine.records.findings import Review
from engine.records.jobs import ModelVersion
from engine.records.types import Distance, Identity, Vectors


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


@dataclass(frozen=True, eq=False)
class GallerySummary:
    """What a report on a gallery is made of.

    Attributes:
        gallery: name of its folder.
        created: when, in seconds since the epoch.
        models: all trained versions.
        evaluation: the last one, if any.
        review: what looks wrong; None where the gallery is too large to be reviewed in passing.
    """

    gallery: str
    created: float
    dimension: int
    distance: Distance
    faces: int
    identities: tuple[Identity, ...]
    figures: GalleryFigures
    models: tuple[ModelVersion, ...]
    evaluation: Evaluation | None
    review: Review | None
