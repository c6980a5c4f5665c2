"""The promises on real faces: people are recognised, and no more strangers get a name than said."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks import openset
from benchmarks.openset import PLANS, Draw, Figures, Table

SEED = 3


@pytest.fixture(scope="module")
def people(shared_data: Path) -> Table:
    return Table.read(shared_data / "lfw-158-dlib.npz")


@pytest.fixture(scope="module")
def others(shared_data: Path) -> Table:
    return Table.read(shared_data / "lfw-others-dlib.npz")


def figures_of(name: str, people: Table, others: Table, kind: openset.Kind) -> Figures:
    return openset.run(PLANS[name], people, others, [SEED], kind)[0]


def test_enrolled_asked_and_strangers_are_disjoint(people: Table, others: Table) -> None:
    draw = Draw.of(PLANS["20 people, 8 faces"], people.owners, SEED)
    owners = people.owners
    assert len(draw.enrolled) == 20 * 8
    assert not set(draw.enrolled) & set(draw.mated)
    assert set(owners[draw.mated]) <= set(owners[draw.enrolled])
    assert not set(owners[draw.alike]) & set(owners[draw.enrolled])
    cohort, judges = others.half(SEED)
    assert not set(others.owners[cohort]) & set(others.owners[judges])


def test_confidence_that_keeps_its_word_has_no_calibration_error() -> None:
    assert openset.calibration_error([0.5, 0.5, 1.0], [True, False, True]) == 0
    assert openset.calibration_error([0.9] * 10, [True] * 4 + [False] * 6) == pytest.approx(0.5)


def test_nothing_to_count_is_no_share() -> None:
    assert math.isnan(openset.share_named([]))
    assert openset.spread([math.nan]) == "-"


@pytest.mark.parametrize("name", ["2 people, 5 faces", "10 people, 5 faces", "158 people, 70 %"])
def test_a_cohort_promises_little_from_two_people_on(
    people: Table, others: Table, name: str
) -> None:
    figures = figures_of(name, people, others, "cohort")
    assert figures.promised <= 0.001
    assert figures.fpir[0.01] == pytest.approx(0.01, abs=0.009)
    assert figures.fpir[0.05] == pytest.approx(0.05, abs=0.03)
    assert figures.fpir[0.001] <= 0.004
    assert figures.rank1 >= 0.99
    assert figures.fnir[0.01] <= 0.06
    assert figures.ece <= 0.03


def test_without_one_a_small_gallery_says_what_it_cannot_promise(
    people: Table, others: Table
) -> None:
    figures = figures_of("10 people, 5 faces", people, others, "enrolled")
    assert figures.promised > 0.01
    assert np.isfinite(figures.ece)
