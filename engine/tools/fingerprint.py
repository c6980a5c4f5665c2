"""Which network made a gallery's embeddings, as far as the vectors themselves tell.

Two networks of one dimension give vectors that cannot be compared. They betray themselves by
the direction that all faces of one network share and, where the distance heeds it, by their length.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

import numpy as np

from engine.errors import MismatchError
from engine.records.parsing import checked, parsed
from engine.types import Distance, Ids, Rows

_NORM_TOLERANCE = 0.15
_SHARED_DIRECTION = 0.5
SAMPLE = 2_000
_ENOUGH = 20
_REMEDY = "Use the network that made this gallery, or put them in a gallery of their own."


@dataclass(frozen=True)
class Fingerprint:
    """What the faces of one network have in common.

    Attributes:
        dimension: length of the vectors.
        count: how many faces it was measured on; under 20 it refuses nothing.
        people: how many identities they belong to. The means of a few people share a direction
            by chance, so only a direction beyond that refuses anything.
        norm_low, norm_high: 1st and 99th percentile of their L2 norms.
        direction: mean over identities of the vectors at unit length, ``d`` numbers; its own
            length tells how much of a direction they share (0 none, 1 all the same).
    """

    dimension: int
    count: int
    people: int
    norm_low: float
    norm_high: float
    direction: tuple[float, ...]

    @classmethod
    def of(cls, vectors: Rows, owners: Ids | None = None, count: int | None = None) -> Fingerprint:
        """Measures some 2,000 evenly spaced rows of ``(n, d)``, n at least 1.

        Args:
            owners: identity of each row ``(n,)``, so that each counts once; one person for None.
            count: how many faces the rows stand for, where they are a sample themselves.
        """
        every = max(1, len(vectors) // SAMPLE)
        sample = vectors[::every].astype(np.float64)
        norms = np.linalg.norm(sample, axis=1)
        low, high = np.percentile(norms, [1, 99])
        whose = np.zeros(len(sample), dtype=np.int64) if owners is None else owners[::every]
        _, place, faces = np.unique(whose, return_inverse=True, return_counts=True)
        means = np.zeros((len(faces), vectors.shape[1]))
        np.add.at(means, place, sample / norms[:, None] / faces[place, None])
        direction = tuple(np.round(means.mean(axis=0), 5).tolist())
        stands_for = len(vectors) if count is None else count
        return cls(vectors.shape[1], stands_for, len(faces), float(low), float(high), direction)

    def check(self, other: Fingerprint, distance: Distance) -> None:
        """Whether both can be of one network, as far as a distance tells them apart.

        Cosine distance ignores how long vectors are, and so does this check where it is used.

        Raises:
            MismatchError: ``other`` was plainly made by another network.
        """
        if self.count < _ENOUGH:
            return
        middle = (other.norm_low + other.norm_high) / 2
        low, high = self.norm_low * (1 - _NORM_TOLERANCE), self.norm_high * (1 + _NORM_TOLERANCE)
        if distance == "euclidean" and not low <= middle <= high:
            raise MismatchError(
                f"These vectors have length {middle:.3g}, the gallery's have "
                f"{self.norm_low:.3g} to {self.norm_high:.3g}: another embedding network made them",
                remedy=_REMEDY,
            )
        mine, theirs = np.array(self.direction), np.array(other.direction)
        shared = float(np.linalg.norm(mine))
        by_chance = 2 / math.sqrt(self.people)  # twice the length of a mean of random directions
        if shared > max(_SHARED_DIRECTION, by_chance) and float(mine @ theirs) < 0.5 * shared**2:
            raise MismatchError(
                "These vectors point another way than all faces of the gallery: "
                "another embedding network made them",
                remedy=_REMEDY,
            )

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Fingerprint | None:
        """None where the text is damaged: it is measured anew."""
        try:
            values = parsed(text)
            kept = checked(cls(**{**values, "direction": tuple(values["direction"])}))
        except (ValueError, KeyError, TypeError):
            return None
        return kept if kept._is_sound() else None

    def _is_sound(self) -> bool:
        """Whether it can be that of some faces."""
        return (
            1 <= self.people <= self.count
            and 0 <= self.norm_low <= self.norm_high < math.inf
            and len(self.direction) == self.dimension
            and all(abs(share) <= 1.01 for share in self.direction)  # each is rounded
        )
