"""The references do what scikit-learn does, and keep to the contract."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, normalize

from engine.evaluation.contract import CalibrationSet, Fitted
from engine.evaluation.references import CLASS_MEAN, LDA, PLAIN, UNIT, WHITENED, references
from engine.progress import SILENT
from engine.records.types import Ids, Vectors
from tests.engine.evaluation.crowds import DIMENSION, crowd

NAMES = [one.name for one in references("cosine")]


def fitted(name: str, vectors: Vectors, labels: Ids, known: CalibrationSet | None = None) -> Fitted:
    method = next(one for one in references("cosine") if one.name == name)
    return method.fit(vectors, labels, known, seed=0, reporter=SILENT)


def strangers() -> CalibrationSet:
    return CalibrationSet(crowd(3, 2, seed=9)[0], np.full(6, -1, dtype=np.int64))


@pytest.fixture
def split() -> tuple[Vectors, Ids, Vectors]:
    """A hard crowd: faces to fit on, whose they are, and queries."""
    vectors, labels = crowd(15, 12, spread=0.35)
    return vectors[::2], labels[::2], vectors[1::2]


@pytest.mark.parametrize("known", [None, strangers()], ids=["closed", "open"])
@pytest.mark.parametrize("name", NAMES)
def test_a_reference_keeps_to_the_contract(
    name: str, known: CalibrationSet | None, split: tuple[Vectors, Ids, Vectors]
) -> None:
    vectors, labels, queries = split
    ranked = fitted(name, vectors, labels, known).rank(queries, 5)
    assert ranked.labels.dtype == np.int64
    assert ranked.scores.dtype == np.float64
    assert ranked.labels.shape == ranked.scores.shape == (len(queries), ranked.labels.shape[1])
    assert ranked.labels.shape[1] <= 5
    filled = ranked.labels >= 0
    assert (ranked.scores[:, :-1] >= ranked.scores[:, 1:]).all()
    assert np.isfinite(ranked.scores[filled]).all()
    for row, full in zip(ranked.labels, filled, strict=True):
        assert len(set(row[full])) == full.sum()
        assert full[0]
    if ranked.confidence is not None:
        assert ranked.confidence.shape == (len(queries),)
        assert ((ranked.confidence >= 0) & (ranked.confidence <= 1)).all()


def test_5_nn_names_whom_scikit_learn_names(split: tuple[Vectors, Ids, Vectors]) -> None:
    vectors, labels, queries = split
    plain = KNeighborsClassifier(5).fit(vectors, labels)
    unit = KNeighborsClassifier(5).fit(normalize(vectors), labels)
    white = make_pipeline(
        Normalizer(), PCA(whiten=True), Normalizer(), KNeighborsClassifier(5)
    ).fit(vectors, labels)
    for name, said in (
        (PLAIN, plain.predict(queries)),
        (UNIT, unit.predict(normalize(queries))),
        (WHITENED, white.predict(queries)),
    ):
        first = fitted(name, vectors, labels).rank(queries, 5).labels[:, 0]
        assert (first == said).mean() > 0.98, name  # rounding may break a tie the other way


def test_the_score_of_plain_5_nn_is_minus_the_distance_to_the_first_candidates_nearest_face(
    split: tuple[Vectors, Ids, Vectors],
) -> None:
    vectors, labels, queries = split
    ranked = fitted(PLAIN, vectors, labels).rank(queries, 5)
    for query, label, score in zip(queries, ranked.labels[:, 0], ranked.scores[:, 0], strict=True):
        nearest = np.linalg.norm(vectors[labels == label] - query, axis=1).min()
        assert -score == pytest.approx(nearest, abs=1e-4)


def test_lda_gives_scikit_learns_names_and_probabilities(
    split: tuple[Vectors, Ids, Vectors],
) -> None:
    vectors, labels, queries = split
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(vectors, labels)
    ranked = fitted(LDA, vectors, labels).rank(queries, 5)
    assert ranked.labels[:, 0].tolist() == theirs.predict(queries).tolist()
    assert ranked.confidence == pytest.approx(theirs.predict_proba(queries).max(axis=1), abs=1e-4)


@pytest.mark.parametrize("known", [None, strangers()], ids=["closed", "open"])
@pytest.mark.parametrize("faces", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_galleries_are_answered(
    name: str, faces: int, known: CalibrationSet | None
) -> None:
    vectors, labels = crowd(2, faces, seed=4)
    ranked = fitted(name, vectors, labels, known).rank(vectors, 20)
    assert set(ranked.labels[:, 0]) <= {0, 1}
    if name in (CLASS_MEAN, LDA):  # the votes of so few faces are tied
        assert ranked.labels[:, 0].tolist() == labels.tolist()


def test_whitening_does_not_blow_up_directions_that_hold_nothing() -> None:
    vectors, labels = crowd(60, 12, spread=0.1)
    noise = 1e-6 * np.random.default_rng(0).normal(size=(len(vectors), DIMENSION))
    padded = np.hstack([vectors, noise.astype(np.float32)])
    told = fitted(WHITENED, padded[::2], labels[::2]).rank(padded[1::2], 3)
    assert (told.labels[:, 0] == labels[1::2]).mean() > 0.98
    naive = make_pipeline(PCA(whiten=True), KNeighborsClassifier(5)).fit(padded[::2], labels[::2])
    assert (naive.predict(padded[1::2]) == labels[1::2]).mean() < 0.95
