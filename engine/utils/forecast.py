"""How long work of several stages will still take, told with each step of it."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.progress import Event, Progress, Reporter

_SURE_AFTER = 2.0
"""Seconds until a pace means something."""
_LEAST_GROWTH, _MOST_GROWTH = 0.7, 1.6
"""Beyond them it is the machine's other work that shows."""


@dataclass(frozen=True)
class Stage:
    """A part of some work.

    Attributes:
        name: as its progress is told.
        cost: of one step, in any unit that is the same for all stages of the work.
        growth: the first share x of its steps takes x ** growth of its time, until the run has
            shown how it really goes.
    """

    name: str
    cost: float
    growth: float = 1.0


class Forecast(Reporter):
    """Passes everything on; with progress it also tells how far the whole is, and the time left.

    The ratios of the stages' costs are known beforehand, what a unit of them takes is learned
    from the run: of the stage under way from itself, of those to come from all so far.
    """

    def __init__(
        self,
        reporter: Reporter,
        stages: Sequence[Stage],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            stages: in the order in which they come; one that does not is left out.
        """
        self._reporter = reporter
        self._stages = {stage.name: place for place, stage in enumerate(stages)}
        self._course = list(stages)
        self._clock = clock
        self._began: float | None = None
        self._place = -1  # of the stage under way or the last one
        self._entered: float | None = None  # when it began; None while it is interrupted
        self._steps = 0
        self._track: list[tuple[int, float]] = []  # steps done in it, after so many seconds
        self._spent = 0.0  # seconds of the stages that are done
        self._behind = 0.0  # cost of these
        self._overall = 0.0

    def check(self) -> None:
        self._reporter.check()

    def tell(self, event: Event) -> None:
        self._reporter.tell(self._foreseen(event) if isinstance(event, Progress) else event)

    def _foreseen(self, event: Progress) -> Progress:
        now = self._clock()
        self._began = now if self._began is None else self._began
        place = self._stages.get(event.stage, -1)
        if place != self._place:
            self._end_stage(now)
        if place < self._place or not event.total:
            return replace(event, overall=self._overall)
        if self._entered is None:
            self._place, self._entered, self._track = place, now, []
        self._steps = event.total
        gone, left = now - self._began, self._left(event, now - self._entered)
        if left is None or gone < _SURE_AFTER:
            return replace(event, overall=self._overall)
        self._overall = max(self._overall, gone / (gone + left))
        return replace(event, overall=self._overall, left=left)

    def _end_stage(self, now: float) -> None:
        if self._entered is not None:
            self._spent += now - self._entered
            self._behind += self._steps * self._course[self._place].cost
            self._entered = None

    def _left(self, event: Progress, here: float) -> float | None:
        """Seconds until all is done, after so many in this stage; None while nothing was done."""
        stage = self._course[self._place]
        self._track.append((event.done, here))
        whole = event.total * stage.cost
        share: float = min(event.done / event.total, 1.0) ** self._growth(stage.growth)
        done = whole * share
        later = event.total * sum(one.cost for one in self._course[self._place + 1 :])
        if not self._behind + done:
            return None
        pace = own = (self._spent + here) / (self._behind + done)
        if done:
            trust = min(here / _SURE_AFTER, 1.0)
            own = trust * here / done + (1 - trust) * pace
        return (whole - done) * own + later * pace

    def _growth(self, expected: float) -> float:
        """How the time of the stage grows with its steps, by when half of them were done."""
        done, here = self._track[-1]
        half, then = self._track[bisect_left(self._track, (done // 2, 0.0))]
        if here < 2 * _SURE_AFTER or not (0 < half < done and 0 < then < here):
            return expected
        measured = math.log(here / then) / math.log(done / half)
        return min(max(measured, _LEAST_GROWTH), _MOST_GROWTH)
