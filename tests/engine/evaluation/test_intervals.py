"""Intervals: by identity, paired, and never of no width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.metrics import balanced_share, share, wilson


def test_an_interval_by_identity_is_wider_where_people_are_right_or_wrong_as_a_whole() -> None:
    people = np.repeat(np.arange(40), 25)
    together = share(people % 4 > 0, people).estimate()
    mixed = share(np.arange(1000) % 4 > 0, people).estimate()
    assert together.value == mixed.value == 0.75
    assert together.high - together.low > 5 * (mixed.high - mixed.low)


def test_an_interval_by_identity_holds_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        chances = random.beta(4, 2, size=60)  # two in three on average
        people = np.repeat(np.arange(60), 5)
        estimate = share(random.random(300) < chances[people], people).estimate()
        held += estimate.low <= 2 / 3 <= estimate.high
    assert held > 178


def test_where_nobody_failed_the_interval_is_wilsons_over_people() -> None:
    people = np.repeat(np.arange(50), 10)
    estimate = share(np.ones(500, dtype=bool), people).estimate()
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert estimate.low == pytest.approx(50 / (50 + 1.959964**2))


def test_wilsons_interval_is_the_textbooks() -> None:
    low, high = wilson(0.1, 50)
    assert (round(low, 4), round(high, 4)) == (0.0435, 0.2136)


def test_a_small_steady_gain_is_seen_by_the_paired_difference() -> None:
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(100), 10)
    ours = random.random(1000) < np.repeat(random.random(100), 10)
    better = ours | (random.random(1000) < 0.05)
    theirs, mine = share(better, people), share(ours, people)
    assert theirs.estimate().low < mine.estimate().high  # the intervals themselves overlap
    assert theirs.exceeds(mine)
    assert not mine.exceeds(theirs)


def test_nothing_exceeds_itself() -> None:
    people = np.repeat(np.arange(10), 3)
    hits = share(np.arange(30) % 2 == 0, people)
    assert not hits.exceeds(hits)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=60))
def test_every_interval_holds_its_value_and_is_a_share(queries: list[tuple[int, bool]]) -> None:
    people = np.array([one for one, _ in queries])
    hits = np.array([hit for _, hit in queries])
    for drawn in (
        share(hits, people),
        balanced_share(hits, people),
        share(hits, people).complement(),
    ):
        estimate = drawn.estimate()
        assert -1e-9 <= estimate.low <= estimate.value <= estimate.high <= 1 + 1e-9
        assert estimate.low < estimate.high
