"""How far an evaluation is: at which fit of how many, and how long all of it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from engine.evaluation.class_means import CLASS_MEAN, LDA
from engine.evaluation.contract import Method
from engine.progress import Event, Message, Progress, Reporter
from engine.utils.eta import Eta, Step

_COSTS = {CLASS_MEAN: 3.0, LDA: 15.0, "knn": 5.0, "triplet": 100.0, "mlp": 200.0, "auto": 30.0}
_NOTEBOOK, _OTHER = 100.0, 1.5
"""Seconds of one fit and its searches, of 100,000 faces; only their ratios matter, and only until a
method was measured once."""
_FITTING = 0.9
"""Share of a method's time that it learns in, of those that tell how far they are with it."""
_PAUSE = 0.2  # seconds between two events of one fit


class Course(Reporter):
    """What a method is fitted with: it can be cancelled and say a sentence, and where it tells how
    far it is, that moves the whole.
    """

    def __init__(
        self,
        outer: Reporter,
        protocols: Sequence[str],
        methods: Sequence[Method],
        repeats: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            protocols: all fits of one come before those of the next.
        """
        super().__init__()
        self._outer, self._clock = outer, clock
        steps = [
            Step((protocol, one.name), _cost(one.name))
            for protocol in protocols
            for _ in range(repeats)
            for one in methods
        ]
        self.total = len(steps)
        self._eta = Eta(steps, clock)
        self._begun, self._stage, self._learned, self._told = 0, "", 0.0, -_PAUSE

    def check(self) -> None:
        self._outer.check()

    def tell(self, event: Event) -> None:
        if isinstance(event, Message):
            self._outer.tell(event)
        elif isinstance(event, Progress) and event.total:
            self._learned = _FITTING
            share = event.done / event.total if event.overall is None else event.overall
            self._within(_FITTING * min(share, 1.0))

    def begin(self, stage: str) -> None:
        """The next fit begins. Raises CancelledError as all of these."""
        self.check()
        self._eta.enter()
        self._begun, self._stage, self._learned = self._begun + 1, stage, 0.0
        self._say(0.0)

    def searched(self, share: float) -> None:
        """The method has learned, and answered so many of its searches."""
        self._within(self._learned + (1 - self._learned) * share)

    def end(self, stage: str) -> None:
        """All is done."""
        self.check()
        self._outer.tell(Progress(stage, self.total, self.total, 1.0, 0.0))

    def _within(self, share: float) -> None:
        self.check()
        if self._clock() - self._told >= _PAUSE:
            self._say(share)

    def _say(self, share: float) -> None:
        self._told = self._clock()
        overall, left = self._eta.estimate(share)
        self._outer.tell(Progress(self._stage, self._begun - 1, self.total, overall, left))


def _cost(name: str) -> float:
    return _COSTS.get(name, _NOTEBOOK if name.endswith("(notebook)") else _OTHER)
