"""When the learning rate goes down and when to stop: by the validation loss, or by the clock."""

from __future__ import annotations

import math


class Schedule:
    """Halves the rate on a plateau and stops when patience ends.

    Attributes:
        rate: of the next epoch.
        best: the lowest loss so far, infinity before the first.
        improved: the last step brought the lowest loss so far; its weights are worth keeping.
        stop: patience ended, or the loss is no longer a number.
    """

    def __init__(
        self,
        rate: float,
        plateau: int,
        patience: int,
        *,
        factor: float = 0.5,
        least: float = 0.01,
        gain: float = 1e-4,
    ) -> None:
        """
        Args:
            plateau: epochs without a better loss before the rate goes down; 0 never.
            patience: epochs without a better loss before it stops; 0 never.
            factor: by which the rate goes down.
            least: share of the first rate below which it never goes.
            gain: share of the best loss by which another must be lower to end a plateau.
        """
        self.rate = rate
        self.best = math.inf
        self.improved = False
        self.stop = False
        self._least = rate * least
        self._plateau, self._patience = plateau, patience
        self._factor, self._gain = factor, gain
        self._mark = math.inf
        self._idle = 0
        self._flat = 0

    def step(self, loss: float) -> bool:
        """Take the validation loss of an epoch; return :attr:`improved`."""
        self.improved = loss < self.best
        if self.improved:
            self.best = loss
        if loss < self._mark - self._gain * abs(loss):
            self._mark = loss
            self._idle = self._flat = 0
        else:
            self._idle += 1
            self._flat += 1
        if self._plateau and self._flat >= self._plateau:
            self.rate = max(self.rate * self._factor, self._least)
            self._flat = 0
        self.stop = not math.isfinite(loss) or bool(self._patience and self._idle >= self._patience)
        return self.improved


class Falling:
    """The whole rate for half of the epochs, then evenly down to nothing, for a training that has
    no time to wait for plateaus.

    Attributes:
        rate, stop: as of :class:`Schedule`.
    """

    def __init__(self, rate: float, epochs: int) -> None:
        self.rate = rate
        self.stop = False
        self._first, self._epochs, self._epoch = rate, epochs, 0
        self._best = math.inf

    def step(self, loss: float) -> bool:
        """Take the validation loss of an epoch; return whether it is the lowest so far."""
        self._epoch += 1
        left = 1 - (self._epoch + 0.5) / self._epochs
        self.rate = self._first * min(max(2 * left, 0.0), 1.0)
        self.stop = not math.isfinite(loss)
        improved = loss < self._best
        self._best = min(loss, self._best) if math.isfinite(loss) else self._best
        return improved
