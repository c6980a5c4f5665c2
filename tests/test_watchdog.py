"""The watchdog is itself watched: what it finds, and what it must not blame on the window."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("PySide6")
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from tests.pace import pace, work
from tests.watchdog import PACES, Clocks, Stall, Watchdog, blocked, in_the_application

Found = list[Stall]


@pytest.fixture
def found() -> Found:
    return []


@pytest.fixture
def watched(qtbot: QtBot, found: Found) -> Iterator[Watchdog]:
    with Watchdog(found.append, least=0.1) as watchdog:
        yield watchdog


def compute(seconds: float) -> None:
    """Takes so much processor time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))


def done_in_the_event_loop(qtbot: QtBot, work: Callable[[], object]) -> None:
    over: list[bool] = []
    QTimer.singleShot(0, lambda: (work(), over.append(True)))
    qtbot.waitUntil(lambda: bool(over))


def test_work_on_the_ui_thread_is_found_with_its_place(
    qtbot: QtBot, found: Found, watched: Watchdog
) -> None:
    done_in_the_event_loop(qtbot, lambda: compute(0.3))
    qtbot.waitUntil(lambda: bool(found))
    worst = max(found, key=lambda stall: stall.cpu)
    assert worst.cpu >= 0.3
    assert worst.own >= worst.cpu
    assert any("compute" in call for call in worst.stack)
    assert "compute" in worst.place
    assert "compute" in worst.text()


def test_a_wait_counts_as_the_windows_own_and_takes_no_processor(
    qtbot: QtBot, found: Found, watched: Watchdog
) -> None:
    lock = threading.Lock()
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    done_in_the_event_loop(qtbot, lambda: bool(lock.acquire()))
    qtbot.waitUntil(lambda: bool(found))
    worst = max(found, key=lambda stall: stall.own)
    assert worst.cpu < worst.own


def test_an_idle_window_does_not_stall(qtbot: QtBot, found: Found, watched: Watchdog) -> None:
    qtbot.wait(200)
    assert blocked(found) == []


@pytest.mark.slow
def test_what_would_take_long_on_any_machine_blocks_the_window(
    qtbot: QtBot, found: Found, watched: Watchdog
) -> None:
    done_in_the_event_loop(qtbot, lambda: [work() for _ in range(2 * PACES)])
    qtbot.waitUntil(lambda: bool(blocked(found)))


def test_half_of_what_a_machine_may_take_does_not_block_the_window() -> None:
    took = PACES * pace() / 2
    assert blocked([Stall(took, took, 0.0, "here")]) == []


def test_waiting_for_a_processor_is_not_the_windows_own() -> None:
    stall = Stall(wall=2.0, cpu=0.04, queued=1.9, place="here", stack=(), beside=())
    assert stall.own == pytest.approx(0.1)


def test_a_test_is_not_taken_for_the_window(qtbot: QtBot, found: Found) -> None:
    with Watchdog(found.append, least=0.1, doing=in_the_application):
        compute(0.3)
    assert found == []


def test_nothing_is_left_of_it(qtbot: QtBot, found: Found) -> None:
    def handles() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    before, threads = handles(), threading.active_count()
    for _ in range(3):
        with Watchdog(found.append):
            pass
    assert (handles(), threading.active_count()) == (before, threads)


def test_the_clocks_of_a_thread_are_read_from_another() -> None:
    clocks, read = Clocks(), []
    before = clocks.read()
    compute(0.05)
    reader = threading.Thread(target=lambda: read.append(clocks.read()))
    reader.start()
    reader.join()
    clocks.close()
    assert read[0].cpu - before.cpu >= 0.05
