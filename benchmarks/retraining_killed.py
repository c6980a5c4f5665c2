"""Retrainings cancelled or killed at random moments: what is in use stays, and nothing is left.

    .venv/bin/python -m benchmarks.retraining_killed [--times 10] [--seed 0]
        [--epochs 10] [--gallery DIR]

A gallery of ``data/`` with an MLP in use, or another one with models, is trained again and again;
in turn the training is cancelled, its process is killed, or the process that asked for it is
killed (``kill -9``). After each the gallery is opened anew and held against what it was before.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.options import DATA, ROOT, parser
from engine.errors import CancelledError, TrainingError
from engine.gallery import Gallery
from engine.progress import CancelToken, Event, Progress, Reporter
from engine.records.jobs import KINDS, ModelVersion, TrainingRequest
from engine.training import launch

WAYS = ("cancelled", "process killed", "parent killed")
PARENT = """
import json, subprocess, sys
from engine.gallery import Gallery
from engine.records.jobs import TrainingRequest
from engine.progress import Progress, Reporter
from engine.training import launch
start = subprocess.Popen
def noted(*arguments, **options):
    process = start(*arguments, **options)
    print(process.pid, flush=True)
    return process
launch.subprocess.Popen = noted
def listen(event):
    if isinstance(event, Progress):
        print(event.stage, flush=True)
request = TrainingRequest(seed=int(sys.argv[2]), changes={"epochs": int(sys.argv[3])})
with Gallery.open(sys.argv[1]) as gallery:
    gallery.learning.train(request, Reporter(listen))
print("done", flush=True)
"""
PATIENCE = 10.0  # seconds after which a process that still runs is a stray one


@dataclass(frozen=True)
class Outcome:
    """One retraining that was cut short.

    Attributes:
        seconds: from its beginning to the cut.
        stage: what was under way; "done" where the cut came too late.
        ended: seconds from the cut until its process was gone.
        problems: what was wrong afterwards, one sentence each.
    """

    way: str
    seconds: float
    stage: str
    ended: float
    problems: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """What must not change: versions, which are in use, and every file."""

    versions: frozenset[str]
    in_use: frozenset[str]
    files: frozenset[str]

    @classmethod
    def of(cls, folder: Path) -> State:
        with Gallery.open(folder) as gallery:
            models = gallery.learning.models()
            gallery.prepare()
        return cls(_ids(models), _ids([one for one in models if one.active]), _files(folder))


def _ids(models: list[ModelVersion]) -> frozenset[str]:
    return frozenset(one.id for one in models)


def _files(folder: Path) -> frozenset[str]:
    """All but the database's own, whose log comes and goes."""
    return frozenset(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.name.startswith("gallery.")
    )


