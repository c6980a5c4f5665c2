"""Work off the UI thread, in lanes for each kind of work; answers come as signals."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, get_args

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine.errors import CancelledError
from engine.progress import CancelToken, Event, Progress, Reporter
from engine.utils.trim_heap import give_back

_log = logging.getLogger(__name__)

Lane = Literal["question", "list", "change", "review", "training", "keeping", "scanning", "camera"]
# Seconds a worker keeps the interpreter while the UI thread wants it. Beside three busy workers a
# repaint takes 550 ms with Python's own 5 ms, 70 with this, and the workers do no less.
_TURN = 0.0005
_EVERY = 0.04  # seconds between two progress signals: more than an eye can follow
_LARGE: tuple[Lane, ...] = ("review", "keeping")  # where work that is shown takes much memory
_TOLD: tuple[Lane, ...] = ("change", "keeping", "scanning")
"""Where what was done is told whatever is open by then."""


class Task(QObject):
    """One piece of work.

    Signals:
        reported: an engine Progress, Message or Measured.
        done: the result.
        failed: the exception (never CancelledError).
        cancelled: the person stopped it; nothing was changed.
        ended: after any of the three above.
    """

    reported = Signal(
        object
    )  # not "event": that is a method of Qt's, and no such task is ever freed
    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()
    _reported = Signal(object)
    _outcome = Signal(str, object)

    def __init__(
        self,
        title: str,
        work: Callable[[Reporter], Any],
        key: str = "",
        *,
        answers: bool = True,
        certain: bool = False,
    ) -> None:
        """
        Args:
            answers: it changes nothing and writes nothing: nobody misses it when it is stopped.
            certain: it is done even where the program ends before its turn has come.
        """
        super().__init__()
        self.title = title
        self.key = key
        self.answers = answers
        self.certain = certain
        self._work = work
        self._token = CancelToken()
        self._last = 0.0
        self._reported.connect(self.reported, Qt.ConnectionType.QueuedConnection)
        self._outcome.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        self._token.cancel()

    def run(self) -> None:
        """On the worker thread: exactly one outcome, whatever happens."""
        try:
            self._token.check()
            self._outcome.emit("done", self._work(Reporter(self._report, self._token)))
        except CancelledError:
            self._outcome.emit("cancelled", None)
        except BaseException as error:
            self._outcome.emit("failed", error)
            _log.info("A task failed", exc_info=True)

    def _report(self, event: Event) -> None:
        now = time.monotonic()
        if not isinstance(event, Progress) or now - self._last >= _EVERY:
            self._last = now
            self._reported.emit(event)

    @Slot(str, object)
    def _tell(self, outcome: str, value: Any) -> None:
        if outcome == "cancelled":
            self.cancelled.emit()
        else:
            getattr(self, outcome).emit(value)
        self.ended.emit()
        del self._work  # what it worked on may go before Qt deletes the task


class TaskRunner(QObject):
    """Runs tasks in order, one at a time in each lane.

    Signals:
        started, ended: the Task, for whoever shows progress.
    """

    started = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(_TURN)
        self._lanes = {lane: ThreadPoolExecutor(1, lane) for lane in get_args(Lane)}
        self._serials: dict[str, int] = {}
        self._generation = 0
        self._closed = False
        self._alive: set[Task] = set()

    def run(
        self,
        title: str,
        work: Callable[[Reporter], Any],
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        lane: Lane = "question",
        key: str = "",
        shown: bool = True,
        certain: bool = False,
    ) -> Task:
        """Start ``work(reporter)`` and return at once.

        Args:
            title: what the person reads while it runs.
            done, failed: called on the UI thread with the result or the exception.
            key: a newer task of the same key makes this one's answer late: it is dropped.
            shown: False for what only fills in the panels: it is not announced by ``started``.
            certain: it is done even where the program ends before its turn has come.
        """
        serial = self._serials[key] = self._serials.get(key, 0) + 1
        generation = self._generation

        def is_late() -> bool:
            newer = bool(key) and serial != self._serials[key]
            stays = lane in _TOLD
            return self._closed or newer or (not stays and generation != self._generation)

        task = Task(title, work, key, answers=lane not in _TOLD, certain=certain)
        if done is not None:
            task.done.connect(lambda value: is_late() or done(value))
        if failed is not None:
            task.failed.connect(lambda error: is_late() or failed(error))
        task.ended.connect(lambda: self._forget(task))
        if key and lane in ("question", "list", "review"):
            for older in self._alive:
                if older.key == key:
                    older.cancel()  # its answer would be dropped
        self._alive.add(task)
        if shown:
            self.started.emit(task)
        self._lanes[lane].submit(task.run)
        if shown and lane in _LARGE:
            self._lanes[lane].submit(give_back)
        return task

    def is_running(self, key: str) -> bool:
        """Whether a task of this key has not ended yet."""
        return any(task.key == key for task in self._alive)

    def is_busy(self) -> bool:
        """Whether anything runs or waits."""
        return bool(self._alive)

    def cancel(self, key: str) -> None:
        """Ask the tasks of a key to stop."""
        for task in self._alive:
            if task.key == key:
                task.cancel()

    def drop_answers(self) -> None:
        """Questions asked so far were about another gallery: they are stopped, and what they
        answer all the same is dropped.
        """
        self._generation += 1
        for task in self._alive:
            if task.answers:
                task.cancel()

    def _forget(self, task: Task) -> None:
        self._alive.discard(task)
        self.ended.emit(task)
        task.deleteLater()

    def close(self) -> None:
        """Cancel what runs and wait for the threads to end; nobody is told of it any more."""
        self._closed = True
        for task in self._alive:
            task.blockSignals(True)  # who hears that it was cancelled may want to run something
            if not task.certain:
                task.cancel()
        for lane in self._lanes.values():
            lane.shutdown(wait=True)  # what waits there ends at once: it is cancelled
        self._alive.clear()
