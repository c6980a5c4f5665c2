"""Several methods as one: who comes into question, and with what."""

from __future__ import annotations

import numpy as np

from engine.recognition.logit import LogOdds
from engine.recognition.scores import MethodScores, fuse, joined_log_odds
from engine.records.types import Neighbours

NONE = -np.inf
SUM = LogOdds((0.0, 0.0), (1.0, 1.0), (1.0, 1.0), 0.0)


def look(
    identities: list[list[int]], odds: list[list[float]], distance: float = np.nan
) -> MethodScores:
    rows = np.array(identities, dtype=np.int64)
    nothing = np.empty((len(rows), 0))
    return MethodScores(
        rows,
        np.array(odds, dtype=np.float64),
        np.array(odds, dtype=np.float64),
        np.full(rows.shape, distance, dtype=np.float32),
        Neighbours(nothing.astype(np.int64), nothing.astype(np.float32)),
        nothing.astype(np.int64),
    )


def as_dict(found: MethodScores, row: int = 0) -> dict[int, float]:
    pairs = zip(found.identities[row].tolist(), found.log_odds[row].tolist(), strict=True)
    return {identity: odds for identity, odds in pairs if identity >= 0}


def test_an_identity_that_both_have_in_question_gets_both_their_log_odds() -> None:
    found = fuse([look([[4, 9]], [[1.0, -2.0]]), look([[9, 4]], [[0.5, 3.0]])], SUM)
    assert as_dict(found) == {4: 4.0, 9: -1.5}


def test_an_identity_that_one_does_not_have_gets_the_lowest_that_this_one_gave() -> None:
    found = fuse([look([[4, 9]], [[1.0, -2.0]]), look([[7, -1]], [[5.0, NONE]])], SUM)
    assert as_dict(found) == {4: 1.0 + 5.0, 9: -2.0 + 5.0, 7: -2.0 + 5.0}


def test_every_identity_stands_once_and_empty_places_can_never_come_first() -> None:
    found = fuse([look([[4, 9]], [[1.0, 2.0]]), look([[9, 4]], [[1.0, 2.0]])], SUM)
    kept = found.identities[found.identities >= 0]
    assert sorted(kept) == [4, 9]
    assert np.isneginf(found.log_odds[found.identities < 0]).all()


def test_log_odds_without_bounds_do_not_drown_the_other_method() -> None:
    found = fuse([look([[4, 9]], [[1e6, -1e6]]), look([[4, 9]], [[-25.0, 25.0]])], SUM)
    assert as_dict(found) == {4: 30.0 - 25.0, 9: -30.0 + 25.0}


def test_a_method_that_has_nobody_in_question_leaves_the_others_order_alone() -> None:
    found = fuse([look([[4, 9]], [[1.0, -2.0]]), look([[-1, -1]], [[NONE, NONE]])], SUM)
    odds = as_dict(found)
    assert odds[4] - odds[9] == 3.0


def test_distances_are_those_of_the_first_method_and_unknown_elsewhere() -> None:
    found = fuse([look([[4]], [[1.0]], distance=0.25), look([[9]], [[1.0]])], SUM)
    by_identity = dict(zip(found.identities[0].tolist(), found.distances[0].tolist(), strict=True))
    assert by_identity[4] == 0.25
    assert np.isnan(by_identity[9])


def test_a_refused_identity_of_one_query_stays_in_question_for_the_others() -> None:
    both = look([[4, 9], [4, 9]], [[1.0, 2.0], [1.0, 2.0]])
    left = both.without([frozenset({9}), frozenset()])
    assert as_dict(left, 0) == {4: 1.0}
    assert as_dict(left, 1) == {4: 1.0, 9: 2.0}
    assert as_dict(both, 0) == {4: 1.0, 9: 2.0}  # what was looked at is not changed


def test_features_of_empty_places_are_zero() -> None:
    found = joined_log_odds([(np.array([[3, 3]]), np.array([[1.0, 1.0]]))])
    assert sorted(found.rows[0].tolist()) == [-1, 3]
    assert found.features[found.rows < 0].tolist() == [[0.0]]
