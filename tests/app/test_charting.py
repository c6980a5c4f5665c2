"""What draws charts is brought in off the UI thread."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.operations import analysis

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
NOTHING_MORE = """
import sys, threading
import gallery_app.app
from gallery_app.operations.analysis import ready_to_draw
worker = threading.Thread(target=ready_to_draw)
worker.start()
worker.join()
before = set(sys.modules)
import gallery_app.dialogs.charts_dialog, gallery_app.dialogs.evaluation_charts
assert not [name for name in set(sys.modules) - before if "pyqtgraph" in name]
"""


def test_after_it_a_chart_needs_nothing_more_of_pyqtgraph() -> None:
    code = [sys.executable, "-c", NOTHING_MORE]
    run = subprocess.run(code, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_a_review_brings_it_in_on_its_own_thread(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(
        analysis, "ready_to_draw", lambda: threads.append(threading.current_thread())
    )
    app.window.middle.setCurrentWidget(app.window.review)
    qtbot.waitUntil(lambda: bool(threads))
    assert threads[0] is not threading.main_thread()
