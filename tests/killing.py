"""``kill -9`` of a real process during imports and enrolments; after each, the gallery is opened
and held against what had been reported done.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.gallery import Gallery
from engine.records.types import FaceBatch

ROOT = Path(__file__).resolve().parent.parent

IMPORT = """
import sys
from gallery_app.cli import run
print("ready", flush=True)
sys.exit(run(["import", sys.argv[2], "-g", sys.argv[1], "--json"]))
"""
ENROLMENTS = """
import sys
import numpy as np
from engine.gallery import Gallery
folder, faces, first, sitting = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with np.load(faces, allow_pickle=False) as table:
    embeddings, names = table["embeddings"], table["names"].tolist()
print("ready", flush=True)
for start in range(first, len(names), sitting):
    with Gallery.open(folder) as gallery:
        for number in range(start, min(start + sitting, len(names))):
            gallery.enroll(names[number], embeddings[number])
            print(number, flush=True)
"""
SITTING = 12  # enrolments between opening and closing: closing saves the index, to be hit as well
ITSELF = 1e-4  # cosine distance of a face to itself, in float32, and then some
ASKED = 1000  # faces looked for after a kill; of more than that, as many spread evenly


@dataclass(frozen=True)
class Faces:
    """The faces that are enrolled, in a random order that the seed decides.

    Attributes:
        embeddings: float32 ``(n, d)``.
        names: ``n`` names.
        table: the same as an ``.npz``.
    """

    embeddings: np.ndarray
    names: list[str]
    table: Path

    @classmethod
    def of(cls, batch: FaceBatch, table: Path, seed: int) -> Faces:
        order = np.random.default_rng(seed).permutation(len(batch))
        names = [str(batch.names[row]) for row in order]
        np.savez(table, embeddings=batch.vectors[order], names=np.array(names))
        return cls(batch.vectors[order], names, table)


@dataclass(frozen=True)
class Outcome:
    """One kill.

    Attributes:
        alive: whether the process was still at work when it was killed.
        reported: enrolments that had been reported done.
        faces: faces in the gallery afterwards.
        problems: what was wrong afterwards, one sentence each.
    """

    alive: bool
    reported: int
    faces: int
    problems: tuple[str, ...]


def started(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs the script and has said that its imports are done."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed_after(
    process: subprocess.Popen[str], seconds: float, lines: int = 0
) -> tuple[bool, list[str]]:
    """Kills it so many seconds after it printed so many lines; whether it was still at work, and
    every line that it had printed.
    """
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    try:
        process.wait(seconds)
        alive = False
    except subprocess.TimeoutExpired:
        process.kill()
        alive = True
    said += process.stdout.readlines()
    process.stdout.close()
    if process.wait() and not alive:
        raise RuntimeError(f"the process failed by itself: {said}")
    return alive, [line.strip() for line in said if line]


def kill_import(folder: Path, faces: Faces, enrolled: int, seconds: float) -> Outcome:
    """Kills an import of all faces into a gallery that holds the first ``enrolled`` of them."""
    process = started(IMPORT, folder, faces.table)
    alive, said = killed_after(process, seconds)
    expected = {len(faces.names)} if said else {enrolled, len(faces.names)}
    found, problems = aftermath(folder, faces, expected)
    return Outcome(alive, len(said), found, problems)


def kill_enrolments(
    folder: Path, faces: Faces, enrolled: int, seconds: float, reports: int = 0
) -> Outcome:
    """Kills a stream of enrolments that begins at face number ``enrolled``, so many seconds after
    its ``reports``-th report.
    """
    process = started(ENROLMENTS, folder, faces.table, enrolled, SITTING)
    alive, said = killed_after(process, seconds, reports)
    done = int(said[-1]) + 1 if said else enrolled
    found, problems = aftermath(folder, faces, {done, min(done + 1, len(faces.names))})
    return Outcome(alive, len(said), found, problems)


def aftermath(folder: Path, faces: Faces, expected: set[int]) -> tuple[int, tuple[str, ...]]:
    """How many faces are there, and all that is wrong: the faces must be the first so many.

    The check comes before anything that could mend the index in passing.
    """
    with Gallery.open(folder) as gallery:
        problems = list(gallery.check().problems)
        found = gallery.people.counts()[1]
        if found not in expected:
            problems.append(f"{found} faces are there, {sorted(expected)} were expected")
        problems += [f"{name} is not found by a face" for name in not_found(gallery, faces, found)]
        problems += gallery.check().problems
    return found, tuple(problems)


def not_found(gallery: Gallery, faces: Faces, count: int) -> Iterator[str]:
    """Names whose face, among the first so many, is not its own nearest."""
    rows = range(0, count, max(1, count // ASKED))
    answers = gallery.identify(faces.embeddings[rows]) if rows else []
    for row, answer in zip(rows, answers, strict=True):
        name = faces.names[row]
        if not any(face.name == name and face.distance < ITSELF for face in answer.evidence):
            yield name


def gallery_with(folder: Path, faces: Faces, count: int) -> Path:
    """A new gallery that holds the first so many faces."""
    with Gallery.create(folder, dimension=faces.embeddings.shape[1]) as gallery:
        for name in dict.fromkeys(faces.names[:count]):
            rows = [row for row in range(count) if faces.names[row] == name]
            gallery.enroll(name, faces.embeddings[rows])
        if count:
            gallery.prepare()
    return folder


def import_seconds(folder: Path, faces: Faces) -> float:
    """How long an import takes that nobody disturbs, from its first line on."""
    process = started(IMPORT, folder, faces.table)
    begun = time.monotonic()
    process.communicate()
    return time.monotonic() - begun
