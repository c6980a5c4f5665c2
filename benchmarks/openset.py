"""Open-set identification through the command line: 80 % of ``data/`` enrolled, the other 20 % and
every stranger identified.

    .venv/bin/python -m benchmarks.openset [--seed 0] [--data DIR]

The strangers are people outside ``data/``; FACE_GALLERY_SHARED says where their vectors are.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, ROOT, STRANGERS, parser, require

QUERY_SHARE = 0.2
BINS = 15


@dataclass(frozen=True)
class Share:
    """``hits`` of ``trials``."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        return self.hits / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval of 95 % (Wilson 1927)."""
        z, n, p = 1.959964, self.trials, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.2%} ({self.hits} of {self.trials}, interval {low:.2%} to {high:.2%})"


@dataclass(frozen=True)
class Figures:
    """What one run showed.

    Attributes:
        rank1: queries of enrolled people whose right name came first.
        fnir: those whose right name did not come first or was not called known.
        false_names: strangers that got a name.
        ece: expected calibration error of the first candidate's confidence, all queries together.
        seconds: the whole ``identify`` process for the queries of enrolled people.
    """

    rank1: Share
    fnir: Share
    false_names: Share
    ece: float
    seconds: float


def split(files: list[Path], seed: int) -> tuple[list[Path], list[Path]]:
    """Files to enroll and files to ask with, disjoint, each person on both sides."""
    order = np.random.default_rng(seed).permutation(len(files))
    shuffled = [files[number] for number in order]
    seen: dict[str, int] = {}
    asked, kept, rest = [], [], []
    for file in shuffled:
        turn = seen[file.parent.name] = seen.get(file.parent.name, 0) + 1
        (asked if turn == 1 else kept if turn == 2 else rest).append(file)
    missing = round(QUERY_SHARE * len(files)) - len(asked)
    return kept + rest[missing:], asked + rest[:missing]


def face_gallery(home: Path, *arguments: str | Path) -> Any:
    """Runs one command with settings of its own; its JSON document."""
    done = subprocess.run(
        [sys.executable, "-m", "gallery_app", *map(str, arguments), "--json"],
        cwd=ROOT,
        env=os.environ | {"FACE_GALLERY_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def enroll(home: Path, files: list[Path]) -> Path:
    """A gallery of these faces, each under the name of its folder."""
    table, gallery = home / "enrolled.npz", home / "most.gallery"
    embeddings = np.stack([np.load(file, allow_pickle=False) for file in files])
    names = np.array([file.parent.name for file in files])
    np.savez(table, embeddings=embeddings, names=names, files=np.array([f.name for f in files]))
    face_gallery(home, "new", gallery)
    report = face_gallery(home, "import", table, "-g", gallery)
    assert report["faces_added"] == len(files), report
    return gallery


def strangers(home: Path, table: Path) -> Path:
    """Vectors of people who are not in ``data/``, as a file of queries."""
    with np.load(table, allow_pickle=False) as arrays:
        embeddings, names = arrays["embeddings"], arrays["names"]
    assert not {str(name) for name in names} & {folder.name for folder in DATA.iterdir()}
    np.save(home / "strangers.npy", embeddings)
    return home / "strangers.npy"


def measure(home: Path, others: Path, seed: int = 0, data: Path = DATA) -> Figures:
    """Enroll, identify and count; the files stay in ``home``."""
    kept, asked = split(sorted(data.glob("*/*.npy")), seed)
    gallery = enroll(home, kept)
    started = time.perf_counter()
    mated = face_gallery(home, "identify", *asked, "-g", gallery)["results"]
    seconds = time.perf_counter() - started
    foreign = strangers(home, others)
    unknown = face_gallery(home, "identify", foreign, "-g", gallery)["results"]
    assert len(mated) == len(asked)
    truth = [Path(answer["file"]).parent.name.replace("_", " ") for answer in mated]
    first = [
        answer["candidates"][0]["name"] == name for answer, name in zip(mated, truth, strict=True)
    ]
    named = [answer["name"] == name for answer, name in zip(mated, truth, strict=True)]
    return Figures(
        rank1=Share(sum(first), len(first)),
        fnir=Share(len(named) - sum(named), len(named)),
        false_names=Share(sum(answer["verdict"] == "known" for answer in unknown), len(unknown)),
        ece=calibration_error(
            [answer["confidence"] for answer in mated + unknown],
            first + [False] * len(unknown),
        ),
        seconds=seconds,
    )


def calibration_error(confidences: list[float], right: list[bool]) -> float:
    """Mean distance between confidence and share of right answers over 15 bins of equal width,
    weighted by their size (Naeini et al. 2015).
    """
    stated, hit = np.array(confidences), np.array(right, dtype=float)
    bins = np.minimum((stated * BINS).astype(int), BINS - 1)
    gaps = [abs((stated[bins == one] - hit[bins == one]).sum()) for one in range(BINS)]
    return float(sum(gaps) / len(stated))


def main() -> None:
    options = parser(__doc__, data=True)
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    require(STRANGERS)
    with tempfile.TemporaryDirectory() as home:
        figures = measure(Path(home), STRANGERS, asked.seed, asked.data)
    print(f"rank-1        {figures.rank1}")
    print(f"FNIR          {figures.fnir}")
    print(f"false names   {figures.false_names}")
    print(f"calibration error of the confidence  {figures.ece:.4f}")
    print(f"identify, {figures.rank1.trials} files in one run: {figures.seconds:.2f} s")


if __name__ == "__main__":
    main()
