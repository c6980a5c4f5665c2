"""Whether a new model is put to use, and what the person is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.recognition.calibration.cross_validation import Trials
from engine.records.training_parameters import Kind
from engine.records.types import Ids, Vectors
from engine.training.worker.train_job import collapsed, judged, untried
from tests.engine.recognition.galleries import crowd_of, tried

pytestmark = pytest.mark.training


def muddied(faces: int = 8, people: int = 30) -> tuple[Ids, Vectors]:
    owners, clean = crowd_of(0, spread=0.5).draw(range(people), faces)
    noise = np.random.default_rng(1).normal(size=clean.shape) * 2.5
    return owners, np.hstack([clean, noise]).astype(np.float32)


@pytest.fixture(scope="module")
def poor() -> Trials:
    """On half of what is loud and says nothing."""
    return tried(*muddied())[1]


@pytest.fixture(scope="module")
def good() -> Trials:
    return tried(*muddied(), lambda rows: rows[:, :16])[1]


def test_a_triplet_model_that_beats_what_it_started_from_is_in_use(
    good: Trials, poor: Trials
) -> None:
    verdict = judged("triplet", good, poor, {}, replaces=False, wanted=True)
    assert verdict.better
    assert "percentage points more of the faces correctly" in verdict.sentence
    assert verdict.sentence.endswith("it is now in use.")
    assert verdict.metrics["rank1"] > verdict.metrics["before_rank1"] + 0.05
    assert verdict.metrics["before_rank1"] == verdict.metrics["knn_rank1"]


def test_the_sentence_states_the_difference_that_the_metrics_show(
    good: Trials, poor: Trials
) -> None:
    verdict = judged("triplet", good, poor, {}, replaces=False, wanted=True)
    percent = 100 * (verdict.metrics["rank1"] - verdict.metrics["before_rank1"])
    assert f"names {percent:.1f} percentage points more" in verdict.sentence


def test_a_triplet_model_that_does_not_beat_it_is_kept_out(good: Trials, poor: Trials) -> None:
    for verdict in (
        judged("triplet", good, good, {}, replaces=False, wanted=True),
        judged("triplet", poor, good, {}, replaces=False, wanted=True),
    ):
        assert not verdict.better
        assert verdict.sentence.startswith("The new triplet model was not better")
        assert verdict.sentence.endswith("k-NN is kept.")


def test_one_no_better_than_the_version_in_use_leaves_that_one(good: Trials, poor: Trials) -> None:
    verdict = judged("triplet", good, poor, {"triplet": good}, replaces=True, wanted=True)
    assert not verdict.better
    assert verdict.sentence.endswith("The old one is kept.")


def test_one_in_use_that_was_tried_on_another_gallery_makes_way(good: Trials, poor: Trials) -> None:
    """With fewer people to be taken for, it looked better than it would now."""
    old = good.of(good.faces[::2])
    verdict = judged("triplet", good, poor, {"triplet": old}, replaces=True, wanted=True)
    assert verdict.better
    assert verdict.metrics["before_rank1"] == verdict.metrics["knn_rank1"]
    assert not judged("triplet", poor, good, {"triplet": old}, replaces=True, wanted=True).better


def test_a_first_mlp_that_is_worse_than_knn_is_kept_out(good: Trials, poor: Trials) -> None:
    verdict = judged("mlp", poor, good, {}, replaces=False, wanted=True)
    assert not verdict.better
    rank1, knn = verdict.metrics["rank1"], verdict.metrics["knn_rank1"]
    assert f"names {100 * rank1:.1f} % of the faces correctly (k-NN {100 * knn:.1f} %)" in (
        verdict.sentence
    )
    assert verdict.sentence.endswith("k-NN is kept.")


def test_one_better_than_knn_but_not_than_what_auto_is_by_now_is_kept_out(
    good: Trials, poor: Trials
) -> None:
    assert judged("mlp", good, poor, {}, replaces=False, wanted=True).better
    verdict = judged("mlp", good, poor, {"triplet": good}, replaces=False, wanted=True)
    assert not verdict.better
    assert "triplet" in verdict.sentence
    assert verdict.metrics["before_rank1"] > verdict.metrics["knn_rank1"] + 0.05


def test_one_that_is_better_only_with_the_others_says_so() -> None:
    """Two halves of what tells people apart."""
    owners, rows = crowd_of(3, spread=0.8).draw(range(40), 10)
    first = tried(owners, rows, lambda rows: rows[:, :8])[1]
    second = tried(owners, rows, lambda rows: rows[:, 8:])[1]
    verdict = judged("mlp", second, first, {}, replaces=False, wanted=True)
    assert verdict.better
    assert verdict.sentence.startswith("The new MLP, together with k-NN, names ")
    percent = 100 * (verdict.metrics["with_others_rank1"] - verdict.metrics["before_rank1"])
    assert f"names {percent:.1f} percentage points more" in verdict.sentence


@pytest.mark.parametrize("kind", ["mlp", "triplet"])
@pytest.mark.parametrize("people", [3, 5, 6])
def test_of_few_people_nothing_is_put_to_use_however_good_it_looks(kind: Kind, people: int) -> None:
    owners, rows = muddied(people=people)
    poor, good = tried(owners, rows)[1], tried(owners, rows, lambda rows: rows[:, :16])[1]
    verdict = judged(kind, good, poor, {}, replaces=False, wanted=True)
    assert verdict.metrics["rank1"] > verdict.metrics["knn_rank1"]
    assert not verdict.better
    assert verdict.sentence.startswith(f"{people} people are too few to tell whether the new ")
    assert verdict.sentence.endswith("k-NN is kept.")


@pytest.mark.parametrize("kind", ["mlp", "triplet"])
def test_one_that_is_not_wanted_is_not_put_to_use_and_it_says_so(
    good: Trials, poor: Trials, kind: Kind
) -> None:
    verdict = judged(kind, good, poor, {}, replaces=False, wanted=False)
    assert not verdict.better
    assert "not used, as requested" in verdict.sentence


def test_a_version_of_another_gallery_by_now_is_not_compared_with(
    good: Trials, poor: Trials
) -> None:
    old = replace(good, faces=good.faces + 100_000)
    verdict = judged("triplet", good, poor, {"triplet": old}, replaces=True, wanted=True)
    assert verdict.better
    assert verdict.metrics["before_rank1"] == verdict.metrics["knn_rank1"]


def test_a_collapsed_or_untried_model_is_never_put_to_use() -> None:
    for verdict in (collapsed("triplet"), untried("mlp", "The gallery is too small")):
        assert not verdict.better
        assert verdict.metrics == {}
    assert "collapsed: it cannot tell faces apart" in collapsed("triplet").sentence
    assert untried("mlp", "The gallery is too small.").sentence == (
        "The MLP was trained but is not used: the gallery is too small."
    )
