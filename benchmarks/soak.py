"""Clicks through the whole application at random on a large gallery, and watches what that does
to memory, threads, file handles, processes and the UI thread.

    .venv/bin/python -m benchmarks.soak [FACES.npz] [--minutes 60] [--faces 100000] [--seed 1]

Leaves ``soak.json``, ``soak.md``, ``soak.png`` and ``steps.log`` in ``build/soak``. The exit code
is 1 where a limit was broken, 2 where it was interrupted before the end.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault(
    "QT_QPA_PLATFORM",
    f"offscreen:configfile={Path(__file__).resolve().parents[1] / 'tests' / 'desktop.json'}",
)

from PySide6.QtWidgets import QApplication

from benchmarks.soaking.making import ROOT, made_up, material
from benchmarks.soaking.reporting import Outcome, write
from benchmarks.soaking.running import Run
from benchmarks.soaking.stalls import Stalls
from engine.utils.trim_heap import share_arenas
from tests.watchdog import Watchdog

_PATIENCE = 900  # seconds beyond its time after which it says where it hangs, and ends
OUT = ROOT / "build" / "soak"


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words = "embeddings and names, in the order of people; made up where none is given"
    parser.add_argument("npz", type=Path, nargs="?", help=words)
    parser.add_argument("--faces", type=int, default=100_000, help="rows of it to enroll")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


def main() -> int:
    wanted = asked()
    wanted.out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        return soak(wanted, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def soak(wanted: argparse.Namespace, work: Path) -> int:
    os.environ["FACE_GALLERY_HOME"] = str(work / "home")
    (work / "home").mkdir()
    (work / "made").mkdir()
    kept = wanted.out / "galleries"
    faces = wanted.npz or made_up(wanted.faces, kept)
    things = material(faces, wanted.faces, kept, work, wanted.seed)
    outcome = Outcome(f"{wanted.faces:,} faces", wanted.seed, Stalls())
    share_arenas()  # as at the start of ``face-gallery``
    qt = QApplication(["face-gallery"])
    _time_collections(outcome)
    with (wanted.out / "steps.log").open("w", buffering=1) as log:
        run = Run(things, work, outcome, random.Random(wanted.seed), log)
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: run.interrupt())
        if hasattr(signal, "SIGUSR1"):
            faulthandler.register(signal.SIGUSR1)  # says what every thread is at, and goes on
        faulthandler.dump_traceback_later(60 * wanted.minutes + _PATIENCE, exit=True)
        with Watchdog(run.stalled):
            run.begin(wanted.minutes)
            event_loop(qt)
        run.end()
        faulthandler.cancel_dump_traceback_later()
    print(write(outcome, wanted.out))
    if run.interrupted:
        return 2
    return 1 if outcome.broken() else 0


def event_loop(qt: QApplication) -> None:
    """Where a stall has this for its place, Qt itself was at work: layout, painting, styles."""
    qt.exec()


def _time_collections(outcome: Outcome) -> None:
    """How long Python's garbage collector is at work; it holds every thread up."""
    began = [0.0]

    def collected(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            began[0] = time.thread_time()
        elif (taken := time.thread_time() - began[0]) > 0.01:
            outcome.collections.append(taken)

    gc.callbacks.append(collected)


if __name__ == "__main__":
    sys.exit(main())
