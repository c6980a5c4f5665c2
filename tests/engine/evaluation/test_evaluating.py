"""A whole evaluation: of methods whose truth is known, on small galleries, cancelled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CancelledError, TrainingError
from engine.evaluation import runner, splits
from engine.evaluation.references import LDA, MOST_FREQUENT, PLAIN, WHITENED, references
from engine.evaluation.runner import evaluate
from engine.progress import CancelToken, Event, Progress, Reporter
from engine.records.figures import ClosedFigures, Evaluation, OpenFigures
from tests.engine.evaluation.crowds import Known, crowd

RIGHT, GUESS = Known("auto", confidence=1.0), Known("mlp", right=False, confidence=1.0)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    vectors, labels = crowd(180, 6)
    methods = [RIGHT, GUESS, *references("cosine")]
    return evaluate(vectors, labels, methods, repeats=2, seed=1, gallery_name="Crowd")


def closed(evaluation: Evaluation, name: str) -> ClosedFigures:
    return next(one for one in evaluation.closed if one.method == name)


def opened(evaluation: Evaluation, name: str) -> OpenFigures:
    return next(one for one in evaluation.open if one.method == name)


@pytest.mark.slow
def test_a_method_that_never_errs_has_perfect_figures(evaluation: Evaluation) -> None:
    plain, strangers = closed(evaluation, "auto"), opened(evaluation, "auto")
    assert plain.rank1.value == plain.balanced_rank1.value == strangers.rank1.value == 1
    assert plain.rank1.low < 1
    missed, reached = strangers.fnir["0.01"], strangers.fpir["0.01"]
    assert missed is not None
    assert reached is not None
    assert missed.value == 0
    assert reached.value < 0.05
    assert strangers.cmc == (1.0,) * 20
    assert plain.loses_to == strangers.loses_to == ()


def test_a_method_that_guesses_is_said_to_lose(evaluation: Evaluation) -> None:
    plain, strangers = closed(evaluation, "mlp"), opened(evaluation, "mlp")
    assert plain.rank1.value < 0.05
    assert {PLAIN, WHITENED, LDA} <= set(plain.loses_to)
    assert PLAIN in strangers.loses_to
    missed = strangers.fnir["0.01"]
    assert missed is not None
    assert missed.value > 0.9
    assert [best.method for best in evaluation.best] == ["auto", "auto"]
    assert all(best.significant == (best.gain > 0) for best in evaluation.best)


def test_references_lose_to_nobody_and_the_most_frequent_names_one(evaluation: Evaluation) -> None:
    assert all(not one.loses_to for one in evaluation.closed if one.reference)
    assert closed(evaluation, MOST_FREQUENT).rank5 is None
    assert closed(evaluation, PLAIN).rank5 is not None


def test_a_confidence_of_one_is_as_wrong_as_the_method_is(evaluation: Evaluation) -> None:
    figures = opened(evaluation, "auto")
    assert figures.ece is not None
    strangers = figures.non_mated / (figures.mated + figures.non_mated)
    assert figures.ece.value == pytest.approx(strangers)
    assert [one.count for one in figures.reliability] == [figures.mated + figures.non_mated]
    assert opened(evaluation, PLAIN).ece is None


def test_what_stands_behind_the_figures_is_counted(evaluation: Evaluation) -> None:
    assert (evaluation.identities, evaluation.faces, evaluation.repeats) == (180, 1080, 2)
    assert evaluation.non_mated_identities == 60
    figures = opened(evaluation, "auto")
    assert figures.non_mated == 2 * 30 * 6  # half of the strangers set the threshold
    assert figures.mated == 2 * 60 * 1


def test_an_fpir_that_cannot_be_measured_is_not_promised(evaluation: Evaluation) -> None:
    for figures in evaluation.open:
        assert figures.fnir["0.001"] is None
        assert figures.fpir["0.001"] is None
        assert figures.fnir["0.1"] is not None


def test_an_evaluation_survives_json(evaluation: Evaluation) -> None:
    text = json.dumps(evaluation.to_json(), allow_nan=False)
    assert Evaluation.from_json(json.loads(text)) == evaluation


def test_the_same_seed_gives_the_same_figures() -> None:
    vectors, labels = crowd(12, 5, spread=0.2)
    first, again = (
        evaluate(vectors, labels, [Known("knn"), *references("cosine")[:2]], repeats=1, seed=4)
        for _ in range(2)
    )
    assert [one.rank1 for one in first.closed] == [one.rank1 for one in again.closed]
    assert [one.det for one in first.open] == [one.det for one in again.open]


def test_labels_may_be_any_numbers_and_one_face_is_enough_for_a_stranger() -> None:
    vectors, labels = crowd(8, 4, single=5)
    evaluation = evaluate(vectors, 1000 - 7 * labels, [RIGHT], repeats=2, seed=0)
    assert closed(evaluation, "auto").rank1.value == 1
    assert opened(evaluation, "auto").rank1.value == 1
    assert evaluation.non_mated_identities == 4


def test_progress_names_the_method_and_the_repeat_and_never_falls() -> None:
    events: list[Event] = []
    vectors, labels = crowd(8, 4)
    evaluate(vectors, labels, [RIGHT, GUESS], repeats=2, reporter=Reporter(events.append))
    steps = [one for one in events if isinstance(one, Progress)]
    assert list(dict.fromkeys(one.done for one in steps)) == list(range(9))
    assert {one.total for one in steps} == {8}
    (fourth,) = {one.stage for one in steps if one.done == 3}
    assert fourth == "Evaluating MLP, repeat 2 of 2"
    assert [one.overall for one in steps] == sorted(one.overall or 0.0 for one in steps)
    assert (steps[-1].overall, steps[-1].left) == (1, 0)


def test_it_stops_between_two_fits_when_asked_to() -> None:
    token, events = CancelToken(), []

    def listen(event: Event) -> None:
        events.append(event)
        if len(events) == 3:
            token.cancel()

    vectors, labels = crowd(8, 4)
    with pytest.raises(CancelledError):
        evaluate(vectors, labels, [RIGHT, GUESS], repeats=5, reporter=Reporter(listen, token))
    assert len(events) == 3


def test_where_only_the_open_set_is_impossible_the_evaluation_says_why() -> None:
    vectors, labels = crowd(3, 4)
    evaluation = evaluate(vectors, labels, [RIGHT, GUESS], repeats=1)
    assert len(evaluation.closed) == 2
    assert evaluation.open == ()
    assert "At least six people" in evaluation.open_obstacle
    with pytest.raises(TrainingError, match="strangers"):
        evaluate(vectors, labels, [RIGHT], protocol="open", repeats=1)


def test_only_what_was_asked_for_is_run() -> None:
    vectors, labels = crowd(8, 4)
    assert not evaluate(vectors, labels, [RIGHT], protocol="closed", repeats=1).open
    assert not evaluate(vectors, labels, [RIGHT], protocol="open", repeats=1).closed


def test_on_real_faces_the_references_stand_where_they_were_measured(sample: Path) -> None:
    files = sorted(sample.glob("*/*.npy"))
    vectors = np.stack([np.load(file, allow_pickle=False) for file in files])
    labels = np.unique([file.parent.name for file in files], return_inverse=True)[1]
    few = [one for one in references("cosine") if one.name in (PLAIN, MOST_FREQUENT)]
    evaluation = evaluate(vectors, labels, few, protocol="closed", repeats=1)
    assert closed(evaluation, PLAIN).rank1.value > 0.99
    assert closed(evaluation, MOST_FREQUENT).rank1.value == pytest.approx(0.123, abs=0.002)


@pytest.mark.slow
def test_of_many_searches_a_sample_is_made_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = crowd(180, 6)
    methods = [RIGHT, *references("cosine")]
    whole = evaluate(vectors, labels, methods, repeats=1, seed=1)
    monkeypatch.setattr(splits, "SEARCHES", 120)
    monkeypatch.setattr(runner, "_SCORES", 180 * 50)  # and they are answered in pieces
    sample, again = (evaluate(vectors, labels, methods, repeats=1, seed=1) for _ in range(2))
    assert whole.sampled == ()
    assert [(one.protocol, one.searches, one.of) for one in sample.sampled] == [
        ("closed", 120, 180),
        ("open", 360, 480),
    ]
    assert replace(sample, created=0, seconds=0).closed[0].rank1 == again.closed[0].rank1
    for here, there in zip(sample.closed, whole.closed, strict=True):
        assert here.rank1.low <= there.rank1.value <= here.rank1.high
    assert Evaluation.from_json(sample.to_json()) == sample


def test_an_evaluation_of_an_older_version_is_read(evaluation: Evaluation) -> None:
    record = evaluation.to_json()
    for name in ("sampled", "best", "left_out", "open_obstacle", "mlp_limits"):
        del record[name]
    record["sentences"] = ["mlp loses to 5-NN."]
    older = Evaluation.from_json(record)
    assert older == replace(evaluation, best=(), sentences=("mlp loses to 5-NN.",))


def test_what_is_left_out_beforehand_is_said() -> None:
    vectors, labels = crowd(60, 6)
    why = {"mlp": "it learns for long"}
    done = evaluate(vectors, labels, [RIGHT], protocol="closed", repeats=1, left_out=why)
    assert done.left_out == why
    assert [one.method for one in done.closed] == ["auto"]
