"""Progress of long work: typed events out, a cancel token in, and an estimate of the time left."""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from engine.errors import CancelledError


@dataclass(frozen=True)
class Progress:
    """So far ``done`` of ``total`` steps of ``stage``; ``total`` 0 means unknown.

    Attributes:
        overall: share of the time of the whole work that has passed, where the work has several
            stages and foresees them; it never falls.
        left: seconds until the whole work is done; None while nobody can tell.
    """

    stage: str
    done: int
    total: int
    overall: float | None = None
    left: float | None = None

    @property
    def share(self) -> float | None:
        """How far the whole work is, else its stage, in [0, 1]; None while that is not known."""
        if self.overall is not None:
            return self.overall
        return min(self.done / self.total, 1.0) if self.total else None


@dataclass(frozen=True)
class Message:
    """One sentence for the person, such as "The index was rebuilt".

    ``alarm`` marks what they should not overlook.
    """

    text: str
    alarm: bool = False


@dataclass(frozen=True)
class Measured:
    """A point of the curves of a training: ``values`` by name after ``step`` of ``steps`` epochs.

    Names are ``loss``, ``validation_loss``, ``accuracy``, ``validation_accuracy`` and ``rate``;
    for a triplet model ``active`` (share of triplets that are active), ``spread05``,
    ``spread50``, ``spread95`` (percentiles of the pairwise distances), ``norm`` (mean length
    before it is made 1) and ``validation_accuracy`` (k-NN on identities held out).
    ``series`` tells curves of one training apart, such as ``triplet``.
    """

    series: str
    step: int
    steps: int
    values: Mapping[str, float]


Event = Progress | Message | Measured
Listener = Callable[[Event], None]


class CancelToken:
    """Set from any thread; long work calls :meth:`check` between steps."""

    def __init__(self) -> None:
        self._set = threading.Event()

    def cancel(self) -> None:
        self._set.set()

    @property
    def cancelled(self) -> bool:
        return self._set.is_set()

    def check(self) -> None:
        """Raise CancelledError once :meth:`cancel` was called."""
        if self._set.is_set():
            raise CancelledError()


class Reporter:
    """What long work holds: reports progress to a listener and honours a cancel token."""

    def __init__(self, listener: Listener | None = None, cancel: CancelToken | None = None) -> None:
        self._listener = listener
        self._cancel = cancel

    def progress(self, stage: str, done: int, total: int) -> None:
        """Report a step. Raise CancelledError when the token is set."""
        self.check()
        self.tell(Progress(stage, done, total))

    def check(self) -> None:
        """Raise CancelledError when the token is set."""
        if self._cancel is not None:
            self._cancel.check()

    def message(self, text: str, *, alarm: bool = False) -> None:
        self.tell(Message(text, alarm))

    def tell(self, event: Event) -> None:
        """Pass an event on; never raises CancelledError."""
        if self._listener is not None:
            self._listener(event)

    @contextmanager
    def onlooking(self) -> Iterator[Reporter]:
        """A reporter for work that can no longer be cancelled and that others go on with: it passes
        on progress alone, and nothing once the statement is over.
        """
        passing = True

        def tell(event: Event) -> None:
            if passing and isinstance(event, Progress):
                self.tell(event)

        try:
            yield Reporter(tell)
        finally:
            passing = False


SILENT = Reporter()


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
