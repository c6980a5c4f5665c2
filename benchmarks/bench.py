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
import importlib.util
import json
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import keeping
from benchmarks.apart import Apart, apart
from benchmarks.asking import ENGINE, EngineSubject, PeerSubject
from benchmarks.faces import lay_out
from benchmarks.machine import described
from benchmarks.peers import AS_THEY_ARE, GRAPHS, LARGEST, MODULES, PEERS, Parameters

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).with_name("results")
BREADTHS = (8, 12, 20, 35, 50, 70, 100, 150, 200, 300)
SWEEPS = 3
SLOWEST = 10.0  # seconds for one batch, about; a slower library gets fewer queries in it
SQLITE = "sqlite3"


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
            name: "not installed"
            for name, module in MODULES.items()
            if importlib.util.find_spec(module) is None
        } | {name: "left out: too slow" for name, most in LARGEST.items() if size > most}
        self.names = [name for name in PEERS if name not in self.missing]

    def _resumed(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        same = kept.get("machine") == self.machine
        return dict(kept) if same else {"machine": self.machine, "steps": {}}

    def _once(self, step: str, work: Any, *arguments: Any) -> Any:
        """What a step gave, done now unless it was done before the run was ended."""
        steps = self.state["steps"]
        if step not in steps:
            started = time.perf_counter()
            steps[step] = apart(work, *arguments)
            path = self.folder / "state.json"
            path.write_text(json.dumps(self.state), encoding="utf-8")
            say(f"{self.size:>9,}  {step:42} {time.perf_counter() - started:8.1f} s")
        return steps[step]

    def run(self) -> dict[str, Any]:
        """Everything that is known of this size."""
        builds = self._builds()
        parameters = builds[ENGINE][-1]["parameters"]
        opens = self._opens(parameters)
        changes = self._once(
            "changes", keeping.change, *self._paths("hnswlib"), self._database, parameters
        )
        return {
            "size": self.size,
            "about": self.about,
            "machine": self.machine,
            "parameters": parameters,
            "missing": self.missing,
            "builds": builds,
            "opens": opens,
            "changes": changes,
            **self._asked(parameters),
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
            made = self._once(f"import {turn}", keeping.import_faces, folder, gallery)
            found.setdefault(ENGINE, []).append(made)
            filled = self._once(f"{SQLITE} {turn}", keeping.fill_database, folder, self._database)
            found.setdefault(SQLITE, []).append(filled)
            for name in self.names:
                if name in AS_THEY_ARE:
                    continue
                given = (name, folder, self._saved(name), made["parameters"])
                one = self._once(f"{name} {turn}", keeping.build_peer, *given)
                found.setdefault(name, []).append(one)
        return found

    def _opens(self, parameters: Parameters) -> dict[str, list[dict[str, float]]]:
        folder, gallery, saved = self._paths("hnswlib")
        found: dict[str, list[dict[str, float]]] = {ENGINE: [], "hnswlib": []}
        for turn in range(1, self.effort.opens + 1):
            found[ENGINE].append(self._once(f"open {turn}", keeping.open_gallery, folder, gallery))
            found["hnswlib"].append(
                self._once(f"open hnswlib {turn}", keeping.open_bare, folder, saved, parameters)
            )
        return found

    # -- asking ------------------------------------------------------------------------------

    def _asked(self, parameters: Parameters) -> dict[str, Any]:
        subjects = {ENGINE: Apart(EngineSubject, self.folder, self._gallery)}
        try:
            for name in self.names:
                saved = self._saved(name)
                subjects[name] = Apart(PeerSubject, self.folder, name, saved, parameters)
            asked = self._rounds(subjects)
            return {"asked": asked, "breadths": self._breadths(subjects, parameters)}
        finally:
            for one in subjects.values():
                one.end()

    def _rounds(self, subjects: dict[str, Apart]) -> dict[str, Any]:
        """Each subject asked once a round, each time another one first."""
        effort, names = self.effort, list(subjects)
        rows = self.about["mated"] + self.about["strangers"]
        found: dict[str, Any] = {
            name: {"single": [], "batch": [], "memory": one.call("memory")}
            for name, one in subjects.items()
        }
        every: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(effort.rounds):
            started = time.perf_counter()
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                taken = subjects[name].call("single", effort.queries, effort.seconds)
                every[name] += taken
                middle = float(np.median(taken))
                found[name]["single"].append(middle)
                batch = found[name].setdefault("rows", batch_of(rows, middle))
                found[name]["batch"].append(subjects[name].call("batch", batch))
            spent = time.perf_counter() - started
            say(f"{self.size:>9,}  round {turn + 1} of {effort.rounds:<31} {spent:8.1f} s")
        for name, one in found.items():
            one["99th percentile"] = float(np.percentile(every[name], 99))
            one["queries"] = len(every[name])
            one["recall"] = subjects[name].call("recall", one["rows"])
        return found

    def _breadths(self, subjects: dict[str, Apart], parameters: Parameters) -> dict[str, Any]:
        """Time and recall of the graphs by how broad they are searched."""
        effort, rows = self.effort, self.about["mated"] + self.about["strangers"]
        graphs = {name: subjects[name] for name in GRAPHS if name in subjects}
        found: dict[str, Any] = {name: [] for name in graphs}
        for ef in BREADTHS:
            taken: dict[str, list[float]] = {name: [] for name in graphs}
            for _ in range(SWEEPS):
                for name, one in graphs.items():
                    one.call("breadth", ef)
                    some = one.call("single", effort.queries, effort.seconds)
                    taken[name].append(float(np.median(some)))
            for name, one in graphs.items():
                point = {
                    "ef": ef,
                    "single": float(np.median(taken[name])),
                    "recall": one.call("recall", rows),
                }
                found[name].append(point)
        return found


def batch_of(rows: int, milliseconds: float) -> int:
    """How many queries a batch has: all, or as many as take some ten seconds one at a time."""
    return max(min(rows, 50), min(rows, int(1000 * SLOWEST / milliseconds)))


def say(line: str) -> None:
    print(line, flush=True)


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
        bench = Bench(size, given.work, fresh=given.fresh, builds=given.builds)
        found = json.dumps(rounded(bench.run()), indent=1)
        (given.results / f"{size}.json").write_text(found + "\n", encoding="utf-8")
        bench.clean()


if __name__ == "__main__":
    main()
