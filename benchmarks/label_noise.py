"""How well the review finds wrong names: 1 % and 5 % of the labels swapped at random, five seeds
each, beside two plain rules: that the nearest neighbour has another label, and how much farther the
three nearest faces of its own are than the three nearest others. Then the same on harder vectors.

    .venv/bin/python -m benchmarks.label_noise [FILE.npz] [--seeds 5]

FILE.npz holds ``embeddings``, ``names`` and ``files``; ``lfw-158-dlib.npz`` unless said.
FACE_GALLERY_SHARED says where it is. Its two known label errors are in it besides those swapped;
finding them counts as wrong here. The harder vectors are of the same faces, so they come only with
that file.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.common import SHARED, parser, require
from benchmarks.difficulty import hard_vectors
from engine.progress import SILENT
from engine.records.findings import KINDS
from engine.review.gallery_review import review
from engine.review.judgement import FINE, NOBODY, judge
from engine.review.review_faces import Decided, ReviewFaces, search
from engine.utils.distances import between, prepare

DLIB = SHARED / "lfw-158-dlib.npz"
WEAK = SHARED / "lfw-158-weak.npz"
SHARES = (0.01, 0.05)
KNOWN = ("Michael_Schumacher_0008", "Recep_Tayyip_Erdogan_0004")


@dataclass(frozen=True)
class Table:
    """The faces of a file; ``known`` are rows whose label is known to be wrong."""

    vectors: np.ndarray
    labels: np.ndarray
    names: dict[int, str]
    files: np.ndarray
    known: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Table:
        with np.load(path, allow_pickle=False) as table:
            names, labels = np.unique(table["names"], return_inverse=True)
            files = table["files"]
            known = np.flatnonzero([any(one in str(file) for one in KNOWN) for file in files])
            return cls(table["embeddings"], labels, dict(enumerate(map(str, names))), files, known)


def swapped(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which that share changed hands, each for another one, and the rows of these."""
    random = np.random.default_rng(seed)
    rows = random.choice(len(labels), round(share * len(labels)), replace=False)
    dealt = random.permutation(labels[rows])
    while (same := np.flatnonzero(dealt == labels[rows])).size:
        partners = random.integers(0, len(rows), len(same))
        for one, other in zip(same, partners, strict=True):
            dealt[[one, other]] = dealt[[other, one]]
    noisy = labels.copy()
    noisy[rows] = dealt
    return noisy, rows


def plain_rule(table: Table, labels: np.ndarray) -> np.ndarray:
    """Rows whose nearest neighbour has another label, the nearest pairs first."""
    faces = prepare(table.vectors, "cosine")
    away = between(faces, faces, "cosine")
    np.fill_diagonal(away, np.inf)
    nearest = away.argmin(axis=1)
    rows = np.flatnonzero(labels[nearest] != labels)
    return rows[np.argsort(away[rows, nearest[rows]], kind="stable")]


def three_nearest(table: Table, labels: np.ndarray) -> np.ndarray:
    """All rows, those first whose own identity's three nearest faces are the farthest beyond the
    three nearest others."""
    faces = prepare(table.vectors, "cosine")
    away = between(faces, faces, "cosine")
    np.fill_diagonal(away, np.inf)
    same = labels[:, None] == labels
    own = np.sort(np.where(same, away, np.inf), axis=1)[:, :3]
    others = np.sort(np.where(same, np.inf, away), axis=1)[:, :3]
    found = np.isfinite(own)
    mean = np.where(found, own, 0).sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    return np.argsort(others.mean(axis=1) - mean, kind="stable")


def review_queue(table: Table, labels: np.ndarray) -> tuple[np.ndarray, int, np.ndarray]:
    """All rows in the order in which the review takes them for somebody else's, how many of them
    it tells of, and the rows that it tells of as nobody's."""
    rows = np.arange(len(labels))
    faces = ReviewFaces.of(rows, labels, table.vectors, "cosine", table.names, Decided())
    judgement = judge(faces, search(faces, SILENT), SILENT)
    rest = judgement.chances[[FINE, NOBODY]].sum(axis=0)
    order = np.lexsort((rest, ~judgement.elsewhere))
    nobodys = np.flatnonzero(judgement.doubted & ~judgement.elsewhere)
    return order, int(judgement.elsewhere.sum()), nobodys


