"""Whether the promise about strangers is kept: all of ``data/`` enrolled, its models trained, then
every vector of people who are not among them identified by each method.

    .venv/bin/python -m benchmarks.promise [GALLERY]

GALLERY is one that holds ``data/`` and has its models trained; without it one is made and trained.
FACE_GALLERY_SHARED says where the vectors of strangers are.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.openset import Share, face_gallery
from benchmarks.options import DATA, STRANGERS, parser, require
from engine.gallery import Gallery

FPIRS = (0.1, 0.01)
DRAWS = 2_000


def trained(home: Path) -> Path:
    """A gallery of all of ``data/`` with both models trained."""
    gallery = home / "all.gallery"
    face_gallery(home, "new", gallery)
    face_gallery(home, "import", DATA, "-g", gallery)
    for model in face_gallery(home, "train", "all", "-g", gallery)["models"]:
        print(f"{model['reason']}  ({model['seconds']:.0f} s)")
    return gallery


def by_person(named: np.ndarray, names: np.ndarray) -> tuple[float, float]:
    """95 % interval of the share by bootstrap over the strangers' identities."""
    _, person, count = np.unique(names, return_inverse=True, return_counts=True)
    hits = np.bincount(person, named)
    draws = np.random.default_rng(0).integers(0, len(count), (DRAWS, len(count)))
    low, high = np.percentile(hits[draws].sum(axis=1) / count[draws].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("gallery", type=Path, nargs="?")
    gallery = options.parse_args().gallery
    require(STRANGERS)
    with np.load(STRANGERS, allow_pickle=False) as table:
        vectors, names = table["embeddings"], table["names"]
    with tempfile.TemporaryDirectory() as home:
        folder = gallery or trained(Path(home))
        with Gallery.open(folder, write=False) as opened:
            members, reason = opened.auto()
            print(f"auto is {' + '.join(members)}. {reason}")
            for method in ("auto", *opened.methods()):
                for fpir in FPIRS:
                    answers = opened.identify(vectors, method=method, fpir=fpir, top=1)
                    named = np.array([answer.verdict == "known" for answer in answers])
                    low, high = by_person(named, names)
                    missed = opened.missed(fpir, method)
                    print(
                        f"{method:8} asked {fpir:4.0%}, promised {answers[0].fpir:.1%}: "
                        f"{Share(int(named.sum()), len(named))}, by person {low:.2%} to {high:.2%}"
                        f"; known faces missed (left out) {missed:.2%}"
                    )


if __name__ == "__main__":
    main()
