"""The gallery put to the torture, at length. Each part prints a line at its end.

    make torture [KILLS=200] [STEPS=4000] [SEED=1] [PARTS="machine kills full failing"]

The same seed does the same operations; when a kill comes is up to the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.torture import failing, filling, killing
from tests.torture.machine import FacadeMachine

LONG = settings(
    max_examples=20,
    stateful_step_count=80,
    deadline=None,
    database=None,
    print_blob=False,
    phases=[Phase.generate],  # to shrink takes minutes: raise it by hand
    suppress_health_check=list(HealthCheck),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--steps", type=int, default=4_000, help="of the state machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    asked = parser.parse_args()
    lines, problems = [], 0
    for part in asked.parts:
        line, found = PARTS[part](asked)
        print(line, flush=True)
        lines.append(line)
        problems += found
    print("", *lines, f"{problems} problems, seed {asked.seed}", sep="\n")
    return problems > 0


def machine(asked: argparse.Namespace) -> tuple[str, int]:
    """The state machine in rounds, each of another seed, until so many steps are done."""
    rounds = problems = 0
    while FacadeMachine.steps < asked.steps and not problems:
        chosen = seed(asked.seed * 1_000_003 + rounds)(FacadeMachine)
        rounds += 1
        try:
            run_state_machine_as_test(chosen, settings=LONG)
        except Exception as error:
            problems = 1
            print(error, *getattr(error, "__notes__", ()), sep="\n")
    return (
        f"state machine: {FacadeMachine.examples} examples, {FacadeMachine.steps} operations, "
        f"{FacadeMachine.longest} in the longest, {problems} with problems",
        problems,
    )


def kills(asked: argparse.Namespace) -> tuple[str, int]:
    with _scratch() as work:
        return _told(killing.kill_many(work, asked.kills, asked.seed), killing.summary)


def full(asked: argparse.Namespace) -> tuple[str, int]:
    with _scratch() as work, filling.small_disk(work / "disk") as made:
        if not made:
            return "disk full: left out, a disk for it may not be mounted here", 0
        steps = filling.fill_often(work / "disk", max(1, asked.steps // 4), asked.seed)
        return _told(steps, filling.summary)


def fail(_: argparse.Namespace) -> tuple[str, int]:
    with _scratch() as work:
        if failing.library_built(work) is None:
            return "failing writes: left out, they need Linux and a C compiler", 0
        return _told(failing.run(work, failing.ALL), failing.summary)


PARTS: dict[str, Callable[[argparse.Namespace], tuple[str, int]]] = {
    "machine": machine,
    "kills": kills,
    "full": full,
    "failing": fail,
}


def _told(outcomes: Iterable[Any], summary: Callable[[list[Any]], str]) -> tuple[str, int]:
    """Prints what went wrong as it comes, and now and then how far it is; the summary, and how
    many had problems.
    """
    done = []
    for outcome in outcomes:
        done.append(outcome)
        if len(done) % 50 == 0:
            print(summary(done), file=sys.stderr, flush=True)
        if outcome.problems:
            print(outcome, flush=True)
    return summary(done), sum(bool(one.problems) for one in done)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="torture-") as work:
        yield Path(work)


if __name__ == "__main__":
    sys.exit(main())
