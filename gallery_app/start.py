"""Starts Qt and the window, and ends them in order."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.utils.trim_heap import share_arenas
from engine.utils.worker_process import SECRETS
from gallery_app.app import App


def start(folder: Path | None, *, sample: bool = False) -> int:
    """Opens the window on a gallery, the sample or the welcome page; returns the exit code."""
    share_arenas()
    for name in SECRETS:  # the window asks; a browser that it opens needs none
        os.environ.pop(name, None)
    qt = QApplication.instance() or QApplication(["face-gallery"])
    qt.setApplicationName("Face Gallery")
    qt.setDesktopFileName("face-gallery")
    app = App(qt)
    sys.excepthook = _tell(app)
    signal.signal(signal.SIGINT, lambda *_: app.window.close())
    heartbeat = QTimer(interval=500)  # lets Python see Ctrl+C while Qt waits
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    app.window.show()
    # The libraries' 63,000 objects stay for good: to go through them takes a full collection, which
    # stops every thread, 14 to 56 ms. What comes from here on is collected as ever.
    gc.freeze()
    app.open(folder, sample=sample)
    return qt.exec()


def _tell(app: App):  # type: ignore[no-untyped-def]
    """Unexpected exceptions reach the person, and the log."""

    def hook(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        app.failed(error)

    return hook
