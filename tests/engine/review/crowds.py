"""Made-up people whose labels are known to be right, and what can be planted among them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from engine.records.findings import KINDS, Kind, Review
from engine.records.types import Distance, Ids, Vectors
from engine.review.gallery_review import review
from engine.review.review_faces import Decided, ReviewFaces

DIMENSION = 24
FIRST_FACE, FIRST_IDENTITY = 100, 7
NOBODY: Vectors = 2 * np.random.default_rng(9).normal(size=DIMENSION).astype(np.float32)
"""A vector that is nobody's."""


@dataclass(frozen=True)
class Crowd:
    """A gallery in memory. Ids of faces and identities are no row numbers, as in a real one."""

    ids: Ids
    owners: Ids
    vectors: Vectors
    distance: Distance = "cosine"
    decided: Decided = field(default_factory=Decided)

    @classmethod
    def of(
        cls, counts: Collection[int], *, seed: int = 0, spread: float = 0.3,
        distance: Distance = "cosine",
    ) -> Crowd:  # fmt: skip
        """People with so many faces each, well apart."""
        random = np.random.default_rng(seed)
        owners = np.repeat(np.arange(len(counts)), list(counts))
        centres = random.normal(size=(len(counts), DIMENSION))
        noise = spread * random.normal(size=(len(owners), DIMENSION))
        vectors = (centres[owners] + noise).astype(np.float32)
        ids = np.arange(len(owners), dtype=np.int64) + FIRST_FACE
        return cls(ids, owners + FIRST_IDENTITY, vectors, distance)

    def review(self, *kinds: Kind) -> Review:
        names = {int(owner): f"P{owner}" for owner in self.owners}
        faces = ReviewFaces.of(
            self.ids, self.owners, self.vectors, self.distance, names, self.decided
        )
        return review(faces, kinds or KINDS)

    def row(self, person: int, face: int = 0) -> int:
        """Row of a person's face, both by number from 0."""
        return int(np.flatnonzero(self.owners == person + FIRST_IDENTITY)[face])

    def renamed(self, row: int, person: int) -> Crowd:
        """The same with a face under another person's name."""
        owners = self.owners.copy()
        owners[row] = person + FIRST_IDENTITY
        return replace(self, owners=owners)

    def with_vector(self, row: int, vector: Vectors) -> Crowd:
        """The same with another vector in a row."""
        vectors = self.vectors.copy()
        vectors[row] = vector
        return replace(self, vectors=vectors)

    def split(self, person: int, faces: int) -> Crowd:
        """The same with the first faces of a person under a new name."""
        owners = self.owners.copy()
        owners[np.flatnonzero(owners == person + FIRST_IDENTITY)[:faces]] = owners.max() + 1
        return replace(self, owners=owners)

    def after(self, **decided: frozenset) -> Crowd:
        """The same with something that a person said."""
        return replace(self, decided=replace(self.decided, **decided))
