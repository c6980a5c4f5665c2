"""Progress of long work: typed events out, a cancel token in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

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
        """Raises CancelledError once :meth:`cancel` was called."""
        if self._set.is_set():
            raise CancelledError()


class Reporter:
    """What long work holds: reports progress to a listener and honours a cancel token."""

    def __init__(self, listener: Listener | None = None, cancel: CancelToken | None = None) -> None:
        self._listener = listener
        self._cancel = cancel

    def progress(self, stage: str, done: int, total: int) -> None:
        """Reports a step. Raises CancelledError when the token is set."""
        self.check()
        self.tell(Progress(stage, done, total))

    def check(self) -> None:
        """Raises CancelledError when the token is set."""
        if self._cancel is not None:
            self._cancel.check()

    def message(self, text: str, *, alarm: bool = False) -> None:
        self.tell(Message(text, alarm))

    def tell(self, event: Event) -> None:
        """Passes an event on; never raises CancelledError."""
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
