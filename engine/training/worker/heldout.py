"""How well people can be told apart in a learned space, on identities that trained nothing."""

from __future__ import annotations

import numpy as np

from engine.models.network import Network
from engine.records.training_parameters import TripletParameters
from engine.records.types import Ids, Vectors

_TRIPLETS = 8192
_MOST = 4096
"""Faces watched, about: all of them are compared with one another."""


class HeldOut:
    """Identities held out of a training.

    The triplets of the loss are drawn once, each identity as often as another, so that epochs
    can be compared to a hair.
    """

    def __init__(
        self,
        vectors: Vectors,
        labels: Ids,
        parameters: TripletParameters,
        random: np.random.Generator,
    ) -> None:
        """
        Args:
            vectors: ``(n, d)``, as they came; two identities at least, with two faces each.
            labels: ``(n,)``.
            parameters: of the training, for its margin and distance.
        """
        watched = _capped(labels, max(2, _MOST // len(np.unique(labels))))
        vectors, labels = vectors[watched], labels[watched]
        self._vectors, self._labels = vectors, labels
        self._margin, self._squared = parameters.margin, parameters.squared
        self._triplets = _triplets(labels, random)

    def measure(self, network: Network) -> tuple[float, float]:
        """Triplet loss, and the share of faces whose nearest other face is of the same person."""
        outputs = network(self._vectors)
        similar = outputs @ outputs.T
        anchors, positives, negatives = self._triplets
        near = self._distance(similar[anchors, positives])
        far = self._distance(similar[anchors, negatives])
        loss = np.maximum(near - far + self._margin, 0.0).mean()
        np.fill_diagonal(similar, -np.inf)
        hits = self._labels[similar.argmax(axis=1)] == self._labels
        return float(loss), float(hits.mean())

    def _distance(self, cosines: Vectors) -> Vectors:
        squares = np.maximum(2.0 - 2.0 * cosines, 0.0)
        return np.asarray(squares if self._squared else np.sqrt(squares))

    @property
    def faces(self) -> int:
        return len(self._labels)


def _capped(labels: Ids, most: int) -> Ids:
    """Rows of at most so many faces of each identity."""
    order = np.argsort(labels, kind="stable")
    _, first, counts = np.unique(labels[order], return_index=True, return_counts=True)
    return order[np.arange(len(order)) - np.repeat(first, counts) < most]


def _triplets(labels: Ids, random: np.random.Generator) -> tuple[Ids, Ids, Ids]:
    """Rows of anchors, other faces of the same identities, and faces of others."""
    order = np.argsort(labels, kind="stable")
    _, first, counts = np.unique(labels[order], return_index=True, return_counts=True)
    several = np.flatnonzero(counts > 1)
    group = random.choice(several, _TRIPLETS)
    start, size = first[group], counts[group]
    anchor = random.integers(0, size)
    positive = (anchor + random.integers(1, size)) % size
    negative = (start + size + random.integers(0, len(labels) - size)) % len(labels)
    return order[start + anchor], order[start + positive], order[negative]