def shares(found: np.ndarray, wrong: np.ndarray) -> tuple[float, float]:
    """Precision and recall of rows that were found."""
    hits = np.isin(found, wrong).sum()
    return hits / max(len(found), 1), hits / len(wrong)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("file", type=Path, nargs="?", default=DLIB)
    options.add_argument("--seeds", type=int, default=5)
    asked = options.parse_args()
    require(asked.file)
    seeds, table = range(asked.seeds), Table.read(asked.file)
    whole(table)
    print("Precision and recall of the labels that were swapped:")
    print(f"{'':14}{'at the length of what was swapped':^38}{'at the own length':^54}   or told")
    print(f"{'':14}{'review':^19}{'plain rule':^19}{'review':^27}{'plain rule':^27}   as outlier")
    for share in SHARES:
        lines = [line(table, share, seed) for seed in seeds]
        for seed, figures in zip(seeds, lines, strict=True):
            print(f"{share:4.0%}, seed {seed}  " + row(figures))
        print(f"{share:4.0%}, mean    " + row(np.mean(lines, axis=0)))
    if asked.file == DLIB and WEAK.is_file():
        harder(table, seeds)


def harder(table: Table, seeds: range) -> None:
    """The same labels swapped among harder vectors: what is right of as many as were swapped."""
    print(
        "Right of as many as were swapped, and of those told, among harder vectors of these faces:"
    )
    print(f"{'':40}{'review':>9}{'nearest':>9}{'3 nearest':>11}{'told':>8}{'right':>9}")
    for name, vectors in hard_vectors().items():
        hard = replace(table, vectors=vectors)
        for share in SHARES:
            means = np.mean([hard_line(hard, share, seed) for seed in seeds], axis=0)
            ours, plain, three, told, right = means
            figures = f"{ours:9.1%}{plain:9.1%}{three:11.1%}{told:8.0f}{right:9.1%}"
            print(f"{share:4.0%}, {name:34}" + figures)


def hard_line(table: Table, share: float, seed: int) -> np.ndarray:
    """Precision of the review and of both rules at that length; how many the review tells of, and
    their precision."""
    labels, wrong = swapped(table.labels, share, seed)
    order, told, _ = review_queue(table, labels)
    lists = (order, plain_rule(table, labels), three_nearest(table, labels))
    found = [shares(rows[: len(wrong)], wrong)[0] for rows in lists]
    return np.array([*found, told, shares(order[:told], wrong)[0]])


def whole(table: Table) -> None:
    """The file as it is: where the known errors stand, and how long the whole review takes."""
    rows, started = np.arange(len(table.labels)), time.perf_counter()
    faces = ReviewFaces.of(rows, table.labels, table.vectors, "cosine", table.names, Decided())
    found = review(faces)
    seconds = time.perf_counter() - started
    places = {one.face: place for place, one in enumerate(found.findings, 1)}
    told = ", ".join(f"{kind} {len(found.of(kind))}" for kind in KINDS)
    print(f"As it is, {len(rows):,} faces: {told}; {seconds:.1f} s")
    for known in table.known:
        print(f"  {table.files[known]}: place {places.get(known, 'none')} of the queue")


def line(table: Table, share: float, seed: int) -> np.ndarray:
    """Precision, recall of review and plain rule at that length; length, precision, recall of
    both at their own; recall of the review's labels and outliers together."""
    labels, wrong = swapped(table.labels, share, seed)
    order, told, nobodys = review_queue(table, labels)
    plain = plain_rule(table, labels)
    at_length = (*shares(order[: len(wrong)], wrong), *shares(plain[: len(wrong)], wrong))
    own = (told, *shares(order[:told], wrong), len(plain), *shares(plain, wrong))
    return np.array([*at_length, *own, shares(np.union1d(order[:told], nobodys), wrong)[1]])


def row(figures: np.ndarray) -> str:
    ours, plain = figures[:4].reshape(2, 2)
    queue, rule = figures[4:10].reshape(2, 3)
    return f"{pair(ours)}{pair(plain)}{sized(queue)}{sized(rule)}  {figures[10]:9.1%}"


def pair(figures: np.ndarray) -> str:
    return f"  {figures[0]:7.1%} {figures[1]:7.1%} "


def sized(figures: np.ndarray) -> str:
    return f"  {figures[0]:6.0f}:{pair(figures[1:])}"


if __name__ == "__main__":
    main()
