"""The figures of a run as RESULTS.md shows them: medians, ratios within a repetition, and the aims
that they are held against.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.subjects import ENGINE

Found = dict[str, Any]
BARE = "hnswlib"


def read(results: Path) -> list[Found]:
    """What runs left there, by size."""
    files = [one for one in results.glob("*.json") if one.stem.isdigit()]
    return [json.loads(one.read_text(encoding="utf-8")) for one in sorted(files, key=_size)]


def _size(file: Path) -> int:
    return int(file.stem)


@dataclass(frozen=True)
class Spread:
    """A median with the lowest and highest of its repetitions."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(median(values), min(values), max(values))


def ratio(run: Found, what: str, other: str = BARE) -> Spread | None:
    """The engine's figure over another's in the same round, each round; None without the other."""
    asked = run["asked"]
    if other not in asked:
        return None
    pairs = zip(asked[ENGINE][what], asked[other][what], strict=True)
    return Spread.of([ours / theirs for ours, theirs in pairs])


def builds(run: Found, name: str, what: str = "seconds") -> Spread | None:
    """Of the builds of a library at a size; None where it was not built."""
    values = [one[what] for one in run["builds"].get(name, []) if one.get(what) is not None]
    return Spread.of(values) if values else None


def changes(run: Found, what: str) -> Spread:
    """Milliseconds of a change of one face."""
    return Spread.of(run["changes"]["changes"][what])


def opens(run: Found, name: str, what: str = "first answer") -> Spread:
    return Spread.of([one[what] for one in run["opens"][name]])


def fastest(run: Found) -> str:
    """The library that answers a single query soonest."""
    others = [name for name in run["asked"] if name != ENGINE]
    return min(others, key=lambda name: median(run["asked"][name]["single"]))


@dataclass(frozen=True)
class Aim:
    """A figure that was asked for beside what was measured.

    Attributes:
        most: whether the bound is an upper one.
    """

    what: str
    size: int
    bound: float
    figure: float
    unit: str = ""
    most: bool = True

    @property
    def met(self) -> bool:
        return self.figure <= self.bound if self.most else self.figure >= self.bound

    @property
    def verdict(self) -> str:
        if self.met:
            return "met"
        missing = abs(self.figure - self.bound)
        share = missing / self.bound
        said = f"{share:.1%}" if share < 1 else f"{number(1 + share)} times the aim"
        return f"missed by {number(missing)}{self.unit} ({said})"


def aims(run: Found) -> Iterator[Aim]:
    """All that a size is held against; the memory of an import only from 100,000 faces on: below
    them it is mostly the program itself.
    """
    size, ours = run["size"], run["asked"][ENGINE]
    peer = fastest(run) if size < 10_000 else BARE
    single = ratio(run, "single", peer)
    batch = ratio(run, "batch")
    assert single is not None
    assert batch is not None
    what = f"single query, times {'the fastest' if size < 10_000 else 'bare'} ({peer})"
    yield Aim(what, size, 2.0 if size < 10_000 else 1.3, single.middle)
    tail = ours["99th percentile"] / median(ours["single"])
    yield Aim("99th percentile, times the median", size, 5.0, tail)
    yield Aim("batch, share of bare hnswlib's throughput", size, 0.9, batch.middle, most=False)
    yield Aim("recall@5", size, 0.99, ours["recall"]["all"], most=False)
    peak = builds(run, ENGINE, "peak")
    if size >= 100_000 and peak is not None:
        yield Aim("import, peak memory in sizes of the vectors", size, 2.5, peak.middle)
    yield Aim("enrol one face", size, 50.0, changes(run, "enrol").middle, " ms")
    yield Aim("remove one face", size, 50.0, changes(run, "remove").middle, " ms")


def number(value: float) -> str:
    """Three digits that say something, with commas in thousands."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(one: Spread | None, unit: str = "") -> str:
    """A median with its range, or a dash."""
    if one is None:
        return "–"
    if one.low == one.high:
        return f"{number(one.middle)}{unit}"
    return f"{number(one.middle)}{unit} ({number(one.low)} to {number(one.high)})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; all columns but the first are of numbers."""
    first, *others = head
    lines = [[first, *others], ["---", *["---:"] * len(others)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
