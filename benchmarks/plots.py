"""The plots of RESULTS.md, as small SVG files that are the same for the same figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from benchmarks import figures
from benchmarks.figures import Found
from benchmarks.peers import GRAPHS, PEERS
from benchmarks.subjects import ENGINE

COLOURS = dict(zip([ENGINE, *PEERS], plt.get_cmap("tab10").colors, strict=False))  # type: ignore[attr-defined]
STYLE = {
    "svg.hashsalt": "face-gallery",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
NONE = 1e-4
Figure = Callable[[Found, str], float | None]


def single(run: Found, name: str) -> float | None:
    one = run["asked"].get(name)
    return median(one["single"]) if one else None


def memory(run: Found, name: str) -> float | None:
    one = run["asked"].get(name)
    return one["memory"] / 2**20 if one else None


def building(run: Found, name: str) -> float | None:
    one = figures.builds(run, name)
    return one.middle if one else None


def draw(runs: list[Found], folder: Path) -> list[tuple[str, str]]:
    """Writes the plots; their file names and titles."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[tuple[str, str, Any]] = []
    with plt.rc_context(STYLE):
        lines: list[tuple[str, str, str, Figure]] = [
            ("single.svg", "One query, by size of the gallery", "milliseconds", single),
            ("build.svg", "Building, by size of the gallery", "seconds", building),
            ("memory.svg", "Memory in use, by size of the gallery", "MiB", memory),
        ]
        for file, title, unit, figure in lines:
            made.append((file, title, _by_size(runs, unit, figure)))
        made.append(("recall.svg", "Recall against the time of one query", _recall(runs)))
        for file, _, plot in made:
            plot.savefig(folder / file, metadata={"Date": None}, bbox_inches="tight")
            plt.close(plot)
    return [(file, title) for file, title, _ in made]


def _by_size(runs: list[Found], unit: str, figure: Figure) -> Any:
    plot, axes = plt.subplots(figsize=(6.5, 3.6))
    for name, colour in COLOURS.items():
        points = [(run["about"]["faces"], figure(run, name)) for run in runs]
        known = [(size, value) for size, value in points if value]
        if known:
            width = 2.4 if name == ENGINE else 1.2
            axes.plot(*zip(*known, strict=True), "o-", ms=4, lw=width, color=colour, label=name)
    axes.set(xscale="log", yscale="log", xlabel="faces", ylabel=unit)
    sizes = [run["about"]["faces"] for run in runs]
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return plot


def _recall(runs: list[Found]) -> Any:
    """Graphs as lines, one point for each breadth; the engine as it is. What misses nothing is
    drawn at the bottom.
    """
    columns = min(2, len(runs))
    rows = -(-len(runs) // columns)
    plot, grid = plt.subplots(rows, columns, figsize=(4.2 * columns, 3.0 * rows), squeeze=False)
    for axes in grid.flat[len(runs) :]:
        axes.set_visible(False)
    for axes, run in zip(grid.flat, runs, strict=False):
        for name in GRAPHS:
            points = run["breadths"].get(name, [])
            times, found = [one["single"] for one in points], [1 - one["recall"] for one in points]
            axes.plot(times, [max(miss, NONE) for miss in found], "o-", ms=3, lw=1.2,
                      color=COLOURS[name], label=name)  # fmt: skip
        ours = run["asked"][ENGINE]
        axes.plot(median(ours["single"]), max(1 - ours["recall"]["all"], NONE), "*", ms=12,
                  color=COLOURS[ENGINE], label=ENGINE)  # fmt: skip
        axes.axhline(0.01, color="grey", lw=0.8, ls="--")
        axes.set(xscale="log", yscale="log", title=f"{run['about']['faces']:,} faces")
        axes.set(xlabel="milliseconds", ylabel="missed of the 5 nearest")
    plot.tight_layout()
    grid.flat[0].legend()
    return plot
