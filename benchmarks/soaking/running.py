"""One run: opens the real window, lets the hand loose in it, and closes it again."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO, get_args

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QMessageBox

from benchmarks.soaking import measuring
from benchmarks.soaking.acts import Acts
from benchmarks.soaking.answers import Answers, beside, in_front, put_away
from benchmarks.soaking.making import Material
from benchmarks.soaking.reporting import Outcome
from gallery_app.app import App
from gallery_app.tasks import Lane
from tests.watchdog import Stall

_EVERY = 5_000  # ms between two samples
_REST = 240.0  # seconds from one rest to the next
_IGNORED = "This plugin does not support"  # what only the offscreen platform says
_LOGGED = 0.1  # seconds of a stall from which on its stack is in the log
# What is shown was changed by the step before, and the message says so
_STALE = (
    "There is no person with the number",
    "is not enrolled",
    "is not one of",
    "is no longer enrolled",
)
_MEMORY = 25  # kinds of steps that an error message may come from
_UNHURRIED = 60.0  # seconds that the end may wait for what is under way


class Run:
    """Attributes:
    interrupted: whether it was ended before its time.
    """

    def __init__(
        self,
        material: Material,
        work: Path,
        outcome: Outcome,
        chance: random.Random,
        log: TextIO,
    ) -> None:
        self._material, self._outcome, self._chance, self._log = material, outcome, chance, log
        self._answers, self._work = Answers(material, work, chance), work
        self._before = self._all_held()
        self._hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
        self._listen()
        self._began = time.monotonic()
        self._app = App(QApplication.instance())  # type: ignore[arg-type]
        gc.freeze()  # as at the start of ``face-gallery``
        self._acts = Acts(self._app, material, chance)
        self._gestures: Iterator[Callable[[], None]] = iter(())
        self._recent: deque[str] = deque(maxlen=_MEMORY)
        self._reported: set[int] = set()
        self._over = self.interrupted = False
        self._sampling = QTimer(interval=_EVERY)
        self._sampling.timeout.connect(self._sample)

    # -- from the start to the end -----------------------------------------------------------

    def begin(self, minutes: float) -> None:
        """The window as ``face-gallery open`` shows it; once closed and opened again, so that
        what is made at first use is there in the sample that the end is held against.
        """
        self._seconds = minutes * 60
        self._app.window.resize(1360, 860)
        self._app.window.show()
        self._app.open(self._material.large)
        self._when(self._is_shown, self._warmed)

    def _warmed(self) -> None:
        for lane in get_args(Lane):
            self._app.tasks.run("Waking a thread", lambda _: None, lane=lane, shown=False)
        self._app.window.menus.actions["close"].trigger()
        self._when(self._is_quiet, self._loose)

    def _loose(self) -> None:
        measuring.trim()
        self._outcome.before = self._held()
        self._began = time.monotonic()
        self._go_on()

    def _go_on(self) -> None:
        self._rested = time.monotonic()
        self._app.open(self._material.large)
        self._sampling.start()
        self._when(self._is_shown, self._tick)

    def interrupt(self) -> None:
        self.interrupted = self._over = True

    def _put_away(self, then: Callable[[], None]) -> None:
        """Everything put away and the gallery closed."""
        self._sampling.stop()
        self._gestures = iter(())
        if shown := in_front():
            put_away(shown)  # also where this is in a file chooser's event loop
            QTimer.singleShot(20, lambda: self._put_away(then))
            return
        for dialog in beside():
            put_away(dialog)
        for key in ("training", "review", "clusters", "map"):
            self._app.tasks.cancel(key)
        if self._app.state.gallery is not None:
            self._app.window.menus.actions["close"].trigger()
        self._when(self._is_quiet, then)

    def _rest(self) -> None:
        """What is held by a window without a gallery can be held against what was then before;
        what is held by an open one depends on what is shown and under way.
        """
        self._outcome.rests.append(self._held())
        self._log_line(f"RESTS {self._outcome.rests[-1]}")
        self._go_on()

    def _close(self) -> None:
        self._log_line(f"closed, not trimmed: {measuring.rss()} MB")
        measuring.trim()
        self._outcome.after = self._held()
        self._app.window.close()
        QApplication.quit()

    def end(self) -> None:
        """After the event loop: what is left."""
        self._sampling.stop()
        self._app.close()
        self._app.window.deleteLater()
        self._app.deleteLater()
        QApplication.sendPostedEvents(None, 0)
        QApplication.processEvents()
        self._outcome.left = sorted(self._all_held() - self._before)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        qInstallMessageHandler(None)

    def _when(self, so: Callable[[], bool], then: Callable[[], None], since: float = 0.0) -> None:
        """Calls ``then`` when something is so, or after a minute all the same."""
        since = since or time.monotonic()
        if so() or time.monotonic() - since > _UNHURRIED:
            QTimer.singleShot(500, then)
        else:
            QTimer.singleShot(50, lambda: self._when(so, then, since))

    def _is_shown(self) -> bool:
        return self._app.window.faces.model.rowCount() > 0

    def _is_quiet(self) -> bool:
        return self._app.state.gallery is None and not self._app.tasks.is_busy()

    # -- the hand ----------------------------------------------------------------------------

    def _tick(self) -> None:
        """One gesture. The next one is arranged first: this one may open a file chooser, in whose
        own event loop the next one must come.
        """
        now = time.monotonic()
        self._over = self._over or now - self._began > self._seconds
        if self._over or now - self._rested > _REST:
            self._put_away(self._close if self._over else self._rest)
            return
        QTimer.singleShot(self._pause(), self._tick)
        if shown := in_front() or self._one_beside():
            self._gestures = iter(())
            if isinstance(shown, QMessageBox):
                self._judge(shown)
            self._count("answer", self._answers.gesture(shown))
            return
        gesture = next(self._gestures, None)
        if gesture is None:
            kind, self._gestures = self._acts.next()
            self._recent.append(kind)
            self._log_line(kind)
            gesture = next(self._gestures, None)
        if gesture is not None:
            self._count(self._recent[-1])
            gesture()

    def _one_beside(self):  # type: ignore[no-untyped-def]
        dialogs = beside()
        return self._chance.choice(dialogs) if dialogs and self._chance.random() < 0.3 else None

    def _pause(self) -> int:
        """Milliseconds; mostly quick, at times long enough for everything to settle."""
        kind = self._chance.random()
        if kind < 0.7:
            return self._chance.randint(10, 60)
        return self._chance.randint(100, 400) if kind < 0.96 else self._chance.randint(800, 2500)

    def _count(self, kind: str, details: str = "") -> None:
        self._outcome.steps[kind] += 1
        if details:
            self._log_line(f"  {details}")

    # -- what is seen ------------------------------------------------------------------------

    def stalled(self, stall: Stall) -> None:
        self._outcome.stalls.add(stall)
        if stall.own > _LOGGED:
            self._log_line(f"STALL {stall.text()}")

    def _judge(self, box: QMessageBox) -> None:
        """An error message counts where nothing was done that asks for one."""
        if id(box) in self._reported or box.windowTitle() != "Face Gallery":
            return
        self._reported = {id(box)}
        text = f"{box.text()} | {box.informativeText()[:200]} | {box.detailedText()[-1500:]}"
        wanted = any(kind in self._acts.errors_requested for kind in self._recent)
        wanted = wanted or any(words in box.text() for words in _STALE)
        self._log_line(f"{'error' if wanted else 'ERROR'} {text}")
        if not wanted:
            self._outcome.findings[f"error message: {box.text()}"] += 1

    def _found(self, kind: str, text: str) -> None:
        self._log_line(f"FOUND {kind}: {text}")
        self._outcome.findings[f"{kind}: {text.strip().splitlines()[-1][:300]}"] += 1

    def _listen(self) -> None:
        def uncaught(*error: object) -> None:
            self._found("exception", "".join(traceback.format_exception(*error)))  # type: ignore[arg-type]

        sys.excepthook = uncaught
        threading.excepthook = lambda one: uncaught(one.exc_type, one.exc_value, one.exc_traceback)
        sys.unraisablehook = lambda one: uncaught(one.exc_type, one.exc_value, one.exc_traceback)
        qInstallMessageHandler(self._qt_said)

    def _qt_said(self, kind: QtMsgType, _: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and _IGNORED not in text:
            self._found("Qt", text)

    def _sample(self) -> None:
        sample = self._held()
        self._outcome.samples.append(sample)
        self._log_line(f"HELD {sample}")

    def _held(self) -> measuring.Held:
        minutes = (time.monotonic() - self._began) / 60
        open_ = self._app.state.gallery is not None if hasattr(self, "_app") else False
        return measuring.held(minutes, self._outcome.steps.total(), self._app, open_=open_)

    def _all_held(self) -> set[str]:
        """Names of threads, file handles and processes; the same twice is two."""
        names = [f"thread {one.name}" for one in threading.enumerate()]
        own = (str(self._work), "pipe:", "socket:")  # fonts and the like Qt keeps open
        names += [f"file handle {one}" for one in measuring.handles() if one.startswith(own)]
        names += [f"process {one}" for one in measuring.children()]
        return {
            f"{name} ({number})"
            for name, same in itertools.groupby(sorted(names))
            for number, _ in enumerate(same, 1)
        }

    def _log_line(self, text: str) -> None:
        minutes = (time.monotonic() - self._began) / 60 if hasattr(self, "_began") else 0
        self._log.write(f"{minutes:8.3f} {self._outcome.steps.total():6} {text}\n")
