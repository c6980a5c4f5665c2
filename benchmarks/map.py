"""The map: milliseconds per repaint while it is moved, zoomed and turned, without a graphics card,
and seconds to lay the sample out by each method.

    .venv/bin/python -m benchmarks.map [SIZE …] [--methods pca umap tsne] [--data DIR]
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from benchmarks.common import described, parser
from engine.gallery import Gallery
from gallery_app.map.canvas import MapCanvas
from gallery_app.map.drawn import colours_of
from gallery_app.map.picture import Points

SIZES = [4_324, 100_000, 1_000_000]
METHODS = ["pca", "umap", "tsne"]
REPAINTS = 120
VIEW = (900, 640)


def points_of(count: int, dimensions: int) -> Points:
    """People as clouds, some 27 faces each, as in the sample."""
    random = np.random.default_rng(0)
    owners = np.sort(random.integers(0, max(1, count // 27), count))
    middles = random.normal(0, 0.35, (owners.max() + 1, dimensions))
    places = middles[owners] + random.normal(0, 0.03, (count, dimensions))
    return Points(places.astype(np.float32), colours_of(owners, dark=False))


def repaints(canvas: MapCanvas, step) -> tuple[list[float], list[float]]:  # type: ignore[no-untyped-def]
    """Milliseconds of each repaint after a step of the camera, by the clock and of the processor
    (which what runs beside does not add to), each ascending.
    """
    taken, worked = [], []
    for number in range(REPAINTS):
        canvas.camera = step(canvas.camera, number)
        begun, at_work = time.perf_counter(), time.thread_time()
        canvas.repaint()
        worked.append((time.thread_time() - at_work) * 1000)
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken), sorted(worked)


def row(times: list[float]) -> str:
    """Median, 95th percentile and worst."""
    middle, high = statistics.median(times), times[int(0.95 * len(times))]
    return f"{middle:8.2f} {high:8.2f} {times[-1]:8.2f}"


def moved(camera, number):  # type: ignore[no-untyped-def]
    """Seven pixels a frame, to and fro across a third of the view."""
    return camera.moved(7 if number // 40 % 2 == 0 else -7, 3)


def zoomed(camera, number):  # type: ignore[no-untyped-def]
    return camera.zoomed(1.03 if number // 30 % 2 == 0 else 1 / 1.03, 450, 320)


def turned(camera, _):  # type: ignore[no-untyped-def]
    return camera.turned(5, 1)


def paint(sizes: list[int]) -> None:
    columns = f"{'median':>8} {'95th':>8} {'worst':>8}"
    print(f"{'':19} {'ms a repaint':>26}  {'of these at work':>26}")
    print(f"{'points':>10} {'':8} {columns}  {columns}")
    for count in sizes:
        for name, dimensions, step in (
            ("move", 2, moved),
            ("zoom", 2, zoomed),
            ("turn", 3, turned),
        ):
            canvas = MapCanvas()
            canvas.resize(*VIEW)
            canvas.show()
            canvas.show_points(points_of(count, dimensions))
            QApplication.processEvents()  # only then it is painted at all
            taken, worked = repaints(canvas, step)
            print(f"{count:>10,} {name:8} {row(taken)}  {row(worked)}", flush=True)
            canvas.close()


def lay_out(data: Path, methods: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        gallery, _ = Gallery.create_from(Path(folder) / "sample.gallery", [data])
        with gallery:
            for method in methods:
                begun = time.perf_counter()
                gallery.maps.draw(method=method)
                seconds = time.perf_counter() - begun
                begun = time.perf_counter()
                gallery.maps.draw(method=method)
                again = time.perf_counter() - begun
                print(f"{method}: {seconds:.2f} s, again {again:.3f} s", flush=True)


def main() -> None:
    options = parser(__doc__, data=True)
    options.add_argument("sizes", type=int, nargs="*", default=SIZES)
    options.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS)
    asked, _ = options.parse_args(), QApplication([])
    for name, value in described().items():
        print(f"{name}: {value}")
    paint(asked.sizes)
    lay_out(asked.data, asked.methods)


if __name__ == "__main__":
    main()
