"""Fits ``benchmarks/faces.npz``, from which made-up faces are drawn, on the real faces beside the
project (FACE_GALLERY_SHARED says where; its README tells how they were made).

    .venv/bin/python -m benchmarks.fitting [--to FILE.npz]

Two-covariance moments: the covariance within people from the 158 who have ten faces or more, each
face scaled up by what its share in its own mean takes away; the covariance between people from one
face of each of the 2,795 others, less the covariance within.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.common import SHARED, STRANGERS, parser, require
from benchmarks.generator import FITTED, Array, Counts, Statistics

FACES = SHARED / "lfw-158-dlib.npz"
MANY = 50  # faces of a person whose own covariance says something
QUANTILES = 101
KINDS, ALIKE = 32, 0.3
"""Set by hand: with them the nearest of 2,795 people with one face each are as near as the real
ones, and fill as many dimensions."""
ASTRAY = 0.012
"""Set by hand: with it the nearest neighbour errs as often as in the real set (0.6 %)."""


def fit(faces: Array, owners: Counts, strangers: Array) -> Statistics:
    """Statistics of faces ``(n, d)`` of people ``(n,)``, numbered from 0, and of strangers
    ``(m, d)``, one face each.
    """
    counts = np.bincount(owners)
    means = np.stack([faces[owners == one].mean(axis=0) for one in range(len(counts))])
    scatter = (faces - means[owners]) / np.sqrt(1 - 1 / counts[owners])[:, None]
    within = scatter.T @ scatter / len(scatter)
    squares = np.einsum("ij,ij->i", scatter, scatter)
    widths = np.sqrt(np.bincount(owners, squares) / counts)
    logs = np.log(widths / np.sqrt(np.trace(within)))
    return Statistics(
        mean=strangers.mean(axis=0),
        between=np.cov(strangers.T) - within,
        within=within,
        spread=np.array([logs.mean(), logs.std()]),
        radii=np.quantile(np.sqrt(squares) / widths[owners], np.linspace(0, 1, QUANTILES)),
        directions=_directions(scatter, owners, within),
        kinds=KINDS,
        alike=ALIKE,
        astray=ASTRAY,
    )


def _directions(scatter: Array, owners: Counts, within: Array) -> int:
    """Degrees of freedom of the Wishart distribution of people's own covariances.

    For a Wishart draw of f degrees, seen through n normal faces, the share ``tr(C²) / tr(C)²``
    lies above that of the covariance itself by about 1 / f + 1 / n; f is the median over people.
    """
    found = []
    for person in np.flatnonzero(np.bincount(owners) >= MANY).tolist():
        some = scatter[owners == person]
        found.append(_share(np.cov(some.T)) - _share(within) - 1 / len(some))
    return round(1 / float(np.median(found)))


def _share(covariance: Array) -> float:
    """1 / (the number of directions that count), the participation ratio's inverse."""
    return float((covariance**2).sum() / np.trace(covariance) ** 2)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--to", type=Path, default=FITTED)
    to = options.parse_args().to
    for file in (FACES, STRANGERS):
        require(file)
    with np.load(FACES) as archive:
        faces = archive["embeddings"].astype(np.float64)
        _, owners = np.unique(archive["names"], return_inverse=True)
    with np.load(STRANGERS) as archive:
        _, first = np.unique(archive["names"], return_index=True)
        strangers = archive["embeddings"][first].astype(np.float64)
    found = fit(faces, owners, strangers)
    found.save(to)
    print(f"directions {found.directions}, spread {found.spread}, radii {found.radii[::25]}")


if __name__ == "__main__":
    main()
