"""Two versions of this program beside one another in one run, and faiss's flat index beside them.

    .venv/bin/python -m benchmarks.versions --old DIR [--new DIR] [--sizes 4324 100000] [--runs 5]
        [--only import queries window]

DIR is the folder of a checkout; both run on this Python and its packages. Measured are, at each
size, the import of an ``.npz``, a single query, a batch of 1,000 queries, and the start of the
window to its first painted lists, without a screen. Each measurement is a process of its own, and
both versions take turns, another one first each time. Printed are medians with the lowest and the
highest, and the median of the ratios within a run. Each version asks the gallery that it made
itself, through the façade and the command line alone: their modules may be named otherwise.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve()
PARTS = ("import", "queries", "window")
SINGLES, BATCHES, K = 300, 5, 5
SMALL = 10_000
"""Faces up to which an exact search is what a batch is held against."""

# -- in the process of one version, which knows no other module of benchmarks/ ---------------


def measure_import(folder: Path, gallery: Path) -> dict[str, float]:
    """Seconds of an import into a new gallery, and until it can answer."""
    from engine.gallery import Gallery

    shutil.rmtree(gallery, ignore_errors=True)
    opened = Gallery.create(gallery)
    started = time.perf_counter()
    opened.import_([folder / "enrolled.npz"])
    imported = time.perf_counter()
    opened.identify(np.load(folder / "asked.npy")[:1], k=K)
    answered = time.perf_counter()
    opened.close()
    return {"import, s": imported - started, "import to the first answer, s": answered - started}


def measure_queries(folder: Path, gallery: Path) -> dict[str, float]:
    """Milliseconds of a single query, and queries per second in a batch."""
    from engine.gallery import Gallery

    asked = np.load(folder / "asked.npy")
    started = time.perf_counter()
    with Gallery.open(gallery) as opened:
        opened.identify(asked[:1], k=K)
        first = time.perf_counter() - started
        rates = rates_of(lambda rows: opened.identify(rows, k=K), asked)
    return {"open to the first answer, s": first, **rates}


def measure_faiss(folder: Path, _: Path) -> dict[str, float]:
    """The nearest five alone, by exact search over the same vectors."""
    import faiss

    unit, asked = np.load(folder / "unit.npy"), np.load(folder / "asked.npy")
    index = faiss.IndexFlatIP(unit.shape[1])
    index.add(unit)
    return rates_of(lambda rows: index.search(rows, K), asked)


def rates_of(ask: Callable[[Any], Any], asked: Any) -> dict[str, float]:
    ask(asked)
    singles, batches = [], []
    for number in range(SINGLES):
        row = number % len(asked)
        started = time.perf_counter()
        ask(asked[row : row + 1])
        singles.append(time.perf_counter() - started)
    for _ in range(BATCHES):
        started = time.perf_counter()
        ask(asked)
        batches.append(len(asked) / (time.perf_counter() - started))
    return {
        "single query, ms": 1000 * statistics.median(singles),
        "batch, queries/s": statistics.median(batches),
    }


def measure_window(_: Path, gallery: Path) -> dict[str, float]:
    """Seconds from the start of the process until people and faces are painted."""
    import runpy

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QMainWindow

    taken: list[float] = []
    run_event_loop = QApplication.exec

    def filled_lists(window: QMainWindow) -> int:
        views = [view for view in window.findChildren(QAbstractScrollArea) if view.isVisible()]
        models = [view.model() for view in views if hasattr(view, "model")]
        return sum(model is not None and model.rowCount() > 0 for model in models)

    def look() -> None:
        windows = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMainWindow)]
        if windows and filled_lists(windows[0]) >= 2:
            windows[0].repaint()
            taken.append(time.time() - float(os.environ["STARTED"]))
            QTimer.singleShot(0, windows[0].close)
        else:
            QTimer.singleShot(2, look)

    def exec_and_look(*_: object) -> int:
        QTimer.singleShot(0, look)
        return run_event_loop()

    QApplication.exec = exec_and_look  # type: ignore[method-assign, assignment]
    sys.argv = ["face-gallery", "open", str(gallery)]
    try:
        runpy.run_module("gallery_app", run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            raise
    return {"window, start to painted lists, s": taken[0]}


MEASUREMENTS = {
    "import": measure_import,
    "queries": measure_queries,
    "window": measure_window,
    "faiss": measure_faiss,
}


def measure_here(name: str, root: Path, folder: Path, gallery: Path) -> None:
    """Print what was measured in this process as one line of JSON."""
    import engine

    if not Path(engine.__path__[0]).resolve().is_relative_to(root.resolve()):
        raise SystemExit(f"{engine.__path__[0]} is not the engine of {root}")
    print("\nMEASURED", json.dumps(MEASUREMENTS[name](folder, gallery)))


# -- in the process that starts them ---------------------------------------------------------


def measure(name: str, root: Path, folder: Path, gallery: Path, home: Path) -> dict[str, float]:
    """One measurement of one version, in a new process."""
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "FACE_GALLERY_HOME": str(home),
        "STARTED": str(time.time()),
    }
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    for limit in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment.pop(limit, None)  # batches take all cores
    arguments = ["--measure", name, str(root), str(folder), str(gallery)]
    done = subprocess.run(
        [sys.executable, "-P", str(HERE), *arguments],  # -P: its folder shadows no package
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{name} with {root} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.rpartition("MEASURED")[2]))


Figures = dict[str, dict[str, list[float]]]
"""By what was measured and by whom, one for each run."""


def compare(size: int, roots: dict[str, Path], parts: list[str], runs: int, work: Path) -> Figures:
    """All measurements at one size."""
    from benchmarks.common import is_installed
    from benchmarks.datasets import lay_out

    folder = work / str(size)
    lay_out(size, folder)
    found: Figures = defaultdict(lambda: defaultdict(list))

    def note(part: str, name: str) -> None:
        gallery, home = folder / f"{name}.gallery", work / f"{name}.home"
        root = roots.get(name, roots["new"])
        home.mkdir(exist_ok=True)
        for what, value in measure(part, root, folder, gallery, home).items():
            found[what][name].append(value)

    for part in PARTS:
        if part not in parts and part != "import":
            continue
        beside_faiss = part == "queries" and size <= SMALL and is_installed("faiss")
        for turn in range(runs if part in parts else 1):
            for name in list(roots)[:: 1 if turn % 2 else -1]:
                note(part, name)
            if beside_faiss:
                note("faiss", "faiss")
    return found


def table_of(size: int, found: Figures) -> str:
    from benchmarks.figures import Spread, spread, table

    rows = []
    for what, sides in found.items():
        ratio = spread(Spread.of(ratios(sides["new"], sides["old"])))
        beside = spread(Spread.of(sides["faiss"])) if "faiss" in sides else ""
        share = spread(Spread.of(ratios(sides["new"], sides["faiss"]))) if beside else ""
        figures = [spread(Spread.of(sides[name])) for name in ("old", "new")]
        rows.append((what, *figures, ratio, beside, share))
    head = (f"{size:,} faces", "old", "new", "new / old", "faiss, flat", "new / faiss")
    return table(head, rows)


def ratios(ours: list[float], others: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, others, strict=True)]


def main() -> None:
    from benchmarks.common import ROOT, parser

    options = parser(__doc__)
    options.add_argument("--old", type=Path, required=True)
    options.add_argument("--new", type=Path, default=ROOT)
    options.add_argument("--sizes", type=int, nargs="+", default=[4324, 100_000])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options.add_argument("--work", type=Path, help=SUPPRESS)
    given = options.parse_args()
    roots = {"old": given.old.resolve(), "new": given.new.resolve()}
    with tempfile.TemporaryDirectory(dir=given.work) as place:
        for size in given.sizes:
            found = compare(size, roots, given.only, given.runs, Path(place))
            print(f"\n{table_of(size, found)}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure_here(sys.argv[2], *map(Path, sys.argv[3:]))
    else:
        main()
