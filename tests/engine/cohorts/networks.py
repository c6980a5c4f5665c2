"""Made-up networks: each puts faces around a mean of its own, in directions of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.cohorts.cohort import Cohort
from engine.records.types import Vectors

DIMENSION = 32


@dataclass(frozen=True, eq=False)
class Network:
    """Maps what a face is like to a vector."""

    mean: Vectors
    mixing: Vectors

    def faces(self, count: int, seed: int) -> Vectors:
        """Faces of as many people ``(count, DIMENSION)``."""
        return self.of(np.random.default_rng(seed).normal(size=(count, len(self.mixing))))

    def of(self, features: Vectors) -> Vectors:
        """Vectors of faces with these features ``(n, DIMENSION)``."""
        return np.asarray(self.mean + features @ self.mixing, dtype=np.float32)

    def people(self, people: int, faces: int, seed: int, scatter: float = 0.35) -> Vectors:
        """Faces of some people, one person after the other."""
        random = np.random.default_rng(seed)
        each = random.normal(size=(people, len(self.mixing)))
        return self.of(
            np.repeat(each, faces, axis=0)
            + scatter * random.normal(size=(people * faces, len(self.mixing)))
        )

    def cohort(self, people: int, seed: int, name: str = "strangers") -> Cohort:
        return Cohort(name, self.faces(people, seed), np.arange(people))


def network(seed: int) -> Network:
    random = np.random.default_rng(seed)
    mean = random.normal(size=DIMENSION)
    rotation, _ = np.linalg.qr(random.normal(size=(DIMENSION, DIMENSION)))
    widths = np.geomspace(0.3, 0.03, DIMENSION)
    return Network(1.4 * mean / np.linalg.norm(mean), widths[:, None] * rotation)
