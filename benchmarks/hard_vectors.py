"""Closed-set identification among hard vectors: the faces of 158 people as poorer networks might
give them, beside shrinkage LDA.

    .venv/bin/python -m benchmarks.hard_vectors [--seeds 8]

70 % of each person's faces are enrolled, the others asked about. *auto* is what a gallery answers
with before anything is trained; *k-NN alone* is the same without a discriminant analysis; LDA is
scikit-learn's with the shrinkage of Ledoit and Wolf. Shown is how often the right name comes first,
of all faces and as a mean over people, with twice the standard error of the difference to LDA over
the seeds. Needs the larger data, see FACE_GALLERY_SHARED.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.common import SHARED, parser, require
from benchmarks.difficulty import hard_vectors
from benchmarks.generator import Counts, Rows
from engine.evaluation.references import ShrinkageLda
from engine.evaluation.splits import ClosedSplit, closed_splits
from engine.gallery import Gallery
from engine.progress import SILENT
from engine.recognition.calibration import gallery_calibration
from engine.utils.distances import prepare

DLIB, WEAK = SHARED / "lfw-158-dlib.npz", SHARED / "lfw-158-weak.npz"
ASKED = 0.3


def tables() -> tuple[Counts, Mapping[str, Rows]]:
    """Number of the person of each face, and their vectors by what was done to them."""
    with np.load(DLIB, allow_pickle=False) as arrays:
        _, owners = np.unique(arrays["names"], return_inverse=True)
        good = arrays["embeddings"]
    hard = hard_vectors()
    narrow = prepare(hard["projected to 24 dimensions"], "cosine")
    noise = np.random.default_rng(1).normal(size=narrow.shape) / np.sqrt(narrow.shape[1])
    noisy = (narrow + noise / 2).astype(np.float32)
    return owners.astype(np.int64), {**hard, "24 dimensions and noise": noisy, "of dlib": good}


def auto(split: ClosedSplit, vectors: Rows, owners: Counts) -> Counts:
    """First candidate of each query, as a gallery answers."""
    with tempfile.TemporaryDirectory() as place:
        folder, source = Path(place) / "hard.gallery", Path(place) / "enrolled.npz"
        names = [f"P{owner}" for owner in owners[split.enrolled]]
        np.savez(source, embeddings=vectors[split.enrolled], names=names)
        Gallery.create(folder, dimension=vectors.shape[1]).close()
        with Gallery.open(folder) as gallery:
            gallery.import_([source])
            answers = gallery.identify(vectors[split.queries])
            return np.array([int(answer.candidates[0].name[1:]) for answer in answers])


def plain(split: ClosedSplit, vectors: Rows, owners: Counts) -> Counts:
    """The same without a discriminant analysis."""
    with patch.object(gallery_calibration, "can_learn", lambda *_: False):
        return auto(split, vectors, owners)


def lda(split: ClosedSplit, vectors: Rows, owners: Counts) -> Counts:
    """First candidate of each query by shrinkage LDA."""
    enrolled = vectors[split.enrolled], owners[split.enrolled]
    fitted = ShrinkageLda().fit(*enrolled, None, seed=0, reporter=SILENT)
    return fitted.rank(vectors[split.queries], 1).labels[:, 0]


METHODS = {"k-NN alone": plain, "LDA": lda, "auto": auto}


def measure(vectors: Rows, owners: Counts, seeds: range) -> dict[str, np.ndarray]:
    """Share of faces whose name comes first, and its mean over people, in percent, by seed."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in METHODS}
    for seed in seeds:
        split = next(closed_splits(owners, 1, seed, ASKED))
        truth = owners[split.queries]
        counts = np.bincount(truth)
        for name, method in METHODS.items():
            right = method(split, vectors, owners) == truth
            people = np.bincount(truth, right)[counts > 0] / counts[counts > 0]
            found[name].append((right.mean(), people.mean()))
    return {name: 100 * np.array(shares) for name, shares in found.items()}


def line(found: dict[str, np.ndarray], column: int) -> str:
    """Means of one of the shares, and how far *auto* leads LDA."""
    ahead = found["auto"][:, column] - found["LDA"][:, column]
    error = 2 * ahead.std(ddof=1) / np.sqrt(len(ahead)) if len(ahead) > 1 else np.nan
    means = "".join(f"{found[name][:, column].mean():11.2f}" for name in METHODS)
    return f"{means}{ahead.mean():+9.2f} ± {error:.2f}"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=8)
    asked = options.parse_args()
    require(DLIB)
    require(WEAK)
    owners, made = tables()
    print(f"{'':44}{'k-NN alone':>11}{'LDA':>11}{'auto':>11}{'auto - LDA':>17}")
    for name, vectors in made.items():
        found = measure(np.ascontiguousarray(vectors, np.float32), owners, range(asked.seeds))
        for column, kind in enumerate(("of faces", "over people")):
            label = f"{name if not column else '':32}{kind:12}"
            print(label + line(found, column), flush=True)


if __name__ == "__main__":
    main()
