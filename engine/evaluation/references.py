"""Methods that ours are compared with: nearest faces, class means, discriminant analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evaluation.contract import (
    NOBODY,
    CalibrationSet,
    Fitted,
    Method,
    Numbers,
    Ranked,
    best_of,
)
from engine.models.network import fit_scaler
from engine.progress import Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import between, prepare

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


CLASS_MEAN = "nearest class mean"
LDA = "shrinkage LDA"

_DIMENSIONS = 100
_FLOOR = 1e-9
"""Less than this share of the whole variance within identities is rounding, not faces."""


@dataclass(frozen=True)
class ClassMean:
    """The identity whose mean is nearest, in the gallery's distance."""

    distance: Distance
    name: str = CLASS_MEAN
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
        return _Means(_means(prepare(vectors, self.distance), labels, self.distance), self.distance)


@dataclass(frozen=True, eq=False)
class _Means:
    means: Vectors
    distance: Distance

    def rank(self, queries: Vectors, top: int) -> Ranked:
        away = between(prepare(queries, self.distance), self.means, self.distance)
        return best_of(-away.astype(np.float64), top)


def _means(rows: Vectors, labels: Ids, distance: Distance) -> Vectors:
    """Prepared mean ``(C, d)`` of the prepared rows of each label."""
    sums = np.zeros((int(labels.max()) + 1, rows.shape[1]))
    np.add.at(sums, labels, rows)
    return prepare((sums / np.bincount(labels)[:, None]).astype(np.float32), distance)


@dataclass(frozen=True)
class ShrinkageLda:
    """Linear discriminant analysis with a Ledoit-Wolf covariance, by scikit-learn.

    In the closed set its own classifier (``lsqr``) and probabilities. In the open set, where its
    probabilities know no strangers, the nearest class mean by cosine after projection to at most
    100 discriminants; the confidence is still its own probability of the first candidate.

    Where the faces are too few to learn a covariance from, it can only be the nearest class mean.
    """

    name: str = LDA
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
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        if not _varies_within(vectors, labels):
            return _Means(_means(vectors, labels, "euclidean"), "euclidean")
        rows = vectors.astype(np.float64)
        if calibration is None:
            closed = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
            return _Posterior(_on_one_thread(closed, rows, labels))
        width = min(_DIMENSIONS, int(labels.max()), rows.shape[1])
        lda = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", n_components=width)
        try:
            projected = prepare(_on_one_thread(lda, rows, labels).transform(rows), "cosine")
        except np.linalg.LinAlgError:  # two faces each leave Ledoit-Wolf nothing to shrink by
            return _Means(_means(vectors, labels, "euclidean"), "euclidean")
        return _Discriminants(lda, _means(projected, labels, "cosine"))


def _on_one_thread(lda: Any, rows: Numbers, labels: Ids) -> Any:
    """Fitted: on many small covariances, threads wait for one another (3 to 5 times longer)."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        return lda.fit(rows, labels)


def _varies_within(vectors: Vectors, labels: Ids) -> bool:
    """Whether some identity has two faces that differ."""
    inside = vectors - _means(vectors, labels, "euclidean")[labels]
    return bool(np.square(inside).sum() > _FLOOR * np.square(vectors - vectors.mean(axis=0)).sum())


@dataclass(frozen=True, eq=False)
class _Posterior:
    lda: Any

    def rank(self, queries: Vectors, top: int) -> Ranked:
        rows = queries.astype(np.float64)
        scores, probabilities = self.lda.decision_function(rows), self.lda.predict_proba(rows)
        if scores.ndim == 1:  # of two identities scikit-learn gives the second one's alone
            scores = np.stack([-scores, scores], axis=1)
        return best_of(scores, top, probabilities)


@dataclass(frozen=True, eq=False)
class _Discriminants:
    lda: Any
    means: Vectors

    def rank(self, queries: Vectors, top: int) -> Ranked:
        rows = queries.astype(np.float64)
        projected = prepare(self.lda.transform(rows), "cosine")
        scores = -between(projected, self.means, "cosine").astype(np.float64)
        return best_of(scores, top, self.lda.predict_proba(rows))
