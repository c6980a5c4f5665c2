"""How long work of several steps still takes, judged by how long its steps took so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

_SURE_AFTER = 2.0
"""Seconds until a pace means something."""
_SURE_SHARE = 0.05
"""Less of a step does not tell how long it takes."""


@dataclass(frozen=True)
class Step:
    """A part of some work.

    Attributes:
        kind: steps of one kind are expected to take as long as one another.
        cost: in any unit that is the same for all steps; counts until one of its kind is done.
    """

    kind: Hashable
    cost: float


class Pacing:
    """The steps of some work, one after another.

    What a unit of cost takes is learned from the steps that are done, what a kind takes from those
    of its kind. The step under way is judged by itself, the more of it is done.
    """

    def __init__(self, steps: Sequence[Step], clock: Callable[[], float] = time.monotonic) -> None:
        self._steps = list(steps)
        self._clock = clock
        self._seconds: list[float] = []  # of the steps that are done
        self._began: float | None = None
        self._entered = 0.0
        self._overall = 0.0

    def enter(self) -> None:
        """The next step begins; the one before is done."""
        now = self._clock()
        if self._began is None:
            self._began = now
        else:
            self._seconds.append(now - self._entered)
        self._entered = now

    def told(self, share: float) -> tuple[float, float | None]:
        """Share of the time of the whole that has passed, which never falls, and the seconds left;
        None while nobody can tell.

        Args:
            share: how much of the step under way is done.
        """
        place, now = len(self._seconds), self._clock()
        if self._began is None or place >= len(self._steps):
            return self._overall, None
        here, gone = now - self._entered, now - self._began
        pace = self._pace(place, here, share)
        if pace is None or gone < _SURE_AFTER:
            return self._overall, None
        expected = [self._expected(step, pace) for step in self._steps[place:]]
        left = self._rest(expected[0], here, share) + sum(expected[1:])
        self._overall = max(self._overall, gone / max(gone + left, gone, 1e-9))
        return self._overall, left

    def _pace(self, place: int, here: float, share: float) -> float | None:
        """Seconds that a unit of cost takes; None where nothing was done."""
        part = share if share >= _SURE_SHARE else 0.0
        cost = sum(step.cost for step in self._steps[:place]) + part * self._steps[place].cost
        spent = sum(self._seconds) + (here if part else 0.0)
        return spent / cost if cost and spent else None

    def _expected(self, step: Step, pace: float) -> float:
        like = [
            seconds
            for one, seconds in zip(self._steps, self._seconds, strict=False)
            if one.kind == step.kind
        ]
        return sum(like) / len(like) if like else step.cost * pace

    @staticmethod
    def _rest(expected: float, here: float, share: float) -> float:
        """Seconds that a step still takes, which was expected to take so many in all."""
        if share < _SURE_SHARE:
            return max(expected - here, 0.1 * expected)
        return (1 - share) * ((1 - share) * expected + here)
