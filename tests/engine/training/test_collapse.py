"""Noticing that all outputs have run together."""

import numpy as np
import pytest

from engine.training.worker.training_watch import CollapseWatch, Spread, spread

pytestmark = pytest.mark.training

NARROW = Spread(0.01, 0.03, 0.06)
WIDE = Spread(1.29, 1.41, 1.51)


def points(count, dimension, seed=0):
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_spread_is_that_of_all_pairs():
    rows = points(40, 5)
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(rows) for b in rows[:i]]
    found = spread(rows)
    assert [found.low, found.middle, found.high] == pytest.approx(
        np.percentile(gaps, [5, 50, 95]), abs=1e-6
    )


def test_the_spread_of_equal_rows_is_nothing():
    found = spread(np.repeat(points(1, 15), 30, axis=0))
    assert found.high < 1e-6


def test_the_spread_of_many_rows_is_taken_on_a_sample_of_the_same_kind():
    assert spread(points(5000, 128)).middle == pytest.approx(np.sqrt(2), abs=0.02)


def test_a_collapse_is_called_after_three_epochs_and_once():
    watch = CollapseWatch(0.3)
    assert [watch.step(NARROW, 0.301) for _ in range(5)] == [False, False, True, False, False]
    assert watch.collapsed


def test_a_wide_space_with_a_loss_at_the_margin_is_not_called_collapsed():
    # hard to tell apart, but not contracted: percentiles are a few tenths from one another
    watch = CollapseWatch(0.2)
    assert not any(watch.step(WIDE, 0.196) for _ in range(10))


def test_a_narrow_space_that_is_still_learning_is_not_called_collapsed():
    watch = CollapseWatch(0.3)
    assert not any(watch.step(NARROW, 0.25) for _ in range(10))


def test_one_epoch_that_recovers_starts_the_count_anew():
    watch = CollapseWatch(0.3)
    seen = [watch.step(gaps, 0.3) for gaps in (NARROW, NARROW, WIDE, NARROW, NARROW)]
    assert not any(seen)
    assert watch.step(NARROW, 0.3)


def test_a_training_that_comes_apart_again_is_no_longer_collapsed_but_was_alarmed():
    watch = CollapseWatch(0.3)
    for _ in range(3):
        watch.step(NARROW, 0.3)
    watch.step(WIDE, 0.1)
    assert watch.alarmed
    assert not watch.collapsed
