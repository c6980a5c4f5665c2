"""Which method auto stands for: never one that is worse than k-NN beyond noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.recognition.calibration.cross_validation import Trials
from engine.recognition.calibration.gains import beats, gain
from engine.recognition.calibration.method_selection import (
    MethodChoice,
    select_methods,
    trial_figures,
)
from engine.records.types import Ids, Vectors
from tests.engine.recognition.galleries import crowd_of, tried

CLEAN = 16


def muddied(seed: int, mud: float = 2.5, people: int = 30, faces: int = 8) -> tuple[Ids, Vectors]:
    """Faces in 16 dimensions that say who it is, and 16 more that say nothing, loudly."""
    owners, clean = crowd_of(seed, spread=0.5).draw(range(people), faces)
    noise = np.random.default_rng(seed + 100).normal(size=clean.shape) * mud
    return owners, np.hstack([clean, noise]).astype(np.float32)


def washed(rows: Vectors) -> Vectors:
    return rows[:, :CLEAN]


def scrambled(rows: Vectors) -> Vectors:
    """Vectors that have nothing to do with the faces."""
    return np.random.default_rng(0).normal(size=rows.shape).astype(np.float32)


def trials_of(
    seed: int, other: Callable[[Vectors], Vectors], mud: float = 2.5
) -> dict[str, Trials]:
    owners, vectors = muddied(seed, mud)
    return {"knn": tried(owners, vectors)[1], "triplet": tried(owners, vectors, other)[1]}


@pytest.fixture(scope="module")
def better() -> dict[str, Trials]:
    return trials_of(0, washed)


def test_a_method_that_is_clearly_better_is_chosen(better: dict[str, Trials]) -> None:
    auto = select_methods(better)
    assert "triplet" in auto.members
    shown = trial_figures([better[name] for name in auto.members])
    assert shown.rank1 > trial_figures([better["knn"]]).rank1 + 0.05
    assert auto.reason.startswith(f"better\t{' + '.join(auto.members)}\t")


@pytest.mark.parametrize("seed", range(4))
def test_beside_pure_noise_knn_stays(seed: int) -> None:
    assert select_methods(trials_of(seed, scrambled, mud=0.3)).members == ("knn",)


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_of_knn_is_no_reason_to_leave_it(seed: int) -> None:
    assert select_methods(trials_of(seed, lambda rows: rows)).members == ("knn",)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_chosen_is_never_worse_than_knn_on_new_faces(seed: int) -> None:
    """Asked of faces that no trial has seen, over gains of every size."""
    mud = (0.0, 0.3, 0.6, 1.0, 1.5, 2.5)[seed]
    owners, vectors = muddied(seed, mud, faces=16)
    known = np.tile(np.arange(16) < 8, 30)
    ours = {
        "knn": tried(owners[known], vectors[known])[1],
        "triplet": tried(owners[known], vectors[known], washed)[1],
    }
    fresh = {"knn": tried(owners, vectors)[1], "triplet": tried(owners, vectors, washed)[1]}
    fresh = {name: one.of(one.faces[~known]) for name, one in fresh.items()}
    chosen = trial_figures([fresh[name] for name in select_methods(ours).members])
    assert not beats(trial_figures([fresh["knn"]]), chosen)


def test_of_a_choice_with_the_mlp_it_is_known_what_to_do_without_it(
    better: dict[str, Trials],
) -> None:
    auto = select_methods({"knn": better["knn"], "mlp": better["triplet"]})
    assert "mlp" in auto.members
    assert auto.otherwise is not None
    assert auto.otherwise.members == ("knn",)
    assert select_methods(better).otherwise is None


def test_a_choice_comes_back_from_plain_values(better: dict[str, Trials]) -> None:
    for auto in (
        select_methods(better),
        select_methods(
            {"knn": better["knn"], "mlp": better["triplet"], "triplet": better["triplet"]}
        ),
        MethodChoice(
            ("knn", "triplet"),
            trial_figures([better["knn"], better["triplet"]]).calibration,
            "So it is.",
        ),
    ):
        assert MethodChoice.from_json(auto.to_json()) == auto


def test_without_trials_it_is_knn_and_says_why() -> None:
    auto = select_methods({})
    assert auto.members == ("knn",)
    assert auto.reason == "untested"


def test_methods_that_were_tried_at_different_times_are_compared_all_the_same() -> None:
    owners, vectors = muddied(0)
    early = owners < 25
    earlier = tried(owners[early], vectors[early], washed)[1]
    faces = np.flatnonzero(early)
    earlier = replace(earlier, faces=faces)
    auto = select_methods({"knn": tried(owners, vectors)[1], "triplet": earlier})
    assert "triplet" in auto.members


def test_methods_without_a_search_in_common_leave_it_at_knn(better: dict[str, Trials]) -> None:
    nothing = replace(better["triplet"], searched=np.zeros_like(better["triplet"].searched))
    assert select_methods({"knn": better["knn"], "triplet": nothing}).members == ("knn",)
    strangers = replace(better["triplet"], faces=better["triplet"].faces + 10_000)
    assert select_methods({"knn": better["knn"], "triplet": strangers}).members == ("knn",)


def test_a_gain_is_the_difference_of_the_shares_within_its_interval() -> None:
    random = np.random.default_rng(0)
    own = np.repeat(np.arange(50), 10)
    ours, theirs = random.random(500) < 0.8, random.random(500) < 0.5
    found = gain(ours, theirs, own)
    assert found.value == pytest.approx(ours.mean() - theirs.mean())
    assert 0 < found.low < found.value < found.high


def test_the_same_answers_are_no_gain_at_all() -> None:
    same = np.arange(40) % 3 == 0
    for balanced in (False, True):
        found = gain(same, same, np.arange(40) % 7, balanced=balanced)
        assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_balanced_over_people_one_with_many_faces_counts_no_more_than_any_other() -> None:
    own = np.r_[np.zeros(90, dtype=np.int64), np.arange(1, 11)]
    ours, theirs = own == 0, own > 0
    assert gain(ours, theirs, own).value == pytest.approx(0.8)
    assert gain(ours, theirs, own, balanced=True).value == pytest.approx(-9 / 11)


def test_of_two_methods_at_most_one_beats_the_other(better: dict[str, Trials]) -> None:
    knn, triplet = trial_figures([better["knn"]]), trial_figures([better["triplet"]])
    assert beats(triplet, knn)
    assert not beats(knn, triplet)
    assert not beats(knn, knn)
