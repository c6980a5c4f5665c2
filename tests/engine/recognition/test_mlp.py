"""What an MLP's outputs say about queries."""

from __future__ import annotations

import numpy as np
import pytest

from engine.recognition.mlp import BY_SOFTMAX, PLACES, Mlp, mlp_shortlist
from engine.records.types import Ids, Vectors


def passing(vectors: Vectors) -> Vectors:
    """The queries are the logits."""
    return vectors


def ids(*numbers: int) -> Ids:
    return np.array(numbers, dtype=np.int64)


def test_nothing_calibrated_the_score_is_the_logarithm_of_the_softmax() -> None:
    logits = np.array([[2.0, 1.0, -1.0]], dtype=np.float32)
    scores = Mlp(passing, ids(7, 8, 9), None).scores(logits)
    softmax = np.exp(logits) / np.exp(logits).sum()
    by_identity = dict(zip(scores.identities[0].tolist(), scores.log_odds[0].tolist(), strict=True))
    assert by_identity == pytest.approx(dict(zip((7, 8, 9), np.log(softmax[0]), strict=True)))


def test_huge_logits_stay_finite() -> None:
    found = mlp_shortlist(np.array([[1e6, -1e6, 0.0]], dtype=np.float32))
    assert np.isfinite(found.features).all()
    assert np.isfinite(BY_SOFTMAX(found.features, found.filled)).all()


def test_of_many_identities_those_with_the_highest_logits_come_into_question() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 100)).astype(np.float32)
    found = mlp_shortlist(logits)
    assert found.rows.shape == (20, PLACES)
    for row, best in zip(found.rows, np.argsort(-logits, axis=1)[:, :PLACES], strict=True):
        assert set(row) == set(best)


def test_whoever_is_gone_since_the_training_is_never_offered() -> None:
    logits = np.array([[9.0, 1.0, 0.0]], dtype=np.float32)
    scores = Mlp(passing, ids(-1, 8, 9), None).scores(logits)
    assert set(scores.identities[scores.identities >= 0].tolist()) == {8, 9}
    assert np.isneginf(scores.log_odds[scores.identities < 0]).all()
    assert scores.identities[0, scores.log_odds[0].argmax()] == 8


def test_it_says_whom_it_has_learned() -> None:
    mlp = Mlp(passing, ids(7, -1, 9), None)
    assert mlp.knows(ids(7, 8, 9)).tolist() == [True, False, True]
