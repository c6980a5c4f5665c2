"""Estimated time left of work in several steps, learned from the run itself."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from engine.progress import Event, Progress, Reporter

_RELIABLE_SECONDS = 2.0
"""Seconds until a pace means something."""
_RELIABLE_SHARE = 0.05
"""A smaller share of a step says nothing about how long the step takes."""
_LEAST_GROWTH, _MOST_GROWTH = 0.7, 1.6
"""Growth beyond these comes from the machine's other work."""


@dataclass(frozen=True)
class Step:
    """A part of some work.

    Attributes:
        kind: steps of one kind are expected to take as long as one another.
        cost: in any unit that is the same for all steps; counts until one of its kind is done.
        growth: the first share x of the step takes x ** growth of its time, until the run shows
            its own growth.
    """

    kind: Hashable
    cost: float
    growth: float = 1.0


class Eta:
    """Time left of steps that follow one another; steps may be left out.

    What a unit of cost takes is learned from the steps that are done, what a kind takes from those
    of its kind. The step under way is judged by itself as soon as enough of it is done.
    """

    def __init__(self, steps: Sequence[Step], clock: Callable[[], float] = time.monotonic) -> None:
        self._steps = list(steps)
        self._clock = clock
        self._began: float | None = None
        self._place = -1  # of the step under way or the last one
        self._entered: float | None = None  # when it began; None between steps
        self._done: list[tuple[Step, float]] = []  # steps that are done, with their seconds
        self._track: list[tuple[float, float]] = []  # shares of the step under way, and seconds
        self._overall = 0.0

    def enter(self, place: int | None = None) -> None:
        """Begin a step, the next one by default, and end the one before."""
        self.pause()
        self._place = self._place + 1 if place is None else place
        self._entered, self._track = self._clock(), []
        if self._began is None:
            self._began = self._entered

    def pause(self) -> None:
        """End the step under way; what follows until the next one belongs to no step."""
        if self._entered is not None and self._place < len(self._steps):
            self._done.append((self._steps[self._place], self._clock() - self._entered))
        self._entered = None

    def estimate(self, share: float) -> tuple[float, float | None]:
        """Share of the time of all work that has passed, which never falls, and the seconds left;
        None while they cannot be told.

        Args:
            share: how much of the step under way is done, in [0, 1].
        """
        if self._began is None or self._entered is None or self._place >= len(self._steps):
            return self._overall, None
        now = self._clock()
        passed, left = now - self._began, self._left(min(share, 1.0), now - self._entered)
        if left is None or passed < _RELIABLE_SECONDS:
            return self._overall, None
        self._overall = max(self._overall, passed / max(passed + left, 1e-9))
        return self._overall, left

    def _left(self, share: float, seconds: float) -> float | None:
        step = self._steps[self._place]
        self._track.append((share, seconds))
        done = share ** self._growth(step.growth) if share >= _RELIABLE_SHARE else 0.0
        cost = sum(past.cost for past, _ in self._done) + done * step.cost
        spent = sum(taken for _, taken in self._done) + (seconds if done else 0.0)
        if not cost or not spent:
            return None
        pace = spent / cost
        expected = self._expected(step, pace)
        if done:
            trust = min(seconds / _RELIABLE_SECONDS, 1.0)
            left = (1 - done) * (trust * seconds / done + (1 - trust) * expected)
        else:
            left = max(expected - seconds, 0.1 * expected)
        return left + sum(self._expected(later, pace) for later in self._steps[self._place + 1 :])

    def _expected(self, step: Step, pace: float) -> float:
        """Seconds that a whole step takes."""
        alike = [seconds for past, seconds in self._done if past.kind == step.kind]
        return sum(alike) / len(alike) if alike else step.cost * pace

    def _growth(self, expected: float) -> float:
        """How the time of the step grows with its share, judged by when half of it was done."""
        done, seconds = self._track[-1]
        half, then = self._track[bisect_left(self._track, (done / 2, 0.0))]
        if seconds < 2 * _RELIABLE_SECONDS or not (0 < half < done and 0 < then < seconds):
            return expected
        measured = math.log(seconds / then) / math.log(done / half)
        return min(max(measured, _LEAST_GROWTH), _MOST_GROWTH)


class EtaReporter(Reporter):
    """Passes every event on, and adds the time left of the whole work to its progress.

    The steps' kinds are the names of the stages that are reported. A stage that is none of them
    is passed on without an estimate.
    """

    def __init__(
        self,
        reporter: Reporter,
        steps: Sequence[Step],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._reporter = reporter
        self._eta = Eta(steps, clock)
        self._places = {step.kind: place for place, step in enumerate(steps)}
        self._place, self._paused = -1, False
        self._share = 0.0  # of the step under way that is done

    def check(self) -> None:
        self._reporter.check()

    def tell(self, event: Event) -> None:
        self._reporter.tell(self._with_estimate(event) if isinstance(event, Progress) else event)

    def _with_estimate(self, event: Progress) -> Progress:
        place = self._places.get(event.stage, -1)
        under_way = place == self._place != -1 and not self._paused
        if event.total and place >= self._place and place != -1:
            if not under_way:
                self._place, self._paused = place, False
                self._eta.enter(place)
            self._share = event.done / event.total
        elif not under_way:
            self._paused = True
            self._eta.pause()
        overall, left = self._eta.estimate(self._share)
        return replace(event, overall=overall, left=left)
