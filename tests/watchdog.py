"""Watches the UI thread and says where it was when it answered to nothing for a while.

A timer on the UI thread is the heartbeat. A thread beside it looks, while no beat comes, at what
the UI thread does, and reads its clocks: the wall's, the processor time that it has had, and the
time that it was ready to run and had no processor (Linux tells it). A machine that is busy with
something else shows in the last and is not blamed on the window.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

from tests.pace import pace

_ROOT = str(Path(__file__).resolve().parent.parent)
_THREAD = re.compile(r"(?:Current thread|Thread) 0x([0-9a-f]+)")
_CALL = re.compile(r'  File "(.*)", line (\d+) in (.*)')
_OWN = "tests/watchdog.py"  # the heartbeat, which had to wait as all else
_MAKING = "gallery_app/app.py"
SUSPICIOUS = 0.25  # seconds from which on the machine is asked how fast it is
PACES = 30  # as long as this many pieces of fixed work the UI thread may be at work in one go
_WAITING = ("threading.py", "queue.py", "selectors.py", "thread.py", "watchdog.py")

Place = str
Doing = Callable[[Sequence[str]], Hashable | None]


@dataclass(frozen=True)
class Reading:
    """The clocks of the UI thread, in seconds.

    Attributes:
        cpu: processor time that it has had.
        queued: time that it waited for a processor; 0 where the system does not tell.
        collecting: processor time of Python's garbage collector, which stops every thread.
        process: processor time of all threads.
        others: time that the other threads waited for a processor, all together.
    """

    wall: float
    cpu: float
    queued: float
    collecting: float = 0.0
    process: float = 0.0
    others: float = 0.0


@dataclass(frozen=True)
class Stall:
    """One time that the UI thread was at something without a look at its events.

    Attributes:
        wall, cpu, queued, collecting: seconds, as in :class:`Reading`.
        place: where it was for most of that.
        stack: the calls that led there, outermost first; empty where nobody could look.
        beside: what other threads were at meanwhile.
        starved: seconds in which no thread ran and another one, which it may have waited for, had
            no processor.
    """

    wall: float
    cpu: float
    queued: float
    place: Place
    stack: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    collecting: float = 0.0
    starved: float = 0.0

    @property
    def own(self) -> float:
        """Seconds at work or waiting for a lock or a disk: all but the wait for a processor, its
        own and that of whoever it waited for.
        """
        return max(self.cpu, self.wall - self.queued - self.starved)

    def text(self) -> str:
        lines = [
            f"{self.place}: {self.own * 1000:.0f} ms (wall {self.wall * 1000:.0f}, "
            f"CPU {self.cpu * 1000:.0f}, no processor {self.queued * 1000:.0f}, "
            f"starved {self.starved * 1000:.0f}, collecting {self.collecting * 1000:.0f})"
        ]
        lines += [f"    {line}" for line in self.stack]
        return "\n".join([*lines, *(f"    beside: {line}" for line in self.beside)])


@dataclass
class Going:
    """A stall while it lasts."""

    what: Hashable | None
    start: Reading
    end: Reading
    seconds: Counter[Place] = field(default_factory=Counter)
    stacks: dict[Place, tuple[str, ...]] = field(default_factory=dict)
    beside: Counter[str] = field(default_factory=Counter)

    def sample(self, now: Reading, calls: Sequence[str], others: list[str]) -> None:
        """The UI thread was here for the time since the last look."""
        place = _place(calls)
        self.seconds[place] += _between(self.end, now)
        self.stacks[place] = tuple(calls)
        self.beside.update(others)
        self.end = now

    def stall(self) -> Stall:
        place = self.seconds.most_common(1)[0][0] if self.seconds else "not seen"
        wall, queued = self.end.wall - self.start.wall, self.end.queued - self.start.queued
        nobody = wall - queued - (self.end.process - self.start.process)
        return Stall(
            wall,
            self.end.cpu - self.start.cpu,
            queued,
            place,
            self.stacks.get(place, ()),
            tuple(name for name, _ in self.beside.most_common(3)),
            self.end.collecting - self.start.collecting,
            max(0.0, min(nobody, self.end.others - self.start.others)),
        )


class Watchdog:
    """Begin and end it on the UI thread, or use it as a context.

    Args:
        told: called on whichever thread sees its end with each stall, the shortest left out.
        least: seconds from which on something is a stall.
        doing: what is under way, by the calls of the UI thread, outermost first (none where nobody
            looked); a change of it ends a stall as a heartbeat does, and None is nobody's
            business. Without it all that comes between two heartbeats is one.
    """

    def __init__(
        self,
        told: Callable[[Stall], None],
        *,
        least: float = 0.05,
        doing: Doing = lambda _: "window",
        every: float = 0.01,
    ) -> None:
        self._told, self._least, self._doing, self._every = told, least, doing, every
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._going: Going | None = None
        self._last = self._beat = Reading(0.0, 0.0, 0.0)

    def start(self, parent: QObject | None = None) -> None:
        self._clocks, self._stacks = Clocks(), Stacks()
        self._last = self._beat = self._clocks.read()
        self._timer = QTimer(parent, interval=int(self._every * 1000))
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.beat)
        self._timer.start()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """What lasts still is told."""
        self._stop.set()
        self._thread.join()
        self._timer.stop()
        self._timer.deleteLater()
        self.beat()
        self._clocks.close()
        self._stacks.close()

    def __enter__(self) -> Watchdog:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def beat(self) -> None:
        """The UI thread is here."""
        now = self._clocks.read()
        with self._lock:
            going, self._going = self._going, None
            if going is None:
                unseen = now.wall - self._last.wall >= self._least
                going = Going(self._doing(()), self._last, now) if unseen else None
            self._last = self._beat = now
        if going is not None:
            going.end = now
            self._close(going)

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            if ended := self._look():
                self._close(ended)

    def _look(self) -> Going | None:
        """A look at the UI thread, if it is late; what that put an end to."""
        with self._lock:
            if time.monotonic() - self._beat.wall < 2 * self._every:
                return None
            now = self._clocks.read()
            stacks = self._stacks.read()
            calls = [call for call in stacks[self._clocks.thread] if not call.startswith(_OWN)]
            ended, what = None, self._doing(calls)
            if self._going is None or self._going.what != what:
                ended, self._going = self._going, Going(what, self._last, self._last)
            if what is None:
                self._going.end = now
            else:
                self._going.sample(now, calls, _others(stacks, self._clocks.thread))
            self._last = now
            return ended

    def _close(self, going: Going) -> None:
        stall = going.stall()
        if going.what is not None and stall.own >= self._least:
            self._told(stall)


class Stacks:
    """What every thread is at, as text.

    Never as frames: a frame that another thread holds keeps what is in it, and a widget that is
    freed on that thread takes the process with it.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as this is)

    def read(self) -> dict[int, list[str]]:
        """The calls of each thread by its id, outermost first, as "file:line function"."""
        file = self._file.fileno()
        os.lseek(file, 0, os.SEEK_SET)
        faulthandler.dump_traceback(self._file, all_threads=True)
        length = os.lseek(file, 0, os.SEEK_CUR)
        stacks: dict[int, list[str]] = {}
        calls: list[str] = []
        for line in os.pread(file, length, 0).decode(errors="replace").splitlines():
            if thread := _THREAD.match(line):
                calls = stacks[int(thread[1], 16)] = []
            elif call := _CALL.match(line):
                calls.insert(0, f"{_short(call[1])}:{call[2]} {call[3]}")
        return stacks

    def close(self) -> None:
        self._file.close()


