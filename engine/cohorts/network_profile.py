"""What the vectors of one embedding network are like, to tell whether others are made by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_ALIEN = 0.1
"""Share of faces that may look like another network's; the hardest photographs do."""
_RIDGE = 0.1
"""Weight of the mean variance in the covariance: some networks use only a part of their space."""
_CHANCE = 6.0
"""Squared distance of the middle of n people, times n; it is 1 on average."""
_LEANING = 0.2
"""Squared distance that the people of one gallery may all lean to one side."""
_RARE = 0.001
_MARGIN = 1.15
"""How much shorter or longer than the network's own vectors others may be."""
_SEED = 0


@dataclass(frozen=True, eq=False)
class NetworkProfile:
    """Mean and spread of the vectors of one network, as they are compared.

    Where vectors lie is what tells networks apart: two networks of one dimension share neither
    the mean nor the directions that they spread in. It is measured by the Mahalanobis distance
    (Mahalanobis 1936, "On the generalised distance in statistics") with a covariance shrunk
    towards its mean variance.

    Attributes:
        distance: how vectors are compared.
        mean: ``(d,)``.
        whitening: ``(d, d)``; a difference times it has unit covariance.
        least, most: what 99.9 % of the network's own faces lie above and below.
        norms: lengths of the vectors, likewise; of no weight for cosine distance.
    """

    distance: Distance
    mean: Numbers
    whitening: Numbers
    least: float
    most: float
    norms: tuple[float, float]

    @classmethod
    def of(cls, vectors: Vectors, distance: Distance) -> NetworkProfile:
        """Measure vectors as they came, ``(n, d)`` with ``n`` of at least 2.

        The limits are measured on each half by the other: on its own faces a covariance of few
        would be too narrow.
        """
        rows = prepare(vectors, distance).astype(np.float64)
        order = np.random.default_rng(_SEED).permutation(len(rows))
        halves = rows[order[::2]], rows[order[1::2]]
        away = [
            _distances(fitted, *_moments(other))
            for fitted, other in zip(halves, halves[::-1], strict=True)
        ]
        least, most = np.quantile(np.concatenate(away), [_RARE, 1 - _RARE])
        short, long = np.quantile(np.linalg.norm(rows, axis=1), [_RARE, 1 - _RARE])
        return cls(
            distance, *_moments(rows), float(least), float(most), (float(short), float(long))
        )

    def alien(self, vectors: Vectors) -> Flags:
        """Which vectors ``(n, d)``, as they came, lie where this network puts none, ``(n,)``."""
        rows = prepare(vectors, self.distance).astype(np.float64)
        away = _distances(rows, self.mean, self.whitening)
        short, long = self.norms
        lengths = np.linalg.norm(rows, axis=1)
        usual = (lengths > short / _MARGIN) & (lengths < long * _MARGIN)
        return np.asarray((away < self.least / 2) | (away > 2 * self.most) | ~usual)

    def share_alien(self, vectors: Vectors, people: Ids | None = None) -> float:
        """Share of vectors ``(n, d)`` that this network did not make, as far as can be told.

        Args:
            people: a number for the person of each, ``(n,)``. The middle of many people must then
                be that of the network too: one that spreads faces evenly in all directions puts
                none where another network puts all.
        """
        if not len(vectors):
            return 0.0
        if people is not None and self._is_off_centre(vectors, people):
            return 1.0
        return float(self.alien(vectors).mean())

    def _is_off_centre(self, vectors: Vectors, people: Ids) -> bool:
        _, place, count = np.unique(people, return_inverse=True, return_counts=True)
        means = np.zeros((len(count), vectors.shape[1]))
        np.add.at(means, place, prepare(vectors, self.distance) / count[place, None])
        middle = _distances(means.mean(axis=0, keepdims=True), self.mean, self.whitening)
        return bool(middle[0] > max(_CHANCE / len(count), _LEANING))


def _moments(rows: Numbers) -> tuple[Numbers, Numbers]:
    """Mean ``(d,)`` and whitening ``(d, d)`` of rows ``(n, d)``."""
    mean = rows.mean(axis=0)
    centred = rows - mean
    covariance = centred.T @ centred / max(len(rows) - 1, 1)
    level = max(float(np.trace(covariance)) / len(mean), 1e-12)
    covariance = (1 - _RIDGE) * covariance + _RIDGE * level * np.eye(len(mean))
    variances, directions = np.linalg.eigh(covariance)
    return mean, directions / np.sqrt(variances)


def _distances(rows: Numbers, mean: Numbers, whitening: Numbers) -> Numbers:
    """Squared Mahalanobis distances ``(n,)`` per dimension: about 1 for faces of the network."""
    whitened = (rows - mean) @ whitening
    return np.asarray(np.einsum("ij,ij->i", whitened, whitened) / len(mean))
