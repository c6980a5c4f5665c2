"""A cohort: faces of many people who are enrolled nowhere, as one network sees them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.models.arrays import BROKEN, read_npz
from engine.records.types import Ids, Vectors
from engine.utils.files import write_atomically

FEWEST = 50
"""People in a cohort: with fewer no promise follows that a gallery cannot make itself."""
MOST = 1_000_000
"""Faces in a cohort."""
_LONGEST_NAME = 200
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Cohort:
    """Strangers by whom thresholds are set.

    A cohort has long served score normalisation and threshold setting in speaker verification
    (Auckenthaler, Carey and Lloyd-Thomas 2000, "Score normalization for text-independent speaker
    verification systems"); here it is searched like any query, and its best scores are those of
    the non-mated searches.

    Attributes:
        name: what a person calls it.
        vectors: as the network gives them, float32 ``(n, d)``.
        people: a number for the person of each face, ``(n,)``.
        parts: ids of those that it was joined from.
    """

    name: str
    vectors: Vectors
    people: Ids
    parts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])

    @cached_property
    def count(self) -> int:
        """How many people there are."""
        return len(np.unique(self.people))

    @cached_property
    def id(self) -> str:
        """Hash of the faces and whose they are, whatever the cohort is called; of a joined one
        those of its parts.
        """
        if self.parts:
            return "+".join(self.parts)
        digest = hashlib.sha256(np.ascontiguousarray(self.vectors).tobytes())
        digest.update(np.ascontiguousarray(self.people, dtype=np.int64).tobytes())
        return digest.hexdigest()

    @classmethod
    def joined(cls, cohorts: Sequence[Cohort]) -> Cohort:
        """The faces of several cohorts of one network as those of one; each face once."""
        vectors = np.concatenate([cohort.vectors for cohort in cohorts])
        starts = np.cumsum([0, *(int(cohort.people.max()) + 1 for cohort in cohorts)])
        people = np.concatenate(
            [cohort.people + start for cohort, start in zip(cohorts, starts, strict=False)]
        )
        _, first = np.unique(vectors, axis=0, return_index=True)
        kept = np.sort(first)
        name = ", ".join(cohort.name for cohort in cohorts)
        return cls(name, vectors[kept], people[kept], tuple(cohort.id for cohort in cohorts))

    def rounded(self) -> Cohort:
        """This cohort as it is read again after it was saved."""
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            vectors = self.vectors.astype(np.float16).astype(np.float32)
        return replace(self, vectors=vectors)

    def save(self, path: Path) -> None:
        """Write an ``.npz`` with half-precision numbers: thresholds move by less than 0.002.

        Raises:
            OSError: the disk refuses it.
        """
        write_atomically(
            path,
            lambda stream: np.savez(
                stream,
                format=_FORMAT,
                name=self.name,
                embeddings=self.vectors.astype(np.float16),
                people=self.people.astype(np.int32),
            ),
        )

    @classmethod
    def load(cls, path: Path) -> Cohort:
        """Read what :meth:`save` wrote.

        Raises:
            InputError: absent, damaged, or no cohort.
        """
        try:
            arrays = read_npz(path)
            if int(arrays["format"]) != _FORMAT:
                raise ValueError("written by another version")
            vectors, people = arrays["embeddings"], arrays["people"]
            if vectors.dtype != np.float16 or people.dtype != np.int32:
                raise ValueError("values of another type")
            made = cls(str(arrays["name"]), vectors.astype(np.float32), people.astype(np.int64))
            made.check()
        except BROKEN as error:
            raise InputError(
                f"This is not a cohort that can be read ({str(error) or type(error).__name__})",
                file=path,
                remedy="Import its faces again with `face-gallery cohort import`.",
            ) from error
        return made

    def check(self) -> None:
        """Raise ValueError where it is no cohort."""
        vectors, people = self.vectors, self.people
        if vectors.ndim != 2 or people.shape != (len(vectors),):
            raise ValueError("its parts do not fit")
        if len(vectors) > MOST:
            raise ValueError(f"more than {MOST:,} faces are too many")
        if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise ValueError("some rows are no embeddings")
        if people.min(initial=0) < 0 or self.count < FEWEST:
            raise ValueError(f"faces of {FEWEST} people or more are needed")
        if not self.name.isprintable() or not 0 < len(self.name) <= _LONGEST_NAME:
            raise ValueError("its name cannot be shown")
