"""``kill -9`` of a process at random moments of a random sequence of everything that can be done.

What it reported done must be there, what was under way wholly or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from engine.errors import FaceGalleryError
from engine.gallery import Gallery
from tests.killing import killed_after, started
from tests.torture.agreement import disagreements, unsound
from tests.torture.faces import POOL
from tests.torture.model import Model, Operation
from tests.torture.proposing import VERBS, Dice, propose
from tests.torture.worker import begin

OPERATIONS = """
import json, sys
from pathlib import Path
from tests.torture.worker import Worker
operations = json.loads(Path(sys.argv[2]).read_text())
with Worker(Path(sys.argv[1]), Path(sys.argv[1]).parent) as worker:
    print("ready", flush=True)
    for number, operation in enumerate(operations):
        worker.do(operation)
        print(number, flush=True)
"""
SECONDS = 0.06  # within which a kill follows a report; most operations take 5 to 40 ms
AT_ONCE = 60  # operations that a process is given


@dataclass(frozen=True)
class Kill:
    """Attributes:
    alive: whether the process was still at work.
    reported: operations that had been reported done.
    during: the verb of the operation under way, "closing" after the last one.
    whole: whether that one was there afterwards; None where it cannot be told.
    problems: what was wrong afterwards, one sentence each.
    """

    alive: bool
    reported: int
    during: str
    whole: bool | None
    problems: tuple[str, ...]


def kill_many(work: Path, kills: int, seed: int) -> Iterator[Kill]:
    """Each process goes on with the gallery that the last kill left."""
    folder = work / "some.gallery"
    random, model = Random(seed), begin(folder, "triplet")
    for _ in range(kills):
        operations, models = sequence(model, random)
        kill, model = kill_one(folder, operations, models, random)
        yield kill
        if kill.problems:
            return  # what follows would only repeat them


def sequence(model: Model, random: Random) -> tuple[list[Operation], list[Model]]:
    """Operations, and the models before the first, between them, and after the last."""
    dice, operations, models = Dice(random), [], [model]
    while len(operations) < AT_ONCE:
        operation = propose(dice.one(VERBS), models[-1], dice)
        if operation is not None:
            operations.append(operation)
            models.append(models[-1].copy())
            models[-1].do(operation)
    return operations, models


def kill_one(
    folder: Path, operations: Sequence[Operation], models: Sequence[Model], random: Random
) -> tuple[Kill, Model]:
    """The kill, and the model of what is there after it."""
    plan = folder.parent / "operations.json"
    plan.write_text(json.dumps(operations))
    lines = random.randrange(len(operations))
    process = started(OPERATIONS, folder, plan)
    alive, said = killed_after(process, random.uniform(0, SECONDS), lines)
    done = int(said[-1]) + 1 if said else 0
    during = operations[done][0] if done < len(operations) else "closing"
    possible = models[done : done + 2]
    try:
        with Gallery.open(folder) as gallery:
            wrong = [list(disagreements(gallery, model)) for model in possible]
            problems = [] if [] in wrong else wrong[0]
            if during == "hurt":  # the index may be damaged by then, and not be mended yet
                gallery.identify(POOL[:1])
            problems += unsound(gallery)
    except FaceGalleryError as error:
        return Kill(alive, len(said), during, None, (str(error),)), possible[0]
    right = [place for place, problem in enumerate(wrong) if not problem]
    whole = bool(right[0]) if len(right) == 1 and len(possible) == 2 else None
    return Kill(alive, len(said), during, whole, tuple(problems)), possible[
        right[-1] if right else 0
    ]


def summary(kills: Sequence[Kill]) -> str:
    """One line."""
    return (
        f"kill -9: {len(kills)} kills, {sum(one.alive for one in kills)} of them at work, in "
        f"{len({one.during for one in kills})} kinds of operations; "
        f"{sum(one.reported for one in kills)} operations reported done, the one under way was "
        f"there {sum(one.whole is True for one in kills)} times and not "
        f"{sum(one.whole is False for one in kills)} times; "
        f"{sum(bool(one.problems) for one in kills)} with problems"
    )
