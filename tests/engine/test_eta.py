"""The time that work of several steps will still take."""

from __future__ import annotations

import pytest

from engine.errors import CancelledError
from engine.progress import CancelToken, Eta, EtaReporter, Event, Message, Progress, Reporter, Step

STAGES = (Step("Reading", 1.0), Step("Saving", 4.0), Step("Indexing", 15.0))


class Run:
    """Work on a clock of its own."""

    def __init__(self, stages: tuple[Step, ...] = STAGES) -> None:
        self.now = 0.0
        self.told: list[Progress] = []
        self.reporter = EtaReporter(Reporter(self._heard), stages, clock=lambda: self.now)

    def _heard(self, event: Event) -> None:
        assert isinstance(event, Progress)
        self.told.append(event)

    def stage(self, name: str, seconds: float, steps: int = 10, growth: float = 1.0) -> None:
        began = self.now
        for done in range(steps + 1):
            self.now = began + seconds * (done / steps) ** growth
            self.reporter.progress(name, done, steps)


def test_the_whole_is_foreseen_from_the_first_stage_on() -> None:
    run = Run()
    run.stage("Reading", 5.0)
    assert run.told[-1].left == pytest.approx(95.0)
    assert run.told[-1].overall == pytest.approx(0.05)


def test_a_stage_that_takes_longer_than_its_cost_is_judged_by_itself() -> None:
    run = Run()
    run.stage("Reading", 5.0)
    run.stage("Saving", 20.0)
    run.stage("Indexing", 300.0)  # four times what its cost makes of it
    half = run.told[-6]
    assert half.left == pytest.approx(150.0)
    assert run.told[-1].left == pytest.approx(0.0)


def test_how_the_steps_grow_is_seen_in_the_run() -> None:
    run = Run((Step("Indexing", 15.0, growth=1.1),))
    run.stage("Indexing", 100.0, steps=64, growth=1.5)
    half = run.told[32]
    assert half.left == pytest.approx(100 - 100 * 0.5**1.5)


def test_a_stage_whose_steps_grow_is_no_surprise() -> None:
    run = Run((Step("Indexing", 15.0, growth=1.5),))
    run.stage("Indexing", 100.0, growth=1.5)
    left = [event.left for event in run.told[3:]]
    assert left == pytest.approx([100 - 100 * (done / 10) ** 1.5 for done in range(3, 11)])


def test_how_far_it_is_never_falls() -> None:
    run = Run()
    run.stage("Reading", 50.0)
    run.stage("Saving", 1.0)
    run.stage("Looking about", 7.0)  # a stage that nobody spoke of
    run.stage("Indexing", 900.0)
    shares = [event.overall for event in run.told]
    assert None not in shares
    assert shares == sorted(shares, key=lambda share: share or 0.0)
    assert shares[-1] == 1.0


def test_time_that_belongs_to_no_stage_misleads_no_other() -> None:
    run = Run()
    run.stage("Reading", 5.0)
    run.stage("Looking about", 500.0)
    run.stage("Saving", 20.0)
    assert run.told[-1].left == pytest.approx(75.0)


def test_a_stage_goes_on_when_it_does_not_know_its_total_for_a_while() -> None:
    run = Run()
    run.stage("Reading", 5.0)
    run.now += 10.0
    run.reporter.progress("Saving", 5, 10)
    run.now += 1.0
    run.reporter.progress("Saving", 5, 0)
    run.now += 9.0
    run.reporter.progress("Saving", 10, 10)
    run.reporter.progress("Indexing", 0, 10)
    without = Run()
    without.stage("Reading", 5.0)
    for done in (5, 10):
        without.now += 10.0
        without.reporter.progress("Saving", done, 10)
    without.reporter.progress("Indexing", 0, 10)
    assert run.told[-1].left == pytest.approx(without.told[-1].left)


def test_nothing_is_said_of_the_time_before_it_means_something() -> None:
    run = Run()
    run.stage("Reading", 1.0)
    assert {event.left for event in run.told} == {None}


def test_everything_else_passes_and_cancelling_is_heard() -> None:
    told: list[Event] = []
    token = CancelToken()
    reporter = EtaReporter(Reporter(told.append, token), STAGES)
    reporter.message("Hello")
    assert told == [Message("Hello")]
    token.cancel()
    with pytest.raises(CancelledError):
        reporter.progress("Reading", 1, 2)
    with reporter.onlooking() as onlooker:
        onlooker.progress("Reading", 1, 2)
        onlooker.message("Unheard")
    onlooker.progress("Reading", 2, 2)
    assert told[1:] == [Progress("Reading", 1, 2, overall=0.0)]


class Clock:
    """Time that passes only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_step_that_was_done_before_is_expected_to_take_as_long_again() -> None:
    clock = Clock()
    eta = Eta([Step("slow", 1.0), Step("quick", 1.0)] * 2, clock)
    for seconds in (30.0, 10.0):
        eta.enter()
        clock.now += seconds
    eta.enter()
    assert eta.estimate(0.0) == (pytest.approx(0.5), pytest.approx(40))


def test_a_step_of_a_new_kind_is_judged_by_its_cost() -> None:
    clock = Clock()
    eta = Eta([Step("one", 2.0), Step("other", 5.0)], clock)
    eta.enter()
    clock.now += 20
    eta.enter()
    assert eta.estimate(0.0)[1] == pytest.approx(50)


def test_the_step_under_way_is_judged_by_itself_the_more_of_it_is_done() -> None:
    clock = Clock()
    eta = Eta([Step("one", 1.0), Step("one", 1.0)], clock)
    eta.enter()
    assert eta.estimate(0.0) == (0.0, None)
    clock.now += 10
    assert eta.estimate(0.1)[1] == pytest.approx(90 + 100)
    clock.now += 30
    assert eta.estimate(0.8)[1] == pytest.approx(10 + 50)


def test_the_share_that_has_passed_never_falls() -> None:
    clock, told = Clock(), []
    eta = Eta([Step("one", 1.0), Step("other", 9.0)], clock)
    for seconds in (10.0, 300.0):
        eta.enter()
        for part in range(10):
            told.append(eta.estimate(part / 10)[0])
            clock.now += seconds / 10
    assert told == sorted(told)
    assert 0 < told[-1] < 1


def test_more_steps_than_were_foreseen_do_no_harm() -> None:
    clock = Clock()
    eta = Eta([Step("one", 1.0)], clock)
    for _ in range(3):
        eta.enter()
        clock.now += 10
    assert eta.estimate(0.5)[1] is None