class Clocks:
    """The clocks of the thread that makes this."""

    def __init__(self) -> None:
        self._collecting = self._began = 0.0
        gc.callbacks.append(self._collected)
        self.thread = threading.get_ident()
        self._cpu = time.pthread_getcpuclockid(self.thread)
        self._own = str(threading.get_native_id())
        self._files: dict[str, int] = {}  # of each thread, kept open: read 100 times a second
        self._queued: dict[str, float] = {self._own: 0.0}
        self._reading = threading.Lock()

    def read(self) -> Reading:
        """From any thread."""
        with self._reading:
            self._read_queues()
            queued = self._queued[self._own]
            others = sum(self._queued.values()) - queued
        cpu, process = time.clock_gettime(self._cpu), time.process_time()
        return Reading(time.monotonic(), cpu, queued, self._collecting, process, others)

    def _read_queues(self) -> None:
        """What a thread that is gone has waited stays in the sum."""
        with suppress(OSError):
            for thread in os.listdir("/proc/self/task"):
                with suppress(OSError):  # it ends just now
                    if thread not in self._files:
                        path = f"/proc/self/task/{thread}/schedstat"
                        self._files[thread] = os.open(path, os.O_RDONLY)
                    told = os.pread(self._files[thread], 64, 0).split()
                    self._queued[thread] = int(told[1]) / 1e9
            for gone in self._files.keys() - set(os.listdir("/proc/self/task")):
                os.close(self._files.pop(gone))

    def _collected(self, phase: str, _: dict[str, int]) -> None:
        """Start and end of a collection, both on the thread that set it off."""
        if phase == "start":
            self._began = time.thread_time()
        else:
            self._collecting += time.thread_time() - self._began

    def close(self) -> None:
        gc.callbacks.remove(self._collected)
        for file in self._files.values():
            os.close(file)
        self._files.clear()


