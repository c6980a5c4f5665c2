"""How alike two people, or two faces, are: every distance, and what distances are usual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.records.types import Ids, Vectors

_FEWEST_PAIRS = 20


@dataclass(frozen=True, eq=False)
class Usual:
    """What distances are usual between two faces in a gallery, of one person and of two.

    Attributes:
        own, other: distances, ascending.
        people: whose faces were compared.
    """

    own: Vectors
    other: Vectors
    people: int

    def false_non_match(self, distance: float) -> float:
        """Share of the pairs of one person that are farther apart than this."""
        return 1.0 - float(np.searchsorted(self.own, distance, side="right")) / len(self.own)

    def false_match(self, distance: float) -> float:
        """Share of the pairs of two people that are at most so far apart."""
        return float(np.searchsorted(self.other, distance, side="right")) / len(self.other)

    @property
    def threshold(self) -> float:
        """The distance at which both errors are equally frequent (equal error rate)."""
        at = self.own
        gap = np.abs(
            (1.0 - np.searchsorted(self.own, at, side="right") / len(self.own))
            - np.searchsorted(self.other, at, side="right") / len(self.other)
        )
        return float(at[int(gap.argmin())])

    @property
    def is_enough(self) -> bool:
        """Whether there were pairs enough to judge by."""
        return min(len(self.own), len(self.other)) >= _FEWEST_PAIRS


@dataclass(frozen=True, eq=False)
class Similarity:
    """Two sets of faces, each face of the one against each of the other.

    Attributes:
        one, other: face ids ``(m,)`` and ``(n,)``, in order of enrolment.
        distances: ``(m, n)``, in the gallery's distance; NaN for a face against itself.
        closest, furthest: pairs of face ids with their distance, the most telling first.
        usual: what distances are usual in this gallery.
    """

    one: Ids
    other: Ids
    distances: Vectors
    closest: tuple[tuple[int, int, float], ...]
    furthest: tuple[tuple[int, int, float], ...]
    usual: Usual

    @property
    def median(self) -> float:
        """Of the distances; NaN where there is none."""
        known = self.distances[np.isfinite(self.distances)]
        return float(np.median(known)) if len(known) else float("nan")

    @property
    def same(self) -> bool | None:
        """Whether the median distance speaks for one person; None where nothing is usual yet."""
        if not self.usual.is_enough or np.isnan(self.median):
            return None
        return self.median <= self.usual.threshold
