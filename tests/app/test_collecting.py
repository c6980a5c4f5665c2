"""The garbage collector passes over what stays for good, and over nothing else for long."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.collecting import Collecting, set_aside
from gallery_app.operations import galleries


class _Ring:
    """An object that only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_there_is_set_aside_once_the_window_is_up(
    qtbot: QtBot, start: Callable[..., App], gallery_folder: Path
) -> None:
    app = start()
    Collecting(app.state, app.tasks)
    app.open(gallery_folder)
    qtbot.waitUntil(lambda: gc.get_freeze_count() > 10_000)
    assert app.window.faces.model.rowCount() > 0


def test_what_comes_later_is_collected_as_ever() -> None:
    set_aside()
    ring = weakref.ref(_Ring())
    gc.collect()
    assert ring() is None


def test_a_cycle_that_was_set_aside_is_freed_with_the_next_gallery(qtbot: QtBot, app: App) -> None:
    Collecting(app.state, app.tasks)
    kept = _Ring()
    ring = weakref.ref(kept)
    set_aside()
    del kept
    gc.collect()
    assert ring() is not None
    galleries.close_gallery(app.context)
    qtbot.waitUntil(lambda: ring() is None)
