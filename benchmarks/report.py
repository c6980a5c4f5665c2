"""Makes ``benchmarks/RESULTS.md`` and its plots of what the runs left in ``benchmarks/results/``.

.venv/bin/python -m benchmarks.report [--results DIR] [--to DIR]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median

from benchmarks import figures, plots
from benchmarks.difficulty import QUANTILES
from benchmarks.figures import BARE, Found, Spread, number, spread, table
from benchmarks.peers import AS_THEY_ARE, PEERS
from benchmarks.subjects import ENGINE

HERE = Path(__file__).resolve().parent
SQLITE = "sqlite3"
METHOD = """\
Made by `make bench` (sizes selectable: `make bench SIZES="4324 100000 1000000"`) and written by
`python -m benchmarks.report`; do not edit. Figures of one size come from one run, in which all take
turns: each repetition asks every library once, another one first each time. Shown is the median of
the repetitions with the lowest and the highest; *engine / it* is the ratio within each repetition,
then the median. On another machine the times differ and the ratios hold.

- **Each library lives in a process of its own**, and one works at a time. Memory is what its
  process grows by until it has loaded its index and answered once. Peak is the most that a process
  held beyond what it began with, in sizes of the float32 vectors; the libraries' begins after their
  input is in memory, the engine's before it has read the file.
- **Face Gallery** is `Gallery.identify`, from an embedding to votes, calibrated verdict, candidates
  and evidence. The others find the five nearest and no more.
- **Same graph for all**: M, ef_construction and ef are those of the engine's index, read from the
  open gallery. faiss HNSW and usearch get the same numbers; how they use them is their affair.
  Vectors are of unit length, in float32, searched by inner product (scikit-learn: Euclidean, which
  orders alike). hnswlib is built without the instructions of the machine's own processor
  (`HNSWLIB_NO_NATIVE=1`), as the program installs it, in both rows; faiss and usearch pick
  theirs. On Linux the engine has a graph of 32 MB or more lie in pages of 2 MB, where the system
  offers them; the libraries lie where they put themselves.
- **Threads**: single queries one thread each (the engine chooses itself, and takes one), batches
  and builds all cores, the engine's import as it does it.
- **Queries**, 1,000 at every size but the smallest: faces of enrolled people that are not enrolled,
  and strangers, mixed. 99th percentile over the single queries of all repetitions. An exact
  search that takes more than 10 ms a query gets a smaller batch, named below the table.
- **Recall@5** against exact search in NumPy, of all queries, and apart of enrolled people's and
  of strangers': a graph misses more of a stranger's nearest, who lie between the people. For the
  engine it is that of the evidence that it shows.
- **Import** is the façade's, from an `.npz` into a new gallery, until every face is on disk and
  findable; beside it the same rows into bare SQLite (one transaction, synchronous FULL), and bare
  builds. A change of one face is on disk (synchronous FULL) and in the index before the time stops,
  on both sides.
- **Open** begins when the process has imported its modules, with the files in the system's cache.
- 4,324 is the sample in `data/`: 324 of its faces are asked and 4,000 enrolled; the strangers are
  real ones where they lie beside the project, else made up, and then found a little less often. All
  other sizes are made up."""

GENERATOR = """\
`benchmarks/generator.py` tells how they are made: people of several kinds, each with a scatter of
its own, log-normal in width, with heavy tails and some faces astray, all fitted on real faces by
`benchmarks/fitting.py`; the fitted means, covariances and quantiles are `benchmarks/faces.npz`.
Faces per person are log-normal (sigma 1.2), ten on average. `python -m benchmarks.difficulty` holds
them against real ones: unit length, Euclidean distance, local intrinsic dimension by maximum
likelihood over 20 neighbours (Levina and Bickel 2004; Amsaleg et al. 2015), relative contrast as
the mean distance over the nearest.

What still differs: real faces have a few nearer twins (pictures of one moment); distances among
made-up people scatter more, their farthest are farther; and of people with one face each a search
as narrow as six candidates misses more than of real ones. What is measured on made-up faces errs,
if anything, on the hard side."""

SOAK = """\
`make soak`: a script chooses at random, with a fixed seed, among everything that a person can do in
the window, and does it with mouse and keys; a watchdog notes each time that the UI thread leaves an
event waiting for more than 50 ms, and where it was. *own* is what the thread itself needed; the
rest of a stall is a wait for a processor that something else had. Every four minutes everything is
put away and the gallery closed: what a window without a gallery holds can be held against what it
held before, while what it holds with one depends on what is shown and under way. The limit on
memory is for the former."""


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


def strangers(found: Found) -> str:
    """Strangers asked of real and of made-up people."""
    rows = _distances(found["real"], found["made"])
    rows += _recalls(found["real"], found["made"])
    title = f"{found['people']:,} strangers asked of them, real of real and made-up of made-up:"
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
    if "dimension" not in real:
        return rows
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
    more = (*printed(given.results / "printed"), *soaked(given.to / "soak"))
    page.write_text(report(runs, difficulty, drawn, more), encoding="utf-8")
    print(f"{page} and {len(drawn)} plots, of {len(runs)} sizes\n")
    print(aims(runs))


if __name__ == "__main__":
    main()
