"""How long a correction takes, on disk and with recognition brought along.

Each kind is done some times on the gallery of the table, undone and redone; what is timed is the
call, at whose end the change is on disk and the next question is answered by it. The question
itself is timed apart: after larger corrections it fits the calibration anew. All of it is done with
the limit on strangers set by the enrolled people alone, and by the cohort that comes with the
program.

    .venv/bin/python -m benchmarks.corrections [TABLE.npz] [--times 9]

Without a table the faces are those of ``data/``.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.common import DATA, parser
from engine.cohorts.cohort_library import THIS_COMPUTERS
from engine.gallery import Gallery
from engine.records.types import Vectors


def ids(gallery: Gallery, name: str) -> list[int]:
    return [face.id for face in gallery.faces.of(name)]


def kinds(gallery: Gallery) -> dict[str, Callable[[int], object]]:
    """One correction of each kind; the number makes them differ."""
    names = [one.name for one in gallery.people.all("faces")]
    fix, large, vector = gallery.corrections, names[0], gallery.faces.vector(1)
    return {
        "enroll one face": lambda n: gallery.enroll(names[n + 1], vector + _nearby(n, 1)),
        "enroll 1,000 faces": lambda n: gallery.enroll(f"New {n}", vector + _nearby(n, 1_000)),
        "rename": lambda n: fix.rename(names[n + 1], f"Somebody {n}"),
        "note": lambda n: fix.set_note(large, f"note {n}"),
        "portrait": lambda n: fix.choose_portrait(large, ids(gallery, large)[n + 1]),
        "move one face": lambda n: fix.move(ids(gallery, large)[:1], names[n + 1]),
        "move 50 faces": lambda n: fix.move(ids(gallery, large)[:50], f"New {n}"),
        "remove one face": lambda n: fix.remove(ids(gallery, large)[:1]),
        "confirm 50 faces": lambda n: fix.confirm(ids(gallery, names[n + 1])[:50]),
        "ignore one face": lambda n: fix.ignore(ids(gallery, names[n + 1])[:1]),
        "reject": lambda n: fix.reject(vector + n, 1),
        "merge into the largest": lambda n: fix.merge([names[-1 - n]], large),
        "merge the two largest": lambda n: fix.merge([names[1]], large),
        "delete one of ordinary size": lambda n: fix.delete([names[len(names) // 2 + n]]),
        "delete the largest": lambda n: fix.delete([large]),
    }


def _nearby(seed: int, count: int) -> Vectors:
    random = np.random.default_rng(seed)
    return random.normal(0, 0.03, (count, 128)).astype(np.float32)


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    options = parser(__doc__)
    options.add_argument("table", type=Path, nargs="?", default=DATA)
    options.add_argument("--times", type=int, default=9)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        made, _ = Gallery.create_from(Path(place) / "0.gallery", [asked.table])
        made.close()
        for number, cohorts in enumerate((None, THIS_COMPUTERS), 1):
            folder = Path(place) / f"{number}.gallery"
            shutil.copytree(made.folder, folder)
            with Gallery.open(folder, cohorts=cohorts) as gallery:
                measure(gallery, asked.times)


def measure(gallery: Gallery, times: int) -> None:
    query = gallery.faces.vector(1) + np.float32(0.001)
    gallery.identify(query)
    took: dict[str, list[list[float]]] = defaultdict(lambda: [[], [], [], []])
    for kind, correct in kinds(gallery).items():
        for number in range(times):
            done, undone, redone, asked = took[kind]
            done.append(timed(lambda n=number, correct=correct: correct(n)))
            asked.append(timed(lambda: gallery.identify(query)))
            undone.append(timed(gallery.history.undo))
            redone.append(timed(gallery.history.redo))
            gallery.history.undo()
    identities, faces = gallery.people.counts()
    cohort = gallery.error_rates.measure([0.01]).cohort
    limit = "the enrolled people" if cohort is None else f"a cohort of {cohort.people:,} people"
    print(f"{faces:,} faces of {identities:,} people, limit by {limit}, medians of {times} in ms")
    print(f"{'':28}{'done':>8}{'undone':>8}{'redone':>8}{'question':>10}{'at most':>9}")
    for kind, (done, undone, redone, asked) in took.items():
        figures = [*map(statistics.median, (done, undone, redone, asked)), max(asked)]
        print(f"{kind:28}" + "".join(map("{:{}.1f}".format, figures, (8, 8, 8, 10, 9))))


if __name__ == "__main__":
    main()
