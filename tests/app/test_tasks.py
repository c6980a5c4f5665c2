"""Work off the UI thread leaves the UI thread its turn."""

from __future__ import annotations

import gc
import importlib
import inspect
import pkgutil
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer, Signal
from pytestqt.qtbot import QtBot

import gallery_app
from engine.progress import Reporter
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


def test_a_task_that_has_ended_is_freed_with_all_that_its_work_held(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    class Held:
        """Stands for a gallery."""

    held = Held()
    freed = weakref.ref(held)
    runner.run("Reading", lambda _, held=held: str(held), done=lambda _: None)  # type: ignore[misc]
    del held
    qtbot.waitUntil(lambda: not runner.is_busy())

    def is_freed() -> bool:
        gc.collect()
        return freed() is None

    qtbot.waitUntil(is_freed)


def test_questions_stop_and_changes_go_on_when_another_gallery_is_opened(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    stopped, ended = threading.Event(), threading.Event()
    done: list[str] = []

    def ask(reporter: Reporter) -> None:
        while True:
            try:
                reporter.check()
            except BaseException:
                stopped.set()
                raise

    def change(_: Reporter) -> None:
        stopped.wait()
        ended.set()

    runner.run("Reviewing", ask, lane="review", done=lambda _: done.append("review"))
    runner.run("Renaming", change, lane="change", done=lambda _: done.append("change"))
    runner.drop_answers()
    qtbot.waitUntil(lambda: not runner.is_busy())
    assert ended.is_set()
    assert done == ["change"]


def test_what_the_end_of_the_window_cancels_is_told_to_nobody(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    told: list[str] = []
    runs = threading.Event()

    def go_on(reporter: Reporter) -> None:
        runs.set()
        while True:
            reporter.check()

    task = runner.run("Converting", go_on, lane="change")
    task.cancelled.connect(lambda: told.append("cancelled"))
    runs.wait()
    runner.close()
    qtbot.wait(50)
    assert told == []
    assert not runner.is_busy()


def test_what_must_be_done_is_done_though_the_window_ends_before_its_turn(
    runner: TaskRunner,
) -> None:
    begun, done = threading.Event(), list[str]()

    def long_work(reporter: Reporter) -> None:
        begun.set()
        while True:
            reporter.check()
            begun.wait(0.005)

    runner.run("Importing", long_work, lane="change")
    runner.run("Renaming", lambda _: done.append("a change"), lane="change")
    runner.run("Closing", lambda _: done.append("the gallery"), lane="change", certain=True)
    assert begun.wait()
    runner.close()
    assert done == ["the gallery"]


def test_no_signal_has_the_name_of_a_method_of_qt() -> None:
    """Qt would look for its method there each time, and never free the object."""
    hidden = []
    for module in pkgutil.walk_packages(gallery_app.__path__, "gallery_app."):
        if module.name.endswith("__main__"):
            continue
        for name, one in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(one) and issubclass(one, QObject):
                own = [attr for attr, value in vars(one).items() if isinstance(value, Signal)]
                bases = [base for base in one.__mro__ if base.__module__.startswith("PySide6")]
                hidden += [
                    f"{name}.{attr}"
                    for attr in own
                    if one not in bases and any(attr in vars(base) for base in bases)
                ]
    assert hidden == []
