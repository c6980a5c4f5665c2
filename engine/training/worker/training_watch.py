"""What tells how a triplet training goes: people held out of it, and whether outputs collapse."""

from __future__ import annotations

from dataclasses import dataclass, field

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


# -- collapse --------------------------------------------------------------------------------------

NARROW = 0.3
"""Unit vectors at random lie about 1.41 apart. Where 95 % of all pairs are nearer than this, people
cannot be told apart by a margin of any use."""
STUCK = 0.05
"""With all outputs alike a triplet's loss is the margin: within this share of it, nothing is
learned."""
_EPOCHS = 3
"""One after another before it is called a collapse; a network may pass through for one or two."""
_SAMPLE = 512


@dataclass(frozen=True)
class Spread:
    """Percentiles of the distances between all pairs of a sample of outputs."""

    low: float
    middle: float
    high: float


def spread(outputs: Vectors) -> Spread:
    """5th, 50th and 95th percentile of the pairwise Euclidean distances of ``(n, o)``, n ≥ 2.

    Of at most 512 rows, evenly chosen.
    """
    rows = outputs[np.linspace(0, len(outputs) - 1, min(len(outputs), _SAMPLE)).astype(np.int64)]
    rows = rows.astype(np.float64) - rows.mean(axis=0)
    squares = np.einsum("ij,ij->i", rows, rows)
    gaps = squares[:, None] + squares[None, :] - 2.0 * rows @ rows.T
    above = gaps[np.triu_indices(len(rows), 1)]
    low, middle, high = np.percentile(np.sqrt(np.maximum(above, 0.0)), [5, 50, 95])
    return Spread(float(low), float(middle), float(high))


@dataclass
class CollapseWatch:
    """Follows a training epoch by epoch.

    The 95th percentile itself is judged, not its distance to the 5th: in many dimensions the
    distances of a sound space all lie close to 1.41, a tenth or two from one another.

    Attributes:
        margin: of the loss, in its own unit.
        alarmed: it has collapsed, now or earlier.
    """

    margin: float
    alarmed: bool = field(default=False, init=False)
    _narrow: int = field(default=0, init=False)

    @property
    def collapsed(self) -> bool:
        """Whether the last epochs were all narrow and stuck."""
        return self._narrow >= _EPOCHS

    def step(self, spread: Spread, loss: float) -> bool:
        """Take an epoch's figures; return True at the one that raises the alarm, once."""
        narrow = not spread.high >= NARROW
        stuck = not abs(loss - self.margin) > STUCK * self.margin
        self._narrow = self._narrow + 1 if narrow and stuck else 0
        first = self.collapsed and not self.alarmed
        self.alarmed = self.alarmed or self.collapsed
        return first
