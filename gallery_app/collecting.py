"""Keeps Python's garbage collector quick: what stays for good is not gone through each time."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject

from gallery_app.state import AppState
from gallery_app.tasks import TaskRunner

_MANY = 100  # modules: charts bring 190 of them, a report 170, scikit-learn over 1,000


class Collecting(QObject):
    """Sets aside what is there once the window is up, and again when more libraries have come or
    another gallery is open.

    A full collection stops every thread while it goes through all objects that could be part of a
    cycle. The window's libraries alone are 63,000 of them, with those of charts, review and
    reports 157,000, and none goes again: 20 to 60 ms on an idle machine, 153 on a busy one. Of
    what is not set aside it takes 9 at most.
    """

    def __init__(self, state: AppState, tasks: TaskRunner) -> None:
        super().__init__(tasks)
        self._tasks = tasks
        self._modules = 0  # as many as were there when it was done last
        state.gallery_changed.connect(self._anew)
        tasks.ended.connect(self._look)

    def _anew(self) -> None:
        """All is looked through once more: no cycle that was set aside is kept longer."""
        gc.unfreeze()
        self._modules = 0

    def _look(self) -> None:
        """When nothing is under way: a person who waits for something does not wait for this."""
        if len(sys.modules) >= self._modules + _MANY and not self._tasks.is_busy():
            self._modules = len(sys.modules)
            set_aside()


def set_aside() -> None:
    """All that is there and no garbage; what was set aside before is not gone through."""
    gc.collect()
    gc.freeze()
