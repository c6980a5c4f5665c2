"""How many faces a calibration must be learned from: a tenth of the people of a file is left out,
the others are the gallery; the promise about strangers is tried on the people left out.

    .venv/bin/python -m benchmarks.sampling FILE.npz [--seeds 3]

FILE.npz holds ``embeddings`` and ``names``. For each size of the sample it prints the threshold for
an FPIR of 1 %, what really came of it on the strangers, and the seconds; then the same for a
calibration against a tenth of the gallery, which does not keep the promise.
"""

from __future__ import annotations

import time
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from benchmarks.options import parser
from engine.identification import Templates, calibrate, leaving_out
from engine.identification.shortlist import NEIGHBOURS, Shortlist, shortlist
from engine.tools.distances import prepare
from engine.tools.nearest import nearest

SIZES = (1_000, 5_000, 10_000, 20_000)
FPIR = 0.01
AT_ONCE = 500


def looked_at(queries: np.ndarray, owners: np.ndarray, vectors: np.ndarray) -> Shortlist:
    """What comes up for queries, exactly, in a gallery of all these faces."""
    templates = Templates(vectors.shape[1], "cosine")
    templates.add(owners, vectors)
    table, asked = templates.table(), prepare(queries, "cosine")
    places, distances = nearest(asked, prepare(vectors, "cosine"), NEIGHBOURS, "cosine")
    rows = table.rows(owners)[places]
    starts = range(0, len(asked), AT_ONCE)
    parts = [slice(start, start + AT_ONCE) for start in starts]
    return Shortlist.joined(
        [shortlist(asked[one], table, rows[one], distances[one]) for one in parts]
    )


@dataclass(frozen=True)
class Tried:
    """Threshold for 1 %, what came of it on strangers, the FNIR by its own account, seconds."""

    threshold: float
    real: float
    missed: float
    seconds: float


def tried(owners: np.ndarray, vectors: np.ndarray, size: int, seed: int, found: Shortlist) -> Tried:
    """A calibration from a sample of some size, on searches of strangers."""
    leaving_out.PROBES = size
    started = time.perf_counter()
    made = calibrate(np.arange(len(owners)), owners, vectors, "cosine", seed=seed)
    seconds = time.perf_counter() - started
    least = made.threshold(FPIR)
    scores = made.log_odds(found.features, found.filled).max(axis=1)
    return Tried(least, float((scores > least).mean()), made.missed(FPIR) or 0.0, seconds)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("--seeds", type=int, default=3)
    asked = options.parse_args()
    with np.load(asked.file, allow_pickle=False) as table:
        vectors, owners = table["embeddings"], np.unique(table["names"], return_inverse=True)[1]
    made: dict[str, list[Tried]] = {name: [] for name in (*map(str, SIZES), "a tenth")}
    for seed in range(asked.seeds):
        away, part = parted(owners, seed)
        strangers, enrolled = vectors[away], (owners[~away], vectors[~away])
        found = looked_at(strangers, *enrolled)
        for size in SIZES:
            made[str(size)].append(tried(*enrolled, size, seed, found))
        made["a tenth"].append(tried(owners[part], vectors[part], SIZES[-1], seed, found))
        print(f"seed {seed}: {len(enrolled[0]):,} enrolled, {len(strangers):,} strangers asked for")
    print(f"{'sample':>8}  threshold    real FPIR, asked {FPIR:.0%}, by seed")
    for name, several in made.items():
        line(name, several)


def parted(owners: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which faces are of the tenth of the people left out, and which of a tenth of the others."""
    people = np.random.default_rng(seed).permutation(owners.max() + 1)
    tenth = len(people) // 10
    return np.isin(owners, people[:tenth]), np.isin(owners, people[tenth : 2 * tenth])


def line(name: str, several: list[Tried]) -> None:
    thresholds, real, missed, seconds = np.array([astuple(one) for one in several]).T
    shown = " ".join(f"{share:.2%}" for share in real)
    print(
        f"{name:>8}  {thresholds.mean():5.2f} ± {thresholds.std():.2f}  {shown}, "
        f"mean {real.mean():.2%}; missed {missed.mean():.2%}; {np.median(seconds):.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
