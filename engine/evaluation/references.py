"""What every method of ours is held against: plain rules and scikit-learn's own classifiers.

scikit-learn takes over a second to import, so it is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evaluation.class_means import CLASS_MEAN, LDA, ClassMean, ShrinkageLda
from engine.evaluation.contract import (
    NOBODY,
    CalibrationSet,
    Fitted,
    Method,
    Numbers,
    Ranked,
)
from engine.models.network import fit_scaler
from engine.progress import Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare

__all__ = [
    "CLASS_MEAN",
    "LDA",
    "MOST_FREQUENT",
    "PLAIN",
    "UNIT",
    "WHITENED",
    "references",
]

MOST_FREQUENT = "most frequent person"
PLAIN = "5-NN (plain)"
UNIT = "5-NN (unit length)"
WHITENED = "whitening + 5-NN"

_NEIGHBOURS = 5


def references(distance: Distance) -> tuple[Method, ...]:
    """All of them, simplest first.

    Args:
        distance: the gallery's; for whitening and the class mean, which no notebook fixes.
    """
    return (
        MostFrequent(),
        NearestFaces(PLAIN, "euclidean"),
        NearestFaces(UNIT, "cosine"),
        NearestFaces(WHITENED, distance, whiten=True),
        ClassMean(distance),
        ShrinkageLda(),
    )


@dataclass(frozen=True)
class MostFrequent:
    """Always names the identity with the most faces, and nobody else."""

    name: str = MOST_FREQUENT
    reference: bool = True

    def fit(
        self,
        vectors: Vectors,
        labels: Ids,
        calibration: CalibrationSet | None,
        *,
        seed: int,
        reporter: Reporter,
    ) -> Fitted:
        return _Always(int(np.bincount(labels).argmax()))


@dataclass(frozen=True)
class _Always:
    label: int

    def rank(self, queries: Vectors, top: int) -> Ranked:
        shape = (len(queries), 1)
        return Ranked(np.full(shape, self.label, dtype=np.int64), np.zeros(shape))


@dataclass(frozen=True)
class NearestFaces:
    """scikit-learn's ``KNeighborsClassifier(5)``, as the notebooks used it.

    Candidates are ordered by votes, ties as scikit-learn breaks them. Votes tell strangers apart
    too coarsely, so the score of the first is minus the distance to its nearest face.

    Attributes:
        distance: for cosine on vectors of unit length, for euclidean as they came.
        whiten: after whitening fitted on the enrolled faces, the very one that training starts
            from. (Principal directions that hold next to nothing are not blown up: where they
            are, as by scikit-learn's ``PCA(whiten=True)``, rounding alone ruins the neighbours.)
    """

    name: str
    distance: Distance
    whiten: bool = False
    reference: bool = True

    def fit(
        self,
        vectors: Vectors,
        labels: Ids,
        calibration: CalibrationSet | None,
        *,
        seed: int,
        reporter: Reporter,
    ) -> Fitted:
        from sklearn.neighbors import KNeighborsClassifier

        whitening = fit_scaler(vectors, self.distance, "whitened") if self.whiten else None
        neighbours = KNeighborsClassifier(min(_NEIGHBOURS, len(vectors)))
        fitted = _Neighbours(neighbours, labels, self.distance, whitening)
        neighbours.fit(fitted.seen(vectors), labels)
        return fitted


@dataclass(frozen=True, eq=False)
class _Neighbours:
    classifier: Any
    labels: Ids
    distance: Distance
    whitening: tuple[Vectors, Vectors] | None

    def seen(self, vectors: Vectors) -> Vectors:
        """The vectors as the classifier sees them."""
        rows = prepare(vectors, self.distance)
        if self.whitening is None:
            return rows
        mean, matrix = self.whitening
        return prepare(np.asarray((rows - mean) @ matrix, dtype=np.float32), self.distance)

    def rank(self, queries: Vectors, top: int) -> Ranked:
        distances, rows = self.classifier.kneighbors(self.seen(queries))
        return _by_votes(self.labels[rows], -distances.astype(np.float64), top)


def _by_votes(labels: Ids, scores: Numbers, top: int) -> Ranked:
    """Candidates by votes, then by smaller label, from neighbours ``(m, k)``, nearest first.

    A candidate's score is that of its nearest face, or of a worse one before it in the order, so
    that scores descend.
    """
    same = labels[:, :, None] == labels[:, None, :]
    votes = same.sum(axis=2)
    repeated = np.tril(same, -1).any(axis=2)
    order = np.lexsort((labels, -votes, repeated))[:, :top]
    empty = np.take_along_axis(repeated, order, axis=1)
    best = np.minimum.accumulate(np.take_along_axis(scores, order, axis=1), axis=1)
    return Ranked(
        np.where(empty, NOBODY, np.take_along_axis(labels, order, axis=1)),
        np.where(empty, -np.inf, best),
    )
