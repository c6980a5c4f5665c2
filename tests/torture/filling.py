"""A disk that is full now and then: a small one of its own, and ballast that leaves little free."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from tests.torture.agreement import disagreements, unsound
from tests.torture.faces import DIMENSION
from tests.torture.model import Model
from tests.torture.proposing import VERBS, Dice, propose
from tests.torture.worker import Worker, attempt

KILOBYTES = 24_000
MOST_FREE = 600_000  # bytes that the ballast leaves at most: an import with its backup needs more
MOST_SAVED = 6


@dataclass(frozen=True)
class Step:
    """Attributes:
    verb: what was done.
    refused: whether it could not be done.
    problems: what was wrong afterwards.
    """

    verb: str
    refused: bool
    problems: tuple[str, ...]


@contextmanager
def small_disk(place: Path) -> Iterator[bool]:
    """Mounts one at a folder; False where that is not permitted."""
    place.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={KILOBYTES}k", "tmpfs"]
    mount = shutil.which("mount")
    made = (
        mount is not None
        and sys.platform == "linux"
        and subprocess.run([mount, *options, place], capture_output=True).returncode == 0
    )
    try:
        yield made
    finally:
        if made:
            subprocess.run(["umount", place], check=True)


def fill_often(disk: Path, steps: int, seed: int) -> Iterator[Step]:
    """Random operations; during most of them hardly anything is free."""
    random = Random(seed)
    folder, dice, model = disk / "some.gallery", Dice(random), Model()

    @contextmanager
    def ballast() -> Iterator[None]:
        path = disk / "ballast"
        if random.random() < 0.7:
            _fill(path, leaving=int(MOST_FREE * random.random() ** 4))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    Gallery.create(folder, dimension=DIMENSION).close()
    with Worker(folder, disk, ballast) as worker:
        while steps:
            operation = propose(dice.one(VERBS), model, dice)
            if operation is None or (operation[0] == "backup" and len(model.saved) == MOST_SAVED):
                continue
            steps -= 1
            model, error = attempt(worker, operation, model)
            problems = [*disagreements(worker.gallery, model), *unsound(worker.gallery)]
            if error is not None and not isinstance(error, FaceGalleryError):
                problems.append(f"undeclared {error!r}")
            yield Step(operation[0], error is not None, tuple(problems))
            if problems:
                return  # what follows would only repeat them


def _fill(path: Path, leaving: int) -> None:
    free = os.statvfs(path.parent)
    with path.open("wb") as stream:
        try:
            os.posix_fallocate(stream.fileno(), 0, max(1, free.f_bavail * free.f_frsize - leaving))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def summary(steps: Sequence[Step]) -> str:
    """One line."""
    refused = [step.verb for step in steps if step.refused]
    return (
        f"disk full: {len(steps)} operations, {len(refused)} of them refused in "
        f"{len(set(refused))} kinds, {sum(bool(step.problems) for step in steps)} with problems"
    )
