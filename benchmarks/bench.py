"""This engine beside other libraries, at any sizes: `make bench`, `make bench SIZES="4324 100000"`.

    .venv/bin/python -m benchmarks.bench SIZE... [--fresh] [--builds N] [--work DIR] [--results DIR]

Size 4324 is the sample of real faces, any other is made (benchmarks/generator.py). Writes
``benchmarks/results/SIZE.json``, of which ``python -m benchmarks.report`` makes RESULTS.md.
A run that was ended goes on where it was, index by index; --fresh begins anew.

Everything runs in turns, a repetition of each after the other, in processes of their own of which
one works at a time. Single queries: each library on one thread, the engine as it does it. Builds
and batches: all cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import building
from benchmarks.common import described, is_installed
from benchmarks.datasets import lay_out
from benchmarks.isolation import IsolatedObject, run_isolated
from benchmarks.peers import AS_THEY_ARE, GRAPHS, LARGEST, MODULES, PEERS, Parameters
from benchmarks.subjects import ENGINE, EngineSubject, PeerSubject

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results")
SQLITE = "sqlite3"
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


class Bench:
    """The measurement of one size; what is done so far is kept in ``state.json`` of its folder."""

    def __init__(
        self, size: int, work: Path, *, fresh: bool = False, builds: int | None = None
    ) -> None:
        """
        Args:
            work: where faces, galleries and indexes lie meanwhile.
            fresh: begins anew where an ended run has left something.
            builds: how often everything is built, if not as often as the size allows.
        """
        self.size = size
        self.effort = Effort.at(size)
        if builds is not None:
            self.effort = replace(self.effort, builds=builds)
        self.folder = work / str(size)
        if fresh:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.about = lay_out(size, self.folder)
        self.machine = described()
        self.state = self._resumed()
        self.missing = {
            name: "not installed" for name, module in MODULES.items() if not is_installed(module)
        } | {name: "left out: too slow" for name, most in LARGEST.items() if size > most}
        self.names = [name for name in PEERS if name not in self.missing]

    def _resumed(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        fresh = {"machine": self.machine, "engine": engine_code(), "steps": {}}
        same = all(kept.get(key) == fresh[key] for key in ("machine", "engine"))
        return dict(kept) if same else fresh

    def _once(self, step: str, work: Any, *arguments: Any) -> Any:
        """What a step gave, done now unless it was done before the run was ended."""
        steps = self.state["steps"]
        if step not in steps:
            started = time.perf_counter()
            steps[step] = run_isolated(work, *arguments)
            path = self.folder / "state.json"
            path.write_text(json.dumps(self.state), encoding="utf-8")
            say(step, time.perf_counter() - started)
        return steps[step]

    def run(self) -> dict[str, Any]:
        """Everything that is known of this size."""
        builds = self._builds()
        parameters = builds[ENGINE][-1]["parameters"]
        opens = self._opens(parameters)
        changes = self._once(
            "changes", building.change, *self._paths("hnswlib"), self._database, parameters
        )
        return {
            "size": self.size,
            "about": self.about,
            "machine": self.machine,
            "missing": self.missing,
            "builds": builds,
            "opens": opens,
            "changes": changes,
            **self._asked(),
        }

    # -- what is on disk ---------------------------------------------------------------------

    @property
    def _gallery(self) -> Path:
        return self.folder / "faces.gallery"

    @property
    def _database(self) -> Path:
        return self.folder / "bare.db"

    def _saved(self, name: str) -> Path:
        return self.folder / f"{name.replace(', ', '-').replace(' ', '-')}.index"

    def _paths(self, name: str) -> tuple[Path, Path, Path]:
        return self.folder, self._gallery, self._saved(name)

    def clean(self) -> None:
        """Deletes all but the faces."""
        shutil.rmtree(self._gallery, ignore_errors=True)
        for pattern in ("*.index", "bare.db*", "state.json"):
            for file in self.folder.glob(pattern):
                file.unlink()

    # -- building and opening ----------------------------------------------------------------

    def _builds(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for turn in range(1, self.effort.builds + 1):
            folder, gallery, _ = self._paths(ENGINE)
            made = self._once(f"import {turn}", building.import_faces, folder, gallery)
            found.setdefault(ENGINE, []).append(made)
            filled = self._once(f"{SQLITE} {turn}", building.fill_database, folder, self._database)
            found.setdefault(SQLITE, []).append(filled)
            for name in self.names:
                if name in AS_THEY_ARE:
                    continue
                given = (name, folder, self._saved(name), made["parameters"])
                one = self._once(f"{name} {turn}", building.build_peer, *given)
                found.setdefault(name, []).append(one)
        return found

    def _opens(self, parameters: Parameters) -> dict[str, list[dict[str, float]]]:
        folder, gallery, saved = self._paths("hnswlib")
        found: dict[str, list[dict[str, float]]] = {ENGINE: [], "hnswlib": []}
        for turn in range(1, self.effort.opens + 1):
            found[ENGINE].append(self._once(f"open {turn}", building.open_gallery, folder, gallery))
            found["hnswlib"].append(
                self._once(f"open hnswlib {turn}", building.open_bare, folder, saved, parameters)
            )
        return found

    # -- asking ------------------------------------------------------------------------------

    def _asked(self) -> dict[str, Any]:
        """All of them asked, with the engine's parameters as they are now."""
        subjects = {ENGINE: IsolatedObject(EngineSubject, self.folder, self._gallery)}
        try:
            parameters = subjects[ENGINE].call("parameters")
            for name in self.names:
                saved = self._saved(name)
                subjects[name] = IsolatedObject(PeerSubject, self.folder, name, saved, parameters)
            rows = self.about["mated"] + self.about["strangers"]
            asking = Rounds(subjects, self.effort, rows)
            asked = asking.run()
            return {"parameters": parameters, "asked": asked, "breadths": asking.breadths()}
        finally:
            for one in subjects.values():
                one.end()


class Rounds:
    """The subjects of one size, each in a process of its own, asked and timed.

    Args:
        rows: how many queries there are.
    """

    def __init__(self, subjects: dict[str, IsolatedObject], effort: Effort, rows: int) -> None:
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


def engine_code() -> str:
    """A hash of the engine's source: what another one has measured is not gone on with."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "engine").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def rounded(value: Any) -> Any:
    """Numbers to five digits, so that the file stays small and readable."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description="This engine beside other libraries.")
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--fresh", action="store_true", help="forget what an ended run has done")
    parser.add_argument("--builds", type=int, help="how often everything is built")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    given.results.mkdir(parents=True, exist_ok=True)
    for size in given.sizes:
        print(f"{size:,} faces", flush=True)
        bench = Bench(size, given.work, fresh=given.fresh, builds=given.builds)
        found = json.dumps(rounded(bench.run()), indent=1)
        (given.results / f"{size}.json").write_text(found + "\n", encoding="utf-8")
        bench.clean()


if __name__ == "__main__":
    main()
