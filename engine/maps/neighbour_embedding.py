"""UMAP and t-SNE. Only the map's own process imports their libraries: they take seconds to load.

UMAP: McInnes, Healy, Melville 2018, "UMAP: Uniform Manifold Approximation and Projection".
t-SNE: van der Maaten and Hinton 2008, with the interpolation of Linderman et al. 2019, by openTSNE
(Poličar, Stražar, Zupan 2024).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.maps.neighbour_graph import neighbours_of_all
from engine.maps.principal_components import Principal
from engine.progress import Reporter
from engine.records.types import Distance, Neighbours, Vectors

_UMAP_NEIGHBOURS = 15
_LOOSE = 0.5
"""How far apart UMAP puts near faces: with its usual 0.1 a person becomes one dot."""
_PERPLEXITY = 30
_TSNE_ROUNDS = 750  # openTSNE: 250 exaggerated, 500 not
_TSNE_STEP = 10
_FEWEST = 4
"""Faces below which there is nothing to lay out; their principal components are shown."""

Progress = Callable[[int, int], None]


def laid_out(
    method: str,
    vectors: Vectors,
    distance: Distance,
    dimensions: int,
    seed: int,
    reporter: Reporter,
) -> Vectors:
    """Points ``(n, dimensions)`` of prepared vectors ``(n, d)``; the same seed, the same points.

    Raises:
        CancelledError: through the reporter.
    """
    start = Principal.fit([vectors], dimensions)(vectors)
    if len(vectors) < _FEWEST:
        return start
    wanted = min(len(vectors) - 1, _UMAP_NEIGHBOURS if method == "umap" else 3 * _PERPLEXITY)
    found = neighbours_of_all(vectors, distance, wanted, reporter)
    make = _umap if method == "umap" else _tsne
    start = _shaken(start, seed)
    points = make(vectors, found, start, seed, lambda at, of: reporter.progress(_STAGE, at, of))
    return np.ascontiguousarray(points, dtype=np.float32)


_STAGE = "Computing layout"


def _umap(
    vectors: Vectors, found: Neighbours, start: Vectors, seed: int, progress: Progress
) -> Vectors:
    import umap

    rows = np.arange(len(vectors))[:, None]
    with_itself = np.hstack([rows, found.ids]).astype(np.int32)
    distances = np.hstack([np.zeros(rows.shape), found.distances]).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no faces can be added: we place them
        model = umap.UMAP(
            n_neighbors=with_itself.shape[1],
            n_components=start.shape[1],
            min_dist=_LOOSE,
            init=_small(start, 10.0),
            random_state=seed,
            n_jobs=1,  # more threads give another picture each time
            precomputed_knn=(with_itself, distances, None),
            verbose=True,  # else it tells no progress
            tqdm_kwds={"file": _Ticks(progress), "bar_format": "{n_fmt} {total_fmt} "},
        )
        return np.asarray(model.fit_transform(vectors))


def _tsne(
    vectors: Vectors, found: Neighbours, start: Vectors, seed: int, progress: Progress
) -> Vectors:
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    rounds = 0

    def told(*_: Any) -> None:
        nonlocal rounds
        rounds += _TSNE_STEP
        progress(min(rounds, _TSNE_ROUNDS), _TSNE_ROUNDS)

    affinities = PerplexityBasedNN(
        perplexity=min(_PERPLEXITY, found.ids.shape[1] / 3),
        knn_index=PrecomputedNeighbors(found.ids, found.distances.astype(np.float64)),
        random_state=seed,
    )
    model = openTSNE.TSNE(
        n_components=start.shape[1],
        random_state=seed,
        negative_gradient_method="fft" if _worth_a_grid(start) else "bh",
        callbacks=told,
        callbacks_every_iters=_TSNE_STEP,
        n_jobs=1,
    )
    return np.asarray(model.fit(affinities=affinities, initialization=_small(start, 1e-4)))


def _worth_a_grid(start: Vectors) -> bool:
    """The interpolation knows two dimensions only, and pays from some thousand faces on."""
    return start.shape[1] == 2 and len(start) >= 10_000


def _shaken(start: Vectors, seed: int) -> Vectors:
    """A little away from the principal components: t-SNE heeds its seed nowhere else."""
    noise = np.random.default_rng(seed).normal(size=start.shape)
    return np.asarray(start + 0.01 * start.std() * noise, dtype=np.float32)


def _small(start: Vectors, width: float) -> Vectors:
    """The principal components, as wide as the method likes to start from."""
    scale = float(np.abs(start).max()) if width > 1 else float(start[:, 0].std())
    return np.asarray(start * (width / max(scale, 1e-12)), dtype=np.float64)


class _Ticks:
    """What tqdm takes for a terminal: hears its "7 500" and tells it on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def write(self, text: str) -> None:
        numbers = [part for part in text.replace("\r", " ").split() if part.isdecimal()]
        if len(numbers) == 2:
            self._progress(int(numbers[0]), int(numbers[1]))

    def flush(self) -> None:
        pass
