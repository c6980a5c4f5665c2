"""Several trainings as one progress: the person sees how far the whole of it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.progress import Event, Measured, Message, Reporter

_LONG = 120.0  # seconds from which on it is told beforehand how long it takes


class Stages:
    """Hands out reporters for trainings that follow one another.

    Each counts for a hundred steps, however many epochs it takes. Where the second epoch of the
    first one shows that it takes long, that is said.
    """

    def __init__(
        self, reporter: Reporter, count: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reporter = reporter
        self._count = count
        self._clock = clock
        self._begun = 0
        self._since = 0.0

    def next(self, title: str, *, curves: bool = False) -> Reporter:
        """For the next training.

        Args:
            curves: pass its measurements and messages on; else only its progress.
        """
        before = 100 * self._begun
        self._begun += 1
        foretell = self._begun == 1
        total = 100 * max(self._count, self._begun)
        self._reporter.progress(title, before, total)

        def tell(event: Event) -> None:
            if isinstance(event, Measured):
                done = before + round(100 * event.step / max(event.steps, 1))
                self._reporter.progress(title, min(done, total), total)
                if foretell:
                    self._foretell(event)
            if curves and isinstance(event, Measured | Message):
                self._reporter.tell(event)

        return Reporter(tell)

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
                f"This takes up to {minutes:,} minutes: {self._count} trainings, as three more "
                f"try each model on people it does not know, of at most {event.steps} epochs. "
                "You can go on working, or cancel it."
            )
