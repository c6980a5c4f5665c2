"""What an import costs, beside the bare parts that it is made of.

.venv/bin/python -m benchmarks.importing [--runs 5] [--data DIR]
    ``face-gallery import data`` into a new gallery, beside a ``numpy.load`` loop over the same
    files; whole processes, interleaved in one run.
.venv/bin/python -m benchmarks.importing NPZ...
    a gallery made of each archive (``embeddings``, ``names``, ``files``): seconds of every
    stage, the peak of the process's memory as a multiple of the vectors' own size, and the
    time left that was said against the true one. Then its second half imported into a gallery
    of its first. Beside them bare SQLite inserting the same rows, and bare hnswlib building
    with the same parameters. Each in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.options import parser

LOOP = """
import sys, time
import numpy
from pathlib import Path
started = time.perf_counter()
vectors = [numpy.load(path) for path in sorted(Path(sys.argv[1]).rglob("*.npy"))]
print(len(vectors), time.perf_counter() - started)
"""
IMPORT = "from gallery_app.__main__ import main; main()"
SAID_AT = (0.25, 0.5, 0.75)


def run(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - started, done.stdout.strip()


def against_loop(data: Path, runs: int) -> None:
    loop, imports = [], []
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"FACE_GALLERY_HOME": home}
        gallery = Path(home) / "bench.gallery"
        for _ in range(runs):
            seconds, said = run([LOOP, str(data)], environment)
            loop.append(seconds)
            print(f"numpy.load loop  {seconds:5.2f} s whole process, files and seconds: {said}")
            run([IMPORT, "new", str(gallery)], environment)
            arguments = [IMPORT, "import", str(data), "-g", str(gallery)]
            seconds, said = run(arguments, environment)
            imports.append(seconds)
            print(f"import           {seconds:5.2f} s whole process; it says: {said}")
            shutil.rmtree(gallery)
    ratio = statistics.median(a / b for a, b in zip(imports, loop, strict=True))
    print(
        f"median loop {statistics.median(loop):.2f} s, import {statistics.median(imports):.2f} s,"
    )
    print(f"median ratio {ratio:.2f}")


# -- what runs in a process of its own -------------------------------------------------------------


class Watch:
    """Notes when each stage began, and what was said of the time left."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.stages: dict[str, float] = {}
        self.said: list[tuple[float, float]] = []

    def __call__(self, event: Any) -> None:
        from engine.progress import Progress

        if isinstance(event, Progress):
            now = time.perf_counter() - self.began
            self.stages.setdefault(event.stage, now)
            if event.left is not None:
                self.said.append((now, event.left))

    def result(self) -> dict[str, Any]:
        seconds = time.perf_counter() - self.began
        ends = [*list(self.stages.values())[1:], seconds]
        took = {name: end - at for (name, at), end in zip(self.stages.items(), ends, strict=True)}
        truth = []
        for share in SAID_AT if self.said else ():
            at, left = min(self.said, key=lambda said: abs(said[0] - share * seconds))
            truth.append((at, left, seconds - at))
        return {"seconds": seconds, "stages": took, "said": truth}


def create(source: str, folder: str) -> dict[str, Any]:
    from engine.gallery import Gallery
    from engine.progress import Reporter

    watch = Watch()
    gallery, report = Gallery.create_from(folder, [source], reporter=Reporter(watch))
    result = watch.result() | {"faces": report.faces_added}
    gallery.close()
    return result


def extend(source: str, folder: str) -> dict[str, Any]:
    from engine.gallery import Gallery
    from engine.progress import Reporter

    with Gallery.open(folder) as gallery:
        gallery.prepare()
        watch = Watch()
        report = gallery.import_([source], reporter=Reporter(watch))
        return watch.result() | {"faces": report.faces_added}


def bare_sqlite(source: str, folder: str) -> dict[str, Any]:
    arrays = np.load(source)
    rows = zip(
        arrays["names"].tolist(),
        arrays["files"].tolist(),
        map(bytes, arrays["embeddings"]),
        strict=True,
    )
    started = time.perf_counter()
    connection = sqlite3.connect(folder, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE faces (id INTEGER PRIMARY KEY, name, file, vector)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO faces (name, file, vector) VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()
    return {"seconds": time.perf_counter() - started, "faces": len(arrays["names"])}


def bare_hnswlib(source: str, folder: str) -> dict[str, Any]:
    import hnswlib

    from engine.index import HnswParameters

    vectors, parameters = np.load(source)["embeddings"], HnswParameters()
    started = time.perf_counter()
    graph = hnswlib.Index(space="cosine", dim=vectors.shape[1])
    graph.init_index(len(vectors), M=parameters.M, ef_construction=parameters.ef_construction)
    graph.add_items(vectors, num_threads=os.cpu_count())
    graph.save_index(folder)
    return {"seconds": time.perf_counter() - started, "faces": len(vectors)}


WORKS = {work.__name__: work for work in (create, extend, bare_sqlite, bare_hnswlib)}


def alone(work: str, source: Path, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.importing", "--alone", work, str(source), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


# -- what is printed -------------------------------------------------------------------------------


def of_archive(source: Path) -> None:
    arrays = np.load(source)
    count, dimension = arrays["embeddings"].shape
    size = count * dimension * 4
    print(f"\n{source.name}: {count:,} × {dimension}, {size / 1e6:,.0f} MB of vectors")
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        tell("gallery made of it", alone("create", source, home / "all"), size)
        shutil.rmtree(home / "all")
        tell("bare SQLite", alone("bare_sqlite", source, home / "bare.db"), size)
        (home / "bare.db").unlink()
        tell("bare hnswlib", alone("bare_hnswlib", source, home / "bare.bin"), size)
        (home / "bare.bin").unlink()
        for half, part in (("first", slice(0, count // 2)), ("second", slice(count // 2, count))):
            np.savez(home / f"{half}.npz", **{key: arrays[key][part] for key in arrays.files})
        alone("create", home / "first.npz", home / "half")
        added = alone("extend", home / "second.npz", home / "half")
        tell("second half into a gallery of the first", added, size)


def tell(what: str, done: dict[str, Any], size: int) -> None:
    peak = done["peak"]
    print(
        f"{what}: {done['faces']:,} faces, {done['seconds']:.1f} s; peak {peak / 1e6:,.0f} MB, "
        f"{peak / size:.2f} times the vectors"
    )
    for stage, seconds in done.get("stages", {}).items():
        print(f"    {stage:36}{seconds:8.2f} s")
    for at, said, true in done.get("said", ()):
        print(
            f"    after {at:6.1f} s said {said:6.1f} s left, true {true:6.1f} s, {said / true:.2f}"
        )


def peak_memory() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    options = parser(__doc__, data=True)
    options.add_argument("archives", nargs="*", metavar="NPZ")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--alone", choices=WORKS, help=SUPPRESS)
    asked = options.parse_args()
    if asked.alone:
        done = WORKS[asked.alone](*asked.archives)
        print(json.dumps(done | {"peak": peak_memory()}))
    elif asked.archives:
        for archive in asked.archives:
            of_archive(Path(archive))
    else:
        against_loop(asked.data, asked.runs)


if __name__ == "__main__":
    main()
