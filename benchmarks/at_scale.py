"""Time and peak memory of everything that runs over all faces, each in a process of its own.

    .venv/bin/python -m benchmarks.at_scale FILE.npz [SIZE ...] [--only NAME ...]

FILE.npz holds ``embeddings`` and ``names``. A gallery of each SIZE (the first faces of the file;
20,000 unless said) is made anew, and each of the runs below is made on it. Seconds are those that
passed, and those of the processor, which say more where the machine has other work. The peak is
that of the process, or of one that it starts where that is larger; ``open`` is a gallery opened and
asked one query, as a measure for the others.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from argparse import SUPPRESS
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.common import parser
from engine.gallery import Gallery
from engine.records.jobs import TrainingRequest

QUERIES = 5_000
NOISE = 0.4
"""Between pictures of one person, as a share of the spread of all faces."""


def open_only(gallery: Gallery) -> str:
    gallery.identify(np.ones((1, gallery.dimension), np.float32))
    return ""


def calibrate(gallery: Gallery) -> str:
    (gallery.folder / "index" / "calibration.json").unlink(missing_ok=True)
    gallery.prepare()
    size = (gallery.folder / "index" / "calibration.json").stat().st_size
    return f"{size / 1024:.0f} KB kept"


def review(gallery: Gallery) -> str:
    found = gallery.review()
    return f"{len(found.findings):,} findings"


def evaluated(protocol: str, *methods: str) -> Callable[[Gallery], str]:
    def run(gallery: Gallery) -> str:
        done = gallery.models.evaluate(protocol=protocol, methods=methods, repeats=1)
        return "; ".join(f"{one.protocol} {one.searches:,} of {one.of:,}" for one in done.sampled)

    return run


def trained(kind: str) -> Callable[[Gallery], str]:
    def run(gallery: Gallery) -> str:
        outcome = gallery.models.train(TrainingRequest(kinds=(kind,)))  # type: ignore[arg-type]
        return outcome.sentence

    return run


def clusters(gallery: Gallery) -> str:
    """Of queries that look like nobody: five pictures each of mixtures of two people."""
    random = np.random.default_rng(1)
    faces = np.stack([gallery.faces.vector(face) for face in range(1, 2 * QUERIES // 5 + 1)])
    middles = (faces[::2] + faces[1::2])[random.permutation(QUERIES // 5)] / 2
    made = middles.repeat(5, axis=0)
    made += NOISE * faces.std(axis=0) * random.standard_normal(made.shape)
    gallery.unknowns.add(made.astype(np.float32))
    started = time.perf_counter()
    found = gallery.unknowns.clusters()
    return f"{len(found):,} clusters of {QUERIES:,} in {time.perf_counter() - started:.1f} s"


def preview(gallery: Gallery) -> str:
    """Of an import of as many new pictures, one of each face there is."""
    random = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "faces.npz"
        gallery.exports.write("npz", path)
        with np.load(path, allow_pickle=False) as table:
            faces, names = table["embeddings"], table["names"]
        faces += NOISE * faces.std(axis=0) * random.standard_normal(faces.shape)
        np.savez(path, embeddings=faces.astype(np.float32), names=names)
        del faces, names
        plan = gallery.enrolment.plan_import([path])
    return ", ".join(f"{count:,} {outcome}" for outcome, count in plan.outcomes().items())


def portraits(gallery: Gallery) -> str:
    gallery.faces.traits([1, 2, 3])
    return ""


RUNS: dict[str, Callable[[Gallery], str]] = {
    "open": open_only,
    "calibrate": calibrate,
    "review": review,
    "closed": evaluated("closed", "knn"),
    "open set": evaluated("open", "knn"),
    "all closed": evaluated("closed", "knn", "mlp", "triplet", "auto"),
    "all open": evaluated("open", "knn", "mlp", "triplet", "auto"),
    "triplet": trained("triplet"),
    "mlp": trained("mlp"),
    "preview": preview,
    "clusters": clusters,
    "portraits": portraits,
}


def once(name: str, folder: Path) -> None:
    """One run, in this process; its line of the table without its first column."""
    with Gallery.open(folder) as gallery:
        started = time.perf_counter()
        said = RUNS[name](gallery)
        seconds = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    worked = sum(one.ru_utime + one.ru_stime for one in used)
    peak = max(one.ru_maxrss for one in used) / 1024
    print(f"{seconds:8.1f} s  {worked:8.1f} s of processor  {peak:7.0f} MB  {said}")


def made(source: Path, size: int, folder: Path) -> Path:
    """A gallery of the first faces of a file, with its index and calibration."""
    part, target = folder / f"{size}.npz", folder / f"{size}.gallery"
    with np.load(source, allow_pickle=False) as table:
        np.savez(part, **{name: table[name][:size] for name in ("embeddings", "names")})
    with Gallery.create(target) as gallery:
        gallery.import_([part])
        gallery.prepare()
    part.unlink()
    return target


def main() -> None:
    options = parser(__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("sizes", type=int, nargs="*", default=[20_000])
    options.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS))
    options.add_argument("--gallery", type=Path, help="a gallery there is, instead of new ones")
    options.add_argument("--run", choices=RUNS, help=SUPPRESS)
    asked = options.parse_args()
    if asked.run:
        once(asked.run, asked.file)
        return
    with tempfile.TemporaryDirectory() as home:
        for size in asked.sizes:
            folder = asked.gallery or made(asked.file, size, Path(home))
            with Gallery.open(folder, write=False) as gallery:
                people, faces = gallery.people.counts()
            print(f"{faces:,} faces of {people:,} people")
            for name in asked.only:
                command = [sys.executable, "-m", "benchmarks.at_scale", str(folder), "--run", name]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
                print(f"  {name:10} {done.stdout.strip() or 'failed'}", flush=True)


if __name__ == "__main__":
    main()
