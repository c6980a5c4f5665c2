"""Plateaus and patience."""

import math

from engine.training.worker.schedule import Schedule


def rates(losses, **settings):
    schedule = Schedule(**{"rate": 1.0, "plateau": 3, "patience": 0, **settings})
    seen = []
    for loss in losses:
        schedule.step(loss)
        seen.append(schedule.rate)
    return seen


def test_the_rate_is_halved_after_so_many_epochs_without_a_better_loss():
    assert rates([5, 5, 5, 5, 5, 5, 5]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_a_better_loss_starts_the_count_anew():
    assert rates([5, 5, 5, 4, 4, 4, 4]) == [1, 1, 1, 1, 1, 1, 0.5]


def test_a_plateau_of_nought_never_lowers_the_rate():
    assert rates([5] * 20, plateau=0) == [1] * 20


def test_the_rate_never_falls_below_its_floor():
    assert rates([5] * 20, plateau=1, least=0.1)[-1] == 0.1


def test_it_stops_when_patience_ends_and_not_before():
    schedule = Schedule(1.0, plateau=0, patience=3)
    stops = []
    for loss in (5, 4, 4, 4.5, 4.2):
        schedule.step(loss)
        stops.append(schedule.stop)
    assert stops == [False, False, False, False, True]


def test_a_patience_of_nought_never_stops():
    schedule = Schedule(1.0, plateau=0, patience=0)
    for _ in range(50):
        schedule.step(1.0)
    assert not schedule.stop


def test_only_the_lowest_loss_so_far_is_an_improvement():
    schedule = Schedule(1.0, plateau=0, patience=0)
    assert [schedule.step(loss) for loss in (3, 2, 2.5, 2, 1)] == [True, True, False, False, True]
    assert schedule.best == 1


def test_a_gain_too_small_to_matter_is_kept_but_does_not_end_a_plateau():
    schedule = Schedule(1.0, plateau=2, patience=0, gain=0.01)
    improved = [schedule.step(loss) for loss in (1.0, 0.999, 0.998)]
    assert improved == [True, True, True]
    assert schedule.rate == 0.5


def test_a_loss_that_is_no_number_stops_it_and_is_no_improvement():
    schedule = Schedule(1.0, plateau=0, patience=0)
    assert not schedule.step(math.nan)
    assert schedule.stop
