"""How long a correction takes, on disk and with recognition brought along.

Each kind is done some times on the gallery of the table, undone and redone; what is timed is the
call, at whose end the change is on disk and the next question is answered by it. The question
itself is timed apart: after larger corrections it fits the calibration anew.

    .venv/bin/python -m benchmarks.corrections [TABLE.npz] [--times 9]

Without a table the faces are those of ``data/``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.common import DATA, parser
from engine.gallery import Gallery


def ids(gallery: Gallery, name: str) -> list[int]:
    return [face.id for face in gallery.faces.of(name)]


def kinds(gallery: Gallery) -> dict[str, Callable[[int], object]]:
    """One correction of each kind; the number makes them differ."""
    names = [one.name for one in gallery.people.all("faces")]
    fix, large, vector = gallery.corrections, names[0], gallery.faces.vector(1)
    return {
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


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    options = parser(__doc__)
    options.add_argument("table", type=Path, nargs="?", default=DATA)
    options.add_argument("--times", type=int, default=9)
    asked = options.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        Gallery.create_from(Path(place) / "some.gallery", [asked.table])[0] as gallery,
    ):
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
    print(f"{faces:,} faces of {identities:,} people, medians of {times} in ms")
    print(f"{'':28}{'done':>8}{'undone':>8}{'redone':>8}{'question, at most':>19}")
    for kind, (done, undone, redone, asked) in took.items():
        figures = [*map(statistics.median, (done, undone, redone)), max(asked)]
        print(f"{kind:28}{figures[0]:8.1f}{figures[1]:8.1f}{figures[2]:8.1f}{figures[3]:19.1f}")


if __name__ == "__main__":
    main()
