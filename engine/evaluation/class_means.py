"""References that go by the mean of each identity: as it is, or after discriminant analysis.

scikit-learn takes over a second to import, so it is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evaluation.contract import CalibrationSet, Fitted, Numbers, Ranked, best_of
from engine.progress import Reporter
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import between, prepare

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
