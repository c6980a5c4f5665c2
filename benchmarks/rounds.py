"""Asking everybody in turns: each round all of them, each time another one first."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.apart import Apart
from benchmarks.asking import ENGINE
from benchmarks.peers import GRAPHS

BREADTHS = (8, 12, 20, 35, 50, 70, 100, 150, 200, 300)
SWEEPS = 3
SLOWEST = 10.0  # seconds for one batch, about; a slower exact search gets fewer queries in it


@dataclass(frozen=True)
class Effort:
    """How often each thing is done at a size.

    Attributes:
        builds, opens, rounds: repetitions, of which the median is shown.
        queries, seconds: single queries in a round, at most, and their time, about.
    """

    builds: int
    opens: int
    rounds: int
    queries: int = 200
    seconds: float = 3.0

    @classmethod
    def at(cls, size: int) -> Effort:
        if size < 2000:  # to see that all of it works
            return cls(1, 1, 2, 20, 0.2)
        if size <= 50_000:
            return cls(5, 5, 9)
        return cls(3, 5, 7) if size <= 200_000 else cls(1, 3, 5)


class Rounds:
    """The subjects of one size, each in a process of its own, asked and timed.

    Args:
        rows: how many queries there are.
    """

    def __init__(self, subjects: dict[str, Apart], effort: Effort, rows: int) -> None:
        self._subjects = subjects
        self._effort = effort
        self._rows = rows

    def run(self) -> dict[str, Any]:
        """Milliseconds of single queries, throughput of batches, recall and memory of each."""
        names = list(self._subjects)
        found: dict[str, Any] = {name: {"single": [], "batch": []} for name in names}
        every: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(self._effort.rounds):
            started = time.perf_counter()
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                every[name] += self._ask(name, found[name])
            spent = time.perf_counter() - started
            say(f"round {turn + 1} of {self._effort.rounds}", spent)
        for name, one in found.items():
            one["99th percentile"] = float(np.percentile(every[name], 99))
            one["queries"] = len(every[name])
            one["memory"] = self._subjects[name].call("memory")
            one["recall"] = self._subjects[name].call("recall", one["rows"])
        return found

    def _ask(self, name: str, found: dict[str, Any]) -> list[float]:
        """One turn of one subject; milliseconds of each of its single queries."""
        subject, effort = self._subjects[name], self._effort
        taken: list[float] = subject.call("single", effort.queries, effort.seconds)
        middle = float(np.median(taken))
        found["single"].append(middle)
        whole = name in (ENGINE, *GRAPHS)
        rows = found.setdefault("rows", self._rows if whole else batch_of(self._rows, middle))
        found["batch"].append(subject.call("batch", rows))
        return taken

    def breadths(self) -> dict[str, Any]:
        """Time and recall of the graphs by how broad they are searched."""
        effort = self._effort
        graphs = {name: self._subjects[name] for name in GRAPHS if name in self._subjects}
        found: dict[str, Any] = {name: [] for name in graphs}
        for ef in BREADTHS:
            taken: dict[str, list[float]] = {name: [] for name in graphs}
            for _ in range(SWEEPS):
                for name, one in graphs.items():
                    one.call("breadth", ef)
                    some = one.call("single", effort.queries, effort.seconds / SWEEPS)
                    taken[name].append(float(np.median(some)))
            for name, one in graphs.items():
                point = {"ef": ef, "single": float(np.median(taken[name]))}
                found[name].append(point | {"recall": one.call("recall", self._rows)["all"]})
        return found


def batch_of(rows: int, milliseconds: float) -> int:
    """How many queries a batch has: all, or as many as take some ten seconds one at a time."""
    return max(min(rows, 50), min(rows, int(1000 * SLOWEST / milliseconds)))


def say(step: str, seconds: float) -> None:
    """One line of what was done and how long it took."""
    print(f"    {step:44} {seconds:8.1f} s", flush=True)
