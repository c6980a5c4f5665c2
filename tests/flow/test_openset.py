"""The promises on real faces: people are recognised, and at most 1 % of strangers get a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import openset

ALL = sorted(openset.DATA.glob("*/*.npy"))


@pytest.fixture(scope="module")
def figures(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> openset.Figures:
    return openset.measure(tmp_path_factory.mktemp("openset"), shared_data / "lfw-others-dlib.npz")


def test_a_split_is_disjoint_and_has_everybody_on_both_sides() -> None:
    kept, asked = openset.split(ALL, seed=0)
    assert sorted(kept + asked) == ALL
    assert len(asked) == round(0.2 * len(ALL))
    assert {file.parent for file in kept} == {file.parent for file in asked}


def test_another_seed_is_another_split() -> None:
    assert openset.split(ALL, seed=0) == openset.split(ALL, seed=0)
    assert openset.split(ALL, seed=0) != openset.split(ALL, seed=1)


def test_the_interval_is_wilsons() -> None:
    low, high = openset.Share(5, 500).interval
    assert (round(low, 5), round(high, 5)) == (0.00428, 0.02319)


def test_confidence_that_keeps_its_word_has_no_calibration_error() -> None:
    assert openset.calibration_error([0.5, 0.5, 1.0], [True, False, True]) == 0
    assert openset.calibration_error([0.9] * 10, [True] * 4 + [False] * 6) == pytest.approx(0.5)


def test_the_right_name_comes_first_for_99_of_100(figures: openset.Figures) -> None:
    assert figures.rank1.value >= 0.99, str(figures)


def test_no_more_strangers_get_a_name_than_was_promised(figures: openset.Figures) -> None:
    assert figures.false_names.interval[0] <= 0.01, str(figures)


def test_few_enrolled_people_are_missed(figures: openset.Figures) -> None:
    assert figures.fnir.interval[0] <= 0.05, str(figures)
