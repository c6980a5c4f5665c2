"""What work of several stages says of the time it will still take."""

from __future__ import annotations

import pytest

from engine.errors import CancelledError
from engine.progress import CancelToken, Event, Message, Progress, Reporter
from engine.utils.forecast import Forecast, Stage

STAGES = (Stage("Reading", 1.0), Stage("Saving", 4.0), Stage("Indexing", 15.0))


class Run:
    """Work on a clock of its own."""

    def __init__(self, stages: tuple[Stage, ...] = STAGES) -> None:
        self.now = 0.0
        self.told: list[Progress] = []
        self.reporter = Forecast(Reporter(self._heard), stages, clock=lambda: self.now)

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
    run = Run((Stage("Indexing", 15.0, growth=1.1),))
    run.stage("Indexing", 100.0, steps=64, growth=1.5)
    half = run.told[32]
    assert half.left == pytest.approx(100 - 100 * 0.5**1.5)


def test_a_stage_whose_steps_grow_is_no_surprise() -> None:
    run = Run((Stage("Indexing", 15.0, growth=1.5),))
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


def test_nothing_is_said_of_the_time_before_it_means_something() -> None:
    run = Run()
    run.stage("Reading", 1.0)
    assert {event.left for event in run.told} == {None}


def test_everything_else_passes_and_cancelling_is_heard() -> None:
    told: list[Event] = []
    token = CancelToken()
    reporter = Forecast(Reporter(told.append, token), STAGES)
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
