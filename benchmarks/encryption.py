"""What encryption costs: a plain and an encrypted gallery of the same faces, side by side.

    .venv/bin/python -m benchmarks.encryption [FACES]

FACES is how many faces are made up; without it those of ``data/`` are taken.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, parser
from engine.gallery import Gallery
from engine.store import encryption

PASSPHRASE = "four words nobody guesses"
PER_PERSON = 50
RUNS = 5


def made_up(faces: int, place: Path) -> Path:
    rng = np.random.default_rng(0)
    people = np.arange(faces) // PER_PERSON
    means = rng.normal(size=(people[-1] + 1, 128))
    rows = (means[people] + 0.7 * rng.normal(size=(faces, 128))).astype(np.float32)
    names = np.array([f"Person {one:05}" for one in people])
    np.savez(place / "faces.npz", embeddings=rows, names=names)
    return place / "faces.npz"


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def measured(folder: Path, source: Path, passphrase: str | None) -> dict[str, float]:
    """Seconds of each step, the smaller ones the median of some runs."""
    found: dict[str, float] = {}
    found["make it"], gallery = seconds(lambda: Gallery.create(folder, passphrase=passphrase))
    found["import"], _ = seconds(lambda: gallery.import_([source]))
    found["first answer, calibration included"], _ = seconds(
        lambda: gallery.identify(np.ones(gallery.dimension, dtype=np.float32))
    )
    gallery.close()
    again: dict[str, list[float]] = {}

    def note(what: str, work: Callable[[], Any]) -> Any:
        taken, result = seconds(work)
        again.setdefault(what, []).append(taken)
        return result

    for run in range(RUNS):
        gallery = note("open it", lambda: Gallery.open(folder, passphrase=passphrase))
        query = gallery.faces.vector(1 + run)
        note("answer after opening", lambda: gallery.identify(query))  # noqa: B023
        for _ in range(RUNS):
            note("answer", lambda: gallery.identify(query))  # noqa: B023
        note("read all vectors", lambda: gallery._store.faces.vectors())  # noqa: B023
        note("enrol one face", lambda: gallery.enroll("Somebody", query * (1 + 1e-3 * run) + 1e-4))  # noqa: B023
        note("close it", lambda: gallery.close())  # noqa: B023
    return found | {what: float(np.median(taken)) for what, taken in again.items()}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("faces", type=int, nargs="?")
    faces = options.parse_args().faces
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        source = DATA if faces is None else made_up(faces, place)
        plain = measured(place / "plain.gallery", source, None)
        sealed = measured(place / "encrypted.gallery", source, PASSPHRASE)
        for what, taken in plain.items():
            times = sealed[what] / taken
            print(f"{what:36} {taken:9.4f} s  {sealed[what]:9.4f} s  {times:6.2f} times")
        shutil.rmtree(place / "encrypted.gallery")
        taken, _ = seconds(lambda: encryption.encrypt(place / "plain.gallery", PASSPHRASE))
        print(f"{'encrypt it in place':36} {taken:22.2f} s")
        taken, _ = seconds(lambda: encryption.decrypt(place / "plain.gallery", PASSPHRASE))
        print(f"{'decrypt it in place':36} {taken:22.2f} s")


if __name__ == "__main__":
    main()
