"""Seconds from process start to the first painted window of the sample gallery, second start,
beside ``import tensorflow`` and a bare PySide6 window, interleaved in one run.

    .venv/bin/python -m benchmarks.startup [--runs 5]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.options import parser

WINDOW = """
import sys
from gallery_app.app import App
from gallery_app.recent import sample_gallery
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
qt = QApplication(["face-gallery"])
app = App(qt)
app.window.show()
app.open(None, sample=True)
def look():
    people = app.window.identities.model.rowCount()
    faces = app.window.faces.model.rowCount()
    if people and faces:
        app.window.repaint()
        heavy = [name for name in ("tensorflow", "sklearn", "scipy") if name in sys.modules]
        print("PAINTED", people, faces, heavy, flush=True)
        QTimer.singleShot(0, app.window.close)
    else:
        QTimer.singleShot(2, look)
QTimer.singleShot(0, look)
qt.exec()
"""
BARE = """
from PySide6.QtWidgets import QApplication, QLabel
qt = QApplication([]); label = QLabel("bare"); label.show(); label.repaint()
print("PAINTED", flush=True)
"""
TENSORFLOW = "import tensorflow; print('PAINTED', flush=True)"


def seconds_to(code: str, environment: dict[str, str]) -> tuple[float, str]:
    """Seconds until the code prints PAINTED, and what it printed."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    line = next((line for line in process.stdout if line.startswith("PAINTED")), "nothing")
    taken = time.perf_counter() - started
    process.stdout.read()
    process.wait()
    return taken, line.strip()


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=5)
    runs = options.parse_args().runs
    subjects = {"window": WINDOW, "bare Qt label": BARE, "import tensorflow": TENSORFLOW}
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"FACE_GALLERY_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        print("first start, with the import of the sample:", seconds_to(WINDOW, environment))
        for _ in range(runs):
            for name, code in subjects.items():
                seconds, line = seconds_to(code, environment)
                taken[name].append(seconds)
                print(f"{name:20} {seconds:6.2f} s  {line}")
    for name, values in taken.items():
        print(f"median {name:20} {statistics.median(values):6.2f} s")


if __name__ == "__main__":
    main()
