"""What identifying costs beyond the search itself: the façade beside bare hnswlib, interleaved.

    .venv/bin/python benchmarks/identify.py FOLDER [SIZE...]

SIZE 4324 is ``data/``; others are made of ``FOLDER/SIZE.npz`` (``embeddings``, ``names``). The
galleries are kept in FOLDER for the next run. Bare is ``knn_query`` on the gallery's own graph
file, with the same k, breadth and threads. Processor time is told besides, for on a busy machine
the wall clock's 99th percentile is that of its other programs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np

from engine.gallery import Gallery
from engine.identification.shortlist import NEIGHBOURS
from engine.progress import Event
from engine.types import Vectors

DATA = Path(__file__).resolve().parent.parent / "data"
ROUNDS, BLOCK = 60, 50
BATCH, BATCH_ROUNDS = 1_000, 9
REAL = 4_324
Numbers = Any


def gallery_of(folder: Path, size: int) -> Gallery:
    """The gallery of this size, made where it is missing."""
    place = folder / f"identify-{size}.gallery"
    if not (place / "gallery.db").exists():
        source = DATA if size == REAL else folder / f"{size}.npz"
        gallery, report = Gallery.create_from(place, [source])
        print(f"{report.faces_added:,} faces came in within {report.seconds:.0f} s", flush=True)
        gallery.close()
    return Gallery.open(place, listener=_quiet)


def _quiet(_: Event) -> None:
    return None


def bare_of(gallery: Gallery) -> tuple[hnswlib.Index, int]:
    """hnswlib's own index of the gallery's graph file, and the breadth that the gallery asks by."""
    folder = gallery.folder / "index"
    record = json.loads(json.loads((folder / "faces.json").read_text())["snapshot"])
    (graph,) = folder.glob("faces-*.bin")
    space = "ip" if gallery.distance == "cosine" else "l2"
    index = hnswlib.Index(space=space, dim=gallery.dimension)
    index.load_index(str(graph))
    keeper = gallery._recogniser._grounds.spaces[0].keeper
    ef = int(getattr(keeper, "ef", None) or record["parameters"]["ef"])
    index.set_ef(ef)
    return index, ef


def queries_of(gallery: Gallery, count: int, random: np.random.Generator) -> Vectors:
    """Enrolled faces, each a fifth of its length off, so that none is found at once."""
    faces, _ = gallery._store.membership()
    chosen = np.sort(random.choice(faces, min(count, len(faces)), replace=False))
    _, _, rows = gallery._store.vectors(chosen)
    rows = rows[random.permutation(len(rows))]
    noise = random.normal(size=rows.shape).astype(np.float32)
    noise *= (
        0.2
        * np.linalg.norm(rows, axis=1, keepdims=True)
        / np.linalg.norm(noise, axis=1, keepdims=True)
    )
    return np.asarray(rows + noise, dtype=np.float32)


def timed(call: Callable[[Vectors], object], queries: Vectors) -> float:
    start = time.perf_counter()
    call(queries)
    return time.perf_counter() - start


def measure(folder: Path, size: int) -> None:
    start = time.perf_counter()
    gallery = gallery_of(folder, size)
    opened = time.perf_counter() - start
    random = np.random.default_rng(1)
    gallery.prepare()
    ready = time.perf_counter() - start
    index, ef = bare_of(gallery)
    queries = queries_of(gallery, max(ROUNDS * BLOCK, BATCH), random)
    units = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    prepared = units if gallery.distance == "cosine" else queries
    keeper = gallery._recogniser._grounds.spaces[0].keeper

    identifier = gallery._recogniser._ready_now().identifier
    calls: dict[str, Callable[[int], object]] = {
        "bare": lambda at: index.knn_query(prepared[at : at + 1], k=NEIGHBOURS, num_threads=1),
        "index": lambda at: keeper.nearest(prepared[at], NEIGHBOURS),
        "identifier": lambda at: identifier.identify(queries[at : at + 1]),
        "recogniser": lambda at: gallery._recogniser.identify(queries[at : at + 1]),
        "facade": lambda at: gallery.identify(queries[at]),
    }
    for at in range(200):
        for call in calls.values():
            call(at)
    taken: dict[str, list[float]] = {name: [] for name in calls}
    worked: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS):
        for name, call in calls.items():
            for at in range(number * BLOCK, (number + 1) * BLOCK):
                begin, before = time.perf_counter(), time.thread_time()
                call(at % len(queries))
                worked[name].append(1e6 * (time.thread_time() - before))
                taken[name].append(1e6 * (time.perf_counter() - begin))
    many = queries[:BATCH]
    batch = {"bare": [], "facade": []}  # type: dict[str, list[float]]
    for _ in range(BATCH_ROUNDS):
        batch["bare"].append(
            timed(lambda rows: index.knn_query(rows, k=NEIGHBOURS), prepared[:BATCH])
        )
        batch["facade"].append(timed(gallery.identify, many))
    print(f"\n{size:,} faces, ef {ef}; open {opened:.3f} s, ready {ready:.2f} s")
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    for clock, times in (("wall clock", taken), ("processor", worked)):
        _print_times(clock, times)
    middles = {name: float(np.median(times)) for name, times in taken.items()}
    print("where the µs go: " + ", ".join(_parts(middles)))
    rates = {name: len(many) / np.median(times) for name, times in batch.items()}
    share = rates["facade"] / rates["bare"]
    print(
        f"batch of {len(many)}: bare {rates['bare']:,.0f} a second, façade "
        f"{rates['facade']:,.0f}, {share:.2f} of it"
    )
    gallery.close()


def _print_times(clock: str, taken: dict[str, list[float]]) -> None:
    print(f"{clock:10} {'median µs':>10} {'p99 µs':>10} {'p99 / median':>13} {'× bare':>8}")
    bare = float(np.median(taken["bare"]))
    for name, times in taken.items():
        middle, high = np.median(times), np.quantile(times, 0.99)
        print(f"{name:10} {middle:10.1f} {high:10.1f} {high / middle:13.2f} {middle / bare:8.2f}")


def _parts(middles: dict[str, float]) -> Iterator[str]:
    """What each layer adds to the one below it."""
    added = ("search", "checks of the index", "judgement and answer", "state, refusals", "input")
    below = 0.0
    for what, middle in zip(added, middles.values(), strict=True):
        yield f"{what} {middle - below:.1f}"
        below = middle


def main() -> None:
    folder, *sizes = sys.argv[1:] or ["."]
    for size in sizes or ["4324", "100000"]:
        measure(Path(folder), int(size))


if __name__ == "__main__":
    main()
