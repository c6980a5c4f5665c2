"""Makes ``benchmarks/RESULTS.md`` and its plots of what the runs left in ``benchmarks/results/``.

.venv/bin/python -m benchmarks.report [--results DIR] [--to DIR]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median

from benchmarks import figures, plots
from benchmarks.asking import ENGINE
from benchmarks.figures import BARE, Found, Spread, number, spread, table
from benchmarks.hardness import hardness, people_apart, strangers
from benchmarks.method import GENERATOR, METHOD, SOAK
from benchmarks.peers import AS_THEY_ARE, PEERS

HERE = Path(__file__).resolve().parent
SQLITE = "sqlite3"


def report(
    runs: list[Found],
    difficulty: Found | None,
    drawn: list[tuple[str, str]],
    more: tuple[str, ...] = (),
) -> str:
    """The whole page.

    Args:
        more: sections of what was measured by other programs.
    """
    parts = ["# How fast, beside what", METHOD, "## Measured on", machines(runs)]
    parts += ["## The aims", aims(runs)]
    parts += ["## Identify", *[asked(run) for run in runs]]
    parts += ["## Build and keep", *[kept(run) for run in runs], "## Open", opened(runs)]
    parts += ["## Plots", *[f"![{title}](plots/{file})\n\n{title}." for file, title in drawn]]
    parts += more
    if difficulty:
        parts += ["## The made-up faces", GENERATOR, hardness(difficulty)]
        if "strangers" in difficulty:
            parts += [strangers(difficulty["strangers"])]
            parts += [people_apart(difficulty["one face each"])]
    return "\n\n".join(parts) + "\n"


def printed(folder: Path) -> tuple[str, ...]:
    """What other benchmarks printed, kept as text: a title, the command and its output each."""
    sections = []
    for file in sorted(folder.glob("*.txt")):
        title, command, *lines = file.read_text(encoding="utf-8").strip().splitlines()
        block = "\n".join(["```text", f"$ {command}", *lines, "```"])
        sections.append(f"### {title}\n\n{block}")
    return ("## As other benchmarks printed it", *sections) if sections else ()


def soaked(folder: Path) -> tuple[str, ...]:
    """What the soak says, with its curve; the picture lies beside its words."""
    words = folder / "soak.md"
    if not words.exists():
        return ()
    picture = f"![What the window held]({folder.name}/soak.png)"
    return ("## An hour of everything at once", SOAK, words.read_text(encoding="utf-8"), picture)


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
        f"{about['strangers']} of strangers{', made up' if about['made up'] else ''}."
    )
    rows = []
    for name in (ENGINE, *PEERS):
        if name in run["missing"]:
            rows.append((name, run["missing"][name], *["–"] * 8))
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
                *(f"{one['recall'][whose]:.4f}" for whose in ("all", "mated", "strangers")),
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
        "enrolled",
        "strangers",
        "memory, MiB",
    )
    return f"{title}\n\n{table(head, rows)}\n\n{fewer(run)}".rstrip()


def times(run: Found, name: str, what: str) -> str:
    return "" if name == ENGINE else spread(figures.ratio(run, what, name))


def fewer(run: Found) -> str:
    """Which libraries had fewer queries in a batch."""
    whole = run["about"]["mated"] + run["about"]["strangers"]
    some = [f"{name} {one['rows']}" for name, one in run["asked"].items() if one["rows"] < whole]
    return f"Queries in a batch: {whole:,}" + (f"; {', '.join(some)}." if some else ".")


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
    more = (*printed(given.results / "printed"), *soaked(given.to / "soak"))
    page.write_text(report(runs, difficulty, drawn, more), encoding="utf-8")
    print(f"{page} and {len(drawn)} plots, of {len(runs)} sizes\n")
    print(aims(runs))


if __name__ == "__main__":
    main()
