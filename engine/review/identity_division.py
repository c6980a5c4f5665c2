"""Whether the faces of one identity are of several people, and whose are whose.

Faces are joined bottom up by average linkage. A division is where the last two groups of at least
two faces are joined, and its height how far they are apart on average. Every identity has one;
only what is higher than in nearly all others of the gallery speaks for several people, so that
where an embedding scatters widely nothing is divided for that.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import between

_ORDINARY = 0.95  # share of identities whose highest division is taken for one person's
_FEWEST_OTHERS = 8
_SMALLEST = 2  # faces of a group; one alone is an outlier, not a person
_STANDS_OUT = 1.5  # times as high as what is joined before
_LARGEST = 2_000
"""Faces that are joined bottom up (some 30 MB); further ones go where the nearest of these is."""


def ordinary_height(identities: Iterable[Vectors], distance: Distance) -> float | None:
    """How high a division is that one person's faces may still have.

    Args:
        identities: faces of each, prepared, ``(n, d)``.

    Returns:
        None where too few can be divided at all to say.
    """
    highest = [
        found[0] for rows in identities if len(found := _heights(*_tree(rows, distance))) > 0
    ]
    if len(highest) < _FEWEST_OTHERS:
        return None
    return float(np.quantile(highest, _ORDINARY, method="higher"))


def clear_height(rows: Vectors, distance: Distance) -> float | None:
    """How high a division is that plainly stands out, where no other identities tell.

    Of 158 people it finds 1 % to be several, and of mixtures of two to four of them 94 %; where
    an embedding scatters so widely that people run into one another it tells nothing.

    Args:
        rows: prepared faces, ``(n, d)``.

    Returns:
        A height below all divisions that stand out; None where none does.
    """
    children, joined = _tree(rows, distance)
    heights = _heights(children, joined)
    if not len(heights):
        return None
    upper = np.sort(joined)[len(joined) // 2 - 1 :]
    steps = upper[1:] / np.maximum(upper[:-1], 1e-9)
    steps[~np.isin(upper[1:], heights)] = 0
    place = int(steps.argmax())
    return float(upper[place]) if steps[place] >= _STANDS_OUT else None


def divided(
    rows: Vectors, distance: Distance, *, ordinary: float | None, count: int | None = None
) -> Ids:
    """The group of each face ``(n,)``, numbered from 0, the largest first.

    Args:
        rows: prepared faces of one identity, ``(n, d)``.
        ordinary: what :func:`ordinary_height` says; None leaves them in one group.
        count: so many groups, or fewer where one would have a single face; None as many as
            ``ordinary`` says.
    """
    if len(rows) > _LARGEST:
        joined_rows = np.linspace(0, len(rows) - 1, _LARGEST).astype(np.int64)
        groups = divided(rows[joined_rows], distance, ordinary=ordinary, count=count)
        return _by_size(groups[between(rows, rows[joined_rows], distance).argmin(axis=1)])
    children, joined = _tree(rows, distance)
    heights = _heights(children, joined)
    if count is None:
        count = 1 if ordinary is None else 1 + int((heights > ordinary).sum())
    divisions = min(count - 1, len(heights))
    if divisions < 1:
        return np.zeros(len(rows), dtype=np.int64)
    labels = _cut(rows, distance, float(heights[divisions - 1]))
    return _by_size(_without_single(labels, between(rows, rows, distance)))


def _tree(rows: Vectors, distance: Distance) -> tuple[Ids, npt.NDArray[np.float64]]:
    """What is joined, ``(n - 1, 2)``, and how far apart it is, ascending."""
    if len(rows) < 2 * _SMALLEST:
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    model = _linkage(0.0).fit(between(rows, rows, distance))
    return model.children_, model.distances_


def _cut(rows: Vectors, distance: Distance, height: float) -> Ids:
    """Groups that are nearer to one another than ``height`` are one."""
    labels = _linkage(height).fit_predict(between(rows, rows, distance))
    return np.asarray(labels, dtype=np.int64)


def _linkage(height: float):  # type: ignore[no-untyped-def]  # of a library without types
    from sklearn.cluster import AgglomerativeClustering

    return AgglomerativeClustering(
        n_clusters=None, distance_threshold=height, metric="precomputed", linkage="average"
    )


def _heights(children: Ids, joined: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Heights of all divisions, the highest first."""
    sizes = np.ones(2 * len(children) + 1, dtype=np.int64)
    divides = np.zeros(len(children), dtype=bool)
    for row, pair in enumerate(children):
        sizes[len(children) + 1 + row] = sizes[pair].sum()
        divides[row] = sizes[pair].min() >= _SMALLEST
    return np.sort(joined[divides])[::-1]


def _without_single(labels: Ids, distances: Vectors) -> Ids:
    """Groups that are too small go where they are nearest on average."""
    sizes = np.bincount(labels)
    large = np.flatnonzero(sizes >= _SMALLEST)
    means = np.stack([distances[:, labels == group].mean(axis=1) for group in large], axis=1)
    return np.where(sizes[labels] >= _SMALLEST, labels, large[means.argmin(axis=1)])


def _by_size(labels: Ids) -> Ids:
    """Numbered anew, the largest group first; equal ones by their first face."""
    groups, first, inverse, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(groups), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(groups))
    return rank[inverse]
