"""Makes ``benchmarks/RESULTS.md`` and its plots of what the runs left in ``benchmarks/results/``.

.venv/bin/python -m benchmarks.report [--results DIR] [--to DIR]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from benchmarks import figures, plots
from benchmarks.asking import ENGINE
from benchmarks.difficulty import QUANTILES
from benchmarks.figures import BARE, Found, Spread, number, spread
from benchmarks.method import GENERATOR, METHOD
from benchmarks.peers import AS_THEY_ARE, PEERS

HERE = Path(__file__).resolve().parent
SQLITE = "sqlite3"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; all columns but the first are of numbers."""
    first, *others = head
    lines = [[first, *others], ["---", *["---:"] * len(others)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(runs: list[Found], difficulty: Found | None, drawn: list[tuple[str, str]]) -> str:
    """The whole page."""
    parts = ["# How fast, beside what", METHOD, "## Measured on", machines(runs)]
    parts += ["## The aims", aims(runs)]
    parts += ["## Identify", *[asked(run) for run in runs]]
    parts += ["## Build and keep", *[kept(run) for run in runs], "## Open", opened(runs)]
    parts += ["## Plots", *[f"![{title}](plots/{file})\n\n{title}." for file, title in drawn]]
    if difficulty:
        parts += ["## The made-up faces", GENERATOR, hardness(difficulty)]
        if difficulty.get("one face each"):
            parts.append(people_apart(difficulty["one face each"]))
    return "\n\n".join(parts) + "\n"


def machines(runs: list[Found]) -> str:
    """What each run was measured on; one line where all had the same."""
    said: dict[str, list[str]] = {}
    for run in runs:
        line = "; ".join(f"{key} {value}" for key, value in run["machine"].items())
        said.setdefault(line, []).append(f"{run['about']['faces']:,}")
    return "\n".join(f"- {', '.join(sizes)} faces: {line}." for line, sizes in said.items())


def aims(runs: list[Found]) -> str:
    rows = [
        (
            aim.what,
            f"{aim.size:,}",
            f"{'at most' if aim.most else 'at least'} {number(aim.bound)}{aim.unit}",
            f"{number(aim.figure)}{aim.unit}",
            aim.verdict,
        )
        for run in runs
        for aim in figures.aims(run)
    ]
    return table(("", "size", "aim", "measured", ""), sorted(rows, key=lambda row: row[0]))


def asked(run: Found) -> str:
    """One size's table of queries."""
    about, parameters = run["about"], run["parameters"]
    kind = "real" if about["real"] else "made-up"
    title = (
        f"### {about['faces']:,} {kind} faces of {about['people']:,} people\n\n"
        f"M {parameters['M']}, ef_construction {parameters['ef_construction']}, "
        f"ef {parameters['ef']}, k 5; {about['mated']} queries of people who are enrolled, "
        f"{about['strangers']} of strangers."
    )
    rows = []
    for name in (ENGINE, *PEERS):
        if name in run["missing"]:
            rows.append((name, run["missing"][name], *["–"] * 6))
            continue
        one = run["asked"][name]
        rows.append(
            (
                name,
                spread(Spread.of(one["single"])),
                number(one["99th percentile"]),
                times(run, name, "single"),
                spread(Spread.of(one["batch"])),
                times(run, name, "batch"),
                f"{one['recall']:.4f}",
                f"{one['memory'] / 2**20:,.0f}",
            )
        )
    head = (
        "",
        "one query, ms",
        "99 %, ms",
        "engine / it",
        "batch, queries/s",
        "engine / it",
        "recall@5",
        "memory, MiB",
    )
    return f"{title}\n\n{table(head, rows)}\n\n{fewer(run)}".rstrip()


def times(run: Found, name: str, what: str) -> str:
    return "" if name == ENGINE else spread(figures.ratio(run, what, name))


def fewer(run: Found) -> str:
    """Which libraries had fewer queries in a batch."""
    whole = run["asked"][ENGINE]["rows"]
    some = [f"{name} {one['rows']}" for name, one in run["asked"].items() if one["rows"] < whole]
    return f"Queries in a batch: {whole}" + (f"; {', '.join(some)}." if some else ".")


def kept(run: Found) -> str:
    """One size's table of imports, builds and changes."""
    rows = [
        (
            f"{ENGINE}, import from .npz",
            spread(figures.builds(run, ENGINE)),
            "",
            spread(figures.builds(run, ENGINE, "peak")),
        ),
        (
            f"{ENGINE}, calibration after it",
            spread(figures.builds(run, ENGINE, "calibration")),
            "",
            spread(figures.builds(run, ENGINE, "peak, calibrated")),
        ),
        ("SQLite alone, insert and commit", spread(figures.builds(run, SQLITE)), "", ""),
    ]
    for name in PEERS:
        if name in AS_THEY_ARE:
            continue
        said = run["missing"].get(name)
        rows.append(
            (
                f"{name}, build",
                said or spread(figures.builds(run, name)),
                "" if said else spread(figures.builds(run, name, "save")),
                "" if said else spread(figures.builds(run, name, "peak")),
            )
        )
    made = table(("", "seconds", "saving, s", "peak, in sizes of the vectors"), rows)
    return f"### {run['about']['faces']:,} faces\n\n{made}\n\n{changed(run)}"


def changed(run: Found) -> str:
    lines = [
        ("enrol one, on disk and findable", "enrol", "SQLite and hnswlib", "enrol, bare"),
        ("ask for it, right afterwards", "ask", "", ""),
        ("remove one", "remove", "SQLite and hnswlib", "remove, bare"),
    ]
    rows = [
        (
            what,
            spread(figures.changes(run, ours)),
            spread(figures.changes(run, bare)) if bare else "",
        )
        for what, ours, _, bare in lines
    ]
    closing = run["changes"]
    rows.append(
        (
            "close after changes, saving the index",
            number(1000 * closing["close"]),
            f"{number(1000 * closing['close, bare'])} (hnswlib's save and fsync)",
        )
    )
    return table(("", f"{ENGINE}, ms", "bare SQLite and hnswlib, ms"), rows)


def opened(runs: list[Found]) -> str:
    rows = [
        (
            f"{run['about']['faces']:,}",
            spread(figures.opens(run, ENGINE, "open")),
            spread(figures.opens(run, ENGINE)),
            spread(figures.opens(run, BARE)),
            f"{median(one['memory'] for one in run['opens'][ENGINE]) / 2**20:,.0f}",
        )
        for run in runs
    ]
    head = ("faces", "open, s", "to the first answer, s", "bare hnswlib, s", "memory, MiB")
    return table(head, rows)


def hardness(found: Found) -> str:
    """Real and made-up faces side by side."""
    real, made = found["real"], found["made"]
    rows = _distances(real, made)
    rows += [
        (what, f"{real[key]:.{digits}f}", f"{made[key]:.{digits}f}")
        for what, key, digits in (
            ("relative contrast, median", "contrast", 2),
            ("1-NN right", "1-NN", 4),
            ("5-NN right", "5-NN", 4),
        )
    ]
    rows += _recalls(real, made)
    title = (
        f"{found['faces']:,} faces of {found['people']} people, each with the same number of "
        f"faces; the made-up ones are the mean of {found['seeds']} draws:"
    )
    return f"{title}\n\n{table(('', 'real', 'made-up'), rows)}"


def people_apart(found: Found) -> str:
    """Real and made-up people with one face each."""
    rows = _distances(found["real"], found["made"])
    rows += _recalls(found["real"], found["made"])
    title = f"{found['people']:,} other people with one face each, as a gallery has many:"
    return f"{title}\n\n{table(('', 'real', 'made-up'), rows)}"


def _distances(real: Found, made: Found) -> list[tuple[str, str, str]]:
    said = ", ".join(f"{100 * one:.0f}" for one in QUANTILES)
    rows = [
        (
            f"distance to neighbour {rank}, quantiles {said} %",
            _series(real["distance"][rank], 3),
            _series(made["distance"][rank], 3),
        )
        for rank in real["distance"]
    ]
    dimensions = (_series(real["dimension"], 1), _series(made["dimension"], 1))
    return [*rows, ("local intrinsic dimension, the same quantiles", *dimensions)]


def _recalls(real: Found, made: Found) -> list[tuple[str, str, str]]:
    return [
        (f"HNSW recall@5 at ef {ef}", f"{real['recall'][ef]:.3f}", f"{made['recall'][ef]:.3f}")
        for ef in real["recall"]
    ]


def _series(values: list[float], digits: int) -> str:
    return " ".join(f"{one:.{digits}f}" for one in values)


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes RESULTS.md of the runs.")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--to", type=Path, default=HERE)
    given = parser.parse_args()
    runs = figures.read(given.results)
    kept = given.results / "difficulty.json"
    difficulty = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None
    drawn = plots.draw(runs, given.to / "plots")
    page = given.to / "RESULTS.md"
    page.write_text(report(runs, difficulty, drawn), encoding="utf-8")
    print(f"{page} and {len(drawn)} plots, of {len(runs)} sizes\n")
    print(aims(runs))


if __name__ == "__main__":
    main()
