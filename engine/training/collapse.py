"""Notices that a triplet network maps every face to nearly the same point."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.types import Vectors

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
        """Takes an epoch's figures; True at the one that raises the alarm, once."""
        narrow = not spread.high >= NARROW
        stuck = not abs(loss - self.margin) > STUCK * self.margin
        self._narrow = self._narrow + 1 if narrow and stuck else 0
        first = self.collapsed and not self.alarmed
        self.alarmed = self.alarmed or self.collapsed
        return first
