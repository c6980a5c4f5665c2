"""How long work of several steps still takes."""

from __future__ import annotations

import pytest

from engine.utils.pacing import Pacing, Step


class Clock:
    """Time that passes only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_step_that_was_done_before_is_expected_to_take_as_long_again() -> None:
    clock = Clock()
    pacing = Pacing([Step("slow", 1.0), Step("quick", 1.0)] * 2, clock)
    for seconds in (30.0, 10.0):
        pacing.enter()
        clock.now += seconds
    pacing.enter()
    assert pacing.told(0.0) == (pytest.approx(0.5), pytest.approx(40))


def test_a_step_of_a_new_kind_is_judged_by_its_cost() -> None:
    clock = Clock()
    pacing = Pacing([Step("one", 2.0), Step("other", 5.0)], clock)
    pacing.enter()
    clock.now += 20
    pacing.enter()
    assert pacing.told(0.0)[1] == pytest.approx(50)


def test_the_step_under_way_is_judged_by_itself_the_more_of_it_is_done() -> None:
    clock = Clock()
    pacing = Pacing([Step("one", 1.0), Step("one", 1.0)], clock)
    pacing.enter()
    assert pacing.told(0.0) == (0.0, None)
    clock.now += 10
    assert pacing.told(0.1)[1] == pytest.approx(90 + 100)
    clock.now += 30
    assert pacing.told(0.8)[1] == pytest.approx(10 + 50)


def test_the_share_that_has_passed_never_falls() -> None:
    clock, told = Clock(), []
    pacing = Pacing([Step("one", 1.0), Step("other", 9.0)], clock)
    for seconds in (10.0, 300.0):
        pacing.enter()
        for part in range(10):
            told.append(pacing.told(part / 10)[0])
            clock.now += seconds / 10
    assert told == sorted(told)
    assert 0 < told[-1] < 1


def test_more_steps_than_were_foreseen_do_no_harm() -> None:
    clock = Clock()
    pacing = Pacing([Step("one", 1.0)], clock)
    for _ in range(3):
        pacing.enter()
        clock.now += 10
    assert pacing.told(0.5)[1] is None
