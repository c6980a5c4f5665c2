"""Fuzzes all readers one after another: ``make fuzz``, or ``python -m tests.fuzz``.

With --runs and the same seed it tries the same inputs again; with --seconds as many as there is
time for. What was found lies in tests/fuzz/findings, one file an input.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.readers import CORPUS, FINDINGS, HERE, READERS, scratch

_ROOT = HERE.parents[1]
_BUILD = _ROOT / "build" / "fuzz"
_CORPUS_BYTES = 3_000  # of a reader, so that all of them stay small enough to be kept
_LONGEST_INPUT = 20  # seconds on the clock, on a machine that others use too
_MOST_MEMORY = 1_536  # megabytes of the whole process
_DEATHS = 5  # after so many a reader is left alone


@dataclass
class Tally:
    """What came of one reader."""

    inputs: int = 0
    seconds: float = 0.0
    findings: int = 0
    memory: int = 0


def main() -> None:
    asked = _arguments()
    print(
        f"{'reader':20}{'inputs':>10}{'seconds':>9}{'a second':>10}{'findings':>10}{'peak MB':>9}"
    )
    tallies = []
    for name in asked.reader or READERS:
        tally = _fuzz(name, asked)
        tallies.append(tally)
        _print(name, tally)
        if asked.keep:
            _keep_smallest(name)
    total = Tally(
        sum(one.inputs for one in tallies),
        sum(one.seconds for one in tallies),
        sum(one.findings for one in tallies),
        max(one.memory for one in tallies),
    )
    _print("all", total)
    sys.exit(1 if total.findings else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--reader", action="append", choices=[*READERS], help="only this one")
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--runs", type=int, default=-1, help="inputs for each reader at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="add small inputs to the corpus")
    return parser.parse_args()


def _print(name: str, tally: Tally) -> None:
    rate = tally.inputs / max(tally.seconds, 1e-3)
    print(
        f"{name:20}{tally.inputs:>10,}{tally.seconds:>9.0f}{rate:>10,.0f}"
        f"{tally.findings:>10}{tally.memory:>9}",
        flush=True,
    )


def _fuzz(name: str, asked: argparse.Namespace) -> Tally:
    tally, start = Tally(), time.monotonic()
    kinds: set[str] = set()
    died = 0
    shutil.rmtree(_BUILD / name, ignore_errors=True)  # so that a run can be repeated
    (_BUILD / name / "found").mkdir(parents=True)
    with scratch() as place:
        (Path(place) / "found").symlink_to(_BUILD / name / "found")
        for death in range(_DEATHS):
            left = asked.seconds - (time.monotonic() - start)
            if left < 1 or 0 < asked.runs <= tally.inputs:
                break
            options = _options(name, asked, int(left), asked.runs - tally.inputs, death, place)
            log = _BUILD / name / f"log{death}.txt"
            status = _run_one(log, name, place, *options)
            _count(tally, kinds, log.read_text(errors="replace"))
            if status == 0:
                break
            died += 1
            if not tally.inputs:
                sys.exit(f"{name} could not be fuzzed, see {log}")
        deadly = sum(1 for _ in _deadly(name, Path(place)))
        tally.findings = len(kinds) + max(deadly, died)  # whoever is killed leaves no input
    tally.seconds = time.monotonic() - start
    return tally


def _run_one(log: Path, *arguments: str) -> int:
    """The exit code of the process that fuzzes; 0 where nothing killed it."""
    with log.open("w") as stream:
        return subprocess.run(
            [sys.executable, "-m", "tests.fuzz.one", *arguments],
            cwd=_ROOT,
            env=os.environ | {"PYTHONHASHSEED": "0"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        ).returncode


def _options(
    name: str, asked: argparse.Namespace, seconds: int, runs: int, death: int, place: str
) -> list[str]:
    return [
        f"-max_total_time={seconds}",
        *([f"-runs={runs}"] if asked.runs > 0 else []),
        f"-seed={asked.seed + death}",
        f"-max_len={READERS[name].largest}",
        f"-timeout={_LONGEST_INPUT}",
        f"-rss_limit_mb={_MOST_MEMORY}",
        f"-artifact_prefix={place}/",
        "-print_final_stats=1",
        "-len_control=0",
    ]


def _count(tally: Tally, kinds: set[str], log: str) -> None:
    kinds |= set(re.findall(r"^FINDING (.+)", log, re.MULTILINE))
    for units in re.findall(r"number_of_executed_units: (\d+)", log):
        tally.inputs += int(units)
    for megabytes in re.findall(r"(?:^PEAK|peak_rss_mb:) +(\d+)", log, re.MULTILINE):
        tally.memory = max(tally.memory, int(megabytes))


def _keep_smallest(name: str) -> None:
    """The smallest of the inputs that reached what none before them had, into the corpus."""
    folder, left = CORPUS / name, _CORPUS_BYTES
    shutil.rmtree(folder, ignore_errors=True)
    for path in sorted((_BUILD / name / "found").iterdir(), key=lambda one: one.stat().st_size):
        left -= path.stat().st_size
        if left < 0:
            break
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.name[:12])


def _deadly(name: str, place: Path) -> Iterator[Path]:
    """Inputs that killed or hung the process, moved to the findings."""
    for kind in ("crash", "timeout", "oom", "leak"):
        for path in place.glob(f"{kind}-*"):
            folder = FINDINGS / name
            folder.mkdir(parents=True, exist_ok=True)
            yield Path(shutil.move(path, folder / path.name[: len(kind) + 9]))


if __name__ == "__main__":
    main()