def in_the_application(calls: Sequence[str]) -> Hashable | None:
    """For tests, which run on the UI thread too: which call into the application is under way.

    The same line of a test is the same call; what a test does by itself is none, nor is the making
    of the window: nothing is seen yet that could stand still.
    """
    if any(call.startswith(_MAKING) and call.endswith(" __init__") for call in calls):
        return None
    inside = [place for place, call in enumerate(calls) if call.startswith("gallery_app")]
    if inside:
        return calls[max(inside[0] - 1, 0)]
    waits = bool(calls) and calls[-1].startswith("pytestqt")
    return calls[-1] if waits else None


def blocked(stalls: Sequence[Stall]) -> list[Stall]:
    """Those in which the UI thread computed for longer than any machine would need for a frame.

    The garbage collector's time is left out: in tests it goes through all that those before have
    imported and left.
    """
    suspects = [stall for stall in stalls if stall.cpu - stall.collecting > SUSPICIOUS]
    longest = PACES * pace() if suspects else 0.0
    return [stall for stall in suspects if stall.cpu - stall.collecting > longest]


def _between(before: Reading, now: Reading) -> float:
    return max(now.cpu - before.cpu, now.wall - before.wall - (now.queued - before.queued))


def _short(file: str) -> str:
    """From the project's folder on, or the last two parts."""
    if file.startswith(_ROOT):
        return file[len(_ROOT) + 1 :]
    return "/".join(file.split("/")[-2:])


def _place(calls: Sequence[str], parts: tuple[str, ...] = ("gallery_app", "engine")) -> Place:
    """The deepest call of the first of these parts that is there; else the last call."""
    for part in parts:
        for call in reversed(calls):
            if call.startswith(part):
                return call
    return calls[-1] if calls else "not seen"


def _others(stacks: dict[int, list[str]], watched: int) -> list[str]:
    """What the other threads are at, those left out that wait for work."""
    busy = [calls for thread, calls in stacks.items() if thread != watched and calls]
    return [
        _place(calls, ("engine", "gallery_app"))
        for calls in busy
        if not calls[-1].partition(":")[0].endswith(_WAITING)
    ]
