"""How well each method tells strangers at best: the protocol of the table beside the shared data.

    .venv/bin/python benchmarks/strangers.py [METHOD…]

70 % of the faces of ``data/`` enrolled, the other 30 % asked for, and every vector of the people
outside it; five splits. The threshold is set on those strangers themselves, so that each figure is
the best that the method could do, as in that table. FACE_GALLERY_SHARED says where they are.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from openset import DATA, SHARED, STRANGERS

from engine.evaluation.references import references
from engine.progress import SILENT
from engine.training.methods import OURS, our_methods

FPIRS = (0.001, 0.01, 0.1)
SPLITS, SHARE = 5, 0.7


def enrolled_faces() -> tuple[np.ndarray, np.ndarray]:
    """Vectors and labels of ``data/``."""
    files = sorted(DATA.glob("*/*.npy"))
    vectors = np.stack([np.load(file, allow_pickle=False) for file in files])
    _, labels = np.unique([file.parent.name for file in files], return_inverse=True)
    return vectors, labels.astype(np.int64)


def split(labels: np.ndarray, seed: int) -> np.ndarray:
    """True for the faces that are enrolled, that share of each person's."""
    random, chosen = np.random.default_rng(seed), np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        chosen[rows[: round(SHARE * len(rows))]] = True
    return chosen


def main(names: list[str]) -> None:
    if not (SHARED / STRANGERS).is_file():
        print(f"There is no {STRANGERS} in {SHARED}: nobody to take for a stranger. Skipped.")
        return
    with np.load(SHARED / STRANGERS, allow_pickle=False) as table:
        strangers = table["embeddings"]
    vectors, labels = enrolled_faces()
    ours, _ = our_methods("cosine", names or OURS)
    found: dict[str, list[list[float]]] = {}
    for seed in range(SPLITS):
        kept = split(labels, seed)
        for method in [*references("cosine"), *ours]:
            fitted = method.fit(vectors[kept], labels[kept], None, seed=seed, reporter=SILENT)
            asked = fitted.rank(vectors[~kept], 1)
            others = np.sort(fitted.rank(strangers, 1).scores[:, 0])[::-1]
            right, best = asked.labels[:, 0] == labels[~kept], asked.scores[:, 0]
            missed = [1 - (right & (best > others[int(f * len(others))])).mean() for f in FPIRS]
            found.setdefault(method.name, []).append([right.mean(), *missed])
        print(f"split {seed + 1} of {SPLITS} done", file=sys.stderr)
    print(f"{'':22}  rank-1   FNIR at FPIR 0.1 %     1 %    10 %   (mean of {SPLITS} splits)")
    for name, rows in found.items():
        rank1, *missed = np.mean(rows, axis=0)
        low, high = np.min(rows, axis=0)[2], np.max(rows, axis=0)[2]
        cells = "  ".join(f"{share:6.2%}" for share in missed)
        print(f"{name:22}  {rank1:6.2%}              {cells}   at 1 %: {low:.2%} to {high:.2%}")


if __name__ == "__main__":
    main(sys.argv[1:])
