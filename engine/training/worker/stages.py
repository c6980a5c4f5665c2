"""Several trainings as one progress: the person sees how far the whole of it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engine.progress import Eta, Event, Measured, Message, Progress, Reporter, Step
from engine.records.training_parameters import Kind

_TRIES = 3
TRAININGS = 1 + _TRIES  # the model itself, and one for each fold that tries it
_COSTS = {"mlp": 75.0, "triplet": 35.0}
_TRIED, _JUDGED = 0.5, 15.0
"""Seconds of 100,000 faces, and of a fold's training as a share; only their ratios matter."""
_LONG = 120.0  # seconds from which on it is told beforehand how long it takes


def steps_of(kinds: Sequence[Kind], *, knn: int) -> list[Step]:
    """What takes time in training models and trying each, in the order in which it comes.

    Args:
        knn: how often k-NN is judged too: after the last of them, or after each.
    """
    steps: list[Step] = []
    for place, kind in enumerate(kinds, 1):
        tried = Step((kind, "tried"), _TRIED * _COSTS[kind])
        steps += [Step((kind, "trained"), _COSTS[kind]), *[tried] * _TRIES]
        steps.append(Step((kind, "judged"), _JUDGED))
        if len(kinds) - place < knn:
            steps.append(Step("knn", _JUDGED))
    return steps


class Stages:
    """Hands out reporters for trainings that follow one another, and for what comes between.

    Each training counts for a hundred steps, however many epochs it takes. Where the second epoch
    of the first one shows that it takes long, that is said.
    """

    def __init__(
        self,
        reporter: Reporter,
        count: int,
        clock: Callable[[], float] = time.monotonic,
        steps: Sequence[Step] = (),
    ) -> None:
        """
        Args:
            count: of the trainings.
            steps: all that takes time, see :func:`steps_of`; trainings alone unless said.
        """
        self._reporter = reporter
        self._count = count
        self._clock = clock
        self._begun = 0
        self._since = 0.0
        self._eta = Eta(steps or [Step("training", 1.0)] * count, clock)

    def next(self, title: str, *, curves: bool = False) -> Reporter:
        """For the next training.

        Args:
            curves: pass its measurements and messages on; else only its progress.
        """
        before = 100 * self._begun
        self._begun += 1
        foretell = self._begun == 1
        self._eta.enter()
        self._say(title, before, 0.0)

        def tell(event: Event) -> None:
            if isinstance(event, Measured):
                share = min(event.step / max(event.steps, 1), 1.0)
                self._say(title, before + round(100 * share), share)
                if foretell:
                    self._foretell(event)
            if curves and isinstance(event, Measured | Message):
                self._reporter.tell(event)

        return Reporter(tell)

    def between(self, title: str) -> Reporter:
        """For work that counts for no steps, but for its time. It can be cancelled."""
        done = 100 * self._begun
        self._eta.enter()
        self._say(title, done, 0.0)

        def tell(event: Event) -> None:
            if isinstance(event, Progress) and event.total:
                self._say(title, done, event.done / event.total)

        return Reporter(tell)

    def _say(self, title: str, done: int, share: float) -> None:
        self._reporter.check()
        total = 100 * max(self._count, self._begun)
        self._reporter.tell(Progress(title, done, total, *self._eta.estimate(share)))

    def _foretell(self, event: Measured) -> None:
        """The first epoch also compiles; the second is as long as all that follow."""
        if event.step == 1:
            self._since = self._clock()
        if event.step != 2:
            return
        seconds = (self._clock() - self._since) * event.steps * self._count
        if seconds > _LONG:
            minutes = round(seconds / 60)
            self._reporter.message(
                f"This takes up to {minutes:,} minutes: {self._count} trainings of at most "
                f"{event.steps} epochs, including three per model that test it on unseen people. "
                "You can continue working, or cancel."
            )
