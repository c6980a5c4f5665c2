"""Work off the UI thread leaves the UI thread its turn."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from gallery_app.tasks import TaskRunner


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    tasks = TaskRunner()
    yield tasks
    tasks.close()
    sys.setswitchinterval(before)


def test_workers_give_the_interpreter_back_within_a_millisecond(runner: TaskRunner) -> None:
    assert sys.getswitchinterval() <= 0.001


def test_the_event_loop_goes_on_while_every_lane_computes(runner: TaskRunner, qtbot: QtBot) -> None:
    enough = threading.Event()
    beats: list[None] = []

    def compute(_: object) -> None:
        while not enough.is_set():
            sum(range(100))

    for lane in ("question", "change", "review"):
        runner.run("Computing", compute, lane=lane)  # type: ignore[arg-type]
    timer = QTimer(interval=1)
    timer.timeout.connect(lambda: beats.append(None))
    timer.start()
    qtbot.waitUntil(lambda: len(beats) >= 20)
    timer.stop()
    enough.set()
    qtbot.waitUntil(lambda: not runner.is_busy())
