"""Progress of long work: typed events out, a cancel token in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import CancelledError


@dataclass(frozen=True)
class Progress:
    """So far ``done`` of ``total`` steps of ``stage``; ``total`` 0 means unknown."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Message:
    """One sentence for the person, such as "The index was rebuilt"."""

    text: str


Event = Progress | Message
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
        if self._cancel is not None:
            self._cancel.check()
        self.tell(Progress(stage, done, total))

    def message(self, text: str) -> None:
        self.tell(Message(text))

    def tell(self, event: Event) -> None:
        """Passes an event on; never raises CancelledError."""
        if self._listener is not None:
            self._listener(event)


SILENT = Reporter()
