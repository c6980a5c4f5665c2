"""Several trainings as one progress, and how long they will take."""

from __future__ import annotations

import pytest

from engine.errors import CancelledError
from engine.progress import CancelToken, Event, Measured, Message, Progress, Reporter
from engine.training.worker.stages import TRAININGS, Stages, steps_of


class Clock:
    """Time that passes only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def trained(seconds: float) -> list[Event]:
    """What is told of a first and a second training of 20 epochs of so many seconds each."""
    told: list[Event] = []
    clock = Clock()
    stages = Stages(Reporter(told.append), 4, clock)
    for title in ("One", "Two"):
        reporter = stages.next(title)
        for epoch in range(1, 21):
            clock.now += 90 if epoch == 1 else seconds  # the first one compiles
            reporter.tell(Measured("mlp", epoch, 20, {}))
    return told


def test_a_long_training_is_foretold_once_by_its_second_epoch() -> None:
    told = trained(30)
    (message,) = [one for one in told if isinstance(one, Message)]
    assert "up to 40 minutes: 4 trainings" in message.text
    assert "at most 20 epochs" in message.text
    before = told[: told.index(message)]
    assert max(one.done for one in before if isinstance(one, Progress)) <= 10


def test_of_a_short_one_nothing_is_said_and_progress_goes_on_to_the_end() -> None:
    told = trained(0.1)
    assert all(isinstance(one, Progress) for one in told)
    assert [one.done for one in told if isinstance(one, Progress)][-1] == 200


def test_time_left_counts_what_comes_between_the_trainings_too() -> None:
    told: list[Event] = []
    clock = Clock()
    steps = [*steps_of(["mlp"], knn=1)]
    stages = Stages(Reporter(told.append), TRAININGS, clock, steps)
    for number in range(TRAININGS):
        reporter = stages.next(f"Training {number}")
        clock.now += 30
        reporter.tell(Measured("mlp", 1, 1, {}))
    for title in ("Evaluating the MLP", "Evaluating k-NN"):
        reporter = stages.between(title)
        clock.now += 10
        reporter.progress("Judging", 1, 2)
    progress = [one for one in told if isinstance(one, Progress)]
    assert [one.done for one in progress] == sorted(one.done for one in progress)
    assert [one.overall for one in progress] == sorted(one.overall or 0.0 for one in progress)
    assert progress[-1].stage == "Evaluating k-NN"
    assert progress[-1].left is not None
    assert progress[-1].left < 20


def test_what_comes_between_can_be_cancelled() -> None:
    token = CancelToken()
    reporter = Stages(Reporter(cancel=token), 1).between("Evaluating the MLP")
    token.cancel()
    with pytest.raises(CancelledError):
        reporter.progress("Judging", 1, 2)