class Watched:
    """Training processes of this one, and the stage that the last one reached."""

    def __init__(self) -> None:
        self.stage = "starting the process"
        self.process: subprocess.Popen[str] | None = None

    def listen(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.stage = event.stage

    def start(self, *arguments: object, **options: object) -> subprocess.Popen[str]:
        self.process = _START(*arguments, **options)  # type: ignore[call-overload]
        return self.process


_START = subprocess.Popen


def cut_short(folder: Path, way: str, seconds: float, seed: int, epochs: int) -> Outcome:
    """Begins a training and ends it so, so many seconds later."""
    if way == "parent killed":
        return cut_parent(folder, seconds, seed, epochs)
    return cut_here(folder, way, seconds, seed, epochs)


def cut_here(folder: Path, way: str, seconds: float, seed: int, epochs: int) -> Outcome:
    """Trains in this process; the token is set, or the training process killed, in time."""
    watched, token, cut = Watched(), CancelToken(), [0.0]

    def strike() -> None:
        cut[0] = time.monotonic()
        if way == "cancelled":
            token.cancel()
        elif watched.process is not None:
            watched.process.kill()

    launch.subprocess.Popen = watched.start  # type: ignore[assignment, misc]
    timer = threading.Timer(seconds, strike)
    problems: list[str] = []
    request = TrainingRequest(seed=seed, changes={"epochs": epochs})
    try:
        with Gallery.open(folder) as gallery:
            timer.start()
            try:
                gallery.learning.train(request, Reporter(watched.listen, token))
                watched.stage = "done"
            except (CancelledError, TrainingError) as error:
                expected = CancelledError if way == "cancelled" else TrainingError
                if not isinstance(error, expected):
                    problems.append(f"it ended with {error!r}")
    finally:
        timer.cancel()
        launch.subprocess.Popen = _START  # type: ignore[misc]
    ended = time.monotonic() - cut[0] if cut[0] else 0.0
    if watched.process is not None and watched.process.poll() is None:
        problems.append("its process still runs")
    return Outcome(way, seconds, watched.stage, ended, tuple(problems))


def cut_parent(folder: Path, seconds: float, seed: int, epochs: int) -> Outcome:
    """``kill -9`` of a process that trains; its training process must follow it."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), str(seed), str(epochs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    begun, child = time.monotonic(), int(parent.stdout.readline())
    said: list[str] = ["starting the process"]
    reader = threading.Thread(target=lambda: said.extend(parent.stdout or ()))
    reader.start()
    try:
        parent.wait(max(seconds - (time.monotonic() - begun), 0))
    except subprocess.TimeoutExpired:
        parent.kill()
    cut = time.monotonic()
    parent.wait()
    reader.join()
    parent.stdout.close()
    while _runs(child) and time.monotonic() - cut < PATIENCE:
        time.sleep(0.01)
    problems = ("its process still runs",) if _runs(child) else ()
    return Outcome("parent killed", seconds, said[-1].strip(), time.monotonic() - cut, problems)


def _runs(process: int) -> bool:
    """Whether it is there and no corpse that waits for whoever inherited it."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"


def differences(before: State, after: State) -> Iterator[str]:
    for what in ("versions", "in_use", "files"):
        there, here = getattr(before, what), getattr(after, what)
        if there != here:
            yield f"{what}: gone {sorted(there - here)}, new {sorted(here - there)}"


def aftermath(folder: Path, before: State) -> Iterator[str]:
    """Everything that is not as it was, once the gallery was opened again."""
    yield from differences(before, State.of(folder))
    with Gallery.open(folder) as gallery:
        yield from gallery.check().problems


def made(folder: Path, epochs: int) -> Path:
    """A gallery of ``data/`` with models."""
    with Gallery.create_from(folder, [DATA])[0] as gallery:
        gallery.prepare()
        gallery.learning.train(TrainingRequest(kinds=KINDS, changes={"epochs": epochs}))
    return folder


def training_seconds(folder: Path) -> float:
    """How long the training of the models there took."""
    with Gallery.open(folder, write=False) as gallery:
        return sum(model.seconds for model in gallery.learning.models())


def main() -> int:
    options = parser(__doc__)
    options.add_argument("--times", type=int, default=10)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--epochs", type=int, default=10)
    options.add_argument("--gallery", type=Path)
    asked = options.parse_args()
    times, seed, epochs = asked.times, asked.seed, asked.epochs
    moments, outcomes = random.Random(seed), []
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "sample.gallery"
        shutil.copytree(asked.gallery, folder) if asked.gallery else made(folder, epochs)
        whole = training_seconds(folder)
        before = State.of(folder)
        print(f"a whole training takes {whole:.0f} s; in use: {', '.join(sorted(before.in_use))}")
        for number in range(times):
            way = WAYS[number % len(WAYS)]
            # one slice of the whole for each, in a random order: every stage gets its share
            seconds = whole * (_slices(times, seed)[number] + moments.random()) / times
            while (cut := cut_short(folder, way, seconds, number, epochs)).stage == "done":
                print(f"     {way:14} after {seconds:5.1f} s  too late, and once more", flush=True)
                seconds, before = 0.7 * seconds, State.of(folder)
            found = [*cut.problems, *aftermath(folder, before)]
            outcomes.append((cut, found))
            print(
                f"{number + 1:3}  {way:14} after {seconds:5.1f} s  {cut.stage:60} "
                f"process gone {cut.ended:4.2f} s later  {' '.join(found) or 'nothing changed'}",
                flush=True,
            )
    print(
        f"{len(outcomes)} retrainings cut short; the slowest process was gone "
        f"{max(cut.ended for cut, _ in outcomes):.2f} s later; "
        f"{sum(bool(found) for _, found in outcomes)} with problems"
    )
    return any(found for _, found in outcomes)


def _slices(times: int, seed: int) -> list[int]:
    return random.Random(seed + 1).sample(range(times), times)


if __name__ == "__main__":
    sys.exit(main())
