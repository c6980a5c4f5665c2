"""Several trainings as one progress: the person sees how far the whole of it is."""

from __future__ import annotations

from engine.progress import Event, Measured, Message, Reporter


class Stages:
    """Hands out reporters for trainings that follow one another.

    Each counts for a hundred steps, however many epochs it takes.
    """

    def __init__(self, reporter: Reporter, count: int) -> None:
        self._reporter = reporter
        self._count = count
        self._begun = 0

    def next(self, title: str, *, curves: bool = False) -> Reporter:
        """For the next training.

        Args:
            curves: pass its measurements and messages on; else only its progress.
        """
        before = 100 * self._begun
        self._begun += 1
        total = 100 * max(self._count, self._begun)
        self._reporter.progress(title, before, total)

        def tell(event: Event) -> None:
            if isinstance(event, Measured):
                done = before + round(100 * event.step / max(event.steps, 1))
                self._reporter.progress(title, min(done, total), total)
            if curves and isinstance(event, Measured | Message):
                self._reporter.tell(event)

        return Reporter(tell)
