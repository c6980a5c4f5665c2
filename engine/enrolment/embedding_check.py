"""Whether faces come from the gallery's embedding network, and a file's from one person."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from engine.cohorts.cohort_library import bundled_cohort
from engine.errors import GalleryError, MismatchError
from engine.formats.checks import check_vectors, usable
from engine.photos.network_files import DIMENSION, NETWORK, require_readable_photographs
from engine.records.domains import checked, parsed
from engine.records.types import Distance, FaceBatch, Ids, Rows, Vectors
from engine.review.identity_division import clear_height, divided, ordinary_height
from engine.store import Store
from engine.utils.distances import prepare
from engine.utils.ignoring import ignored

_NETWORK = "network"
"""Setting: the fingerprint of the network that made the faces, where it is known."""
_NORM_TOLERANCE = 0.15
_SHARED_DIRECTION = 0.5
SAMPLE = 2_000
_ENOUGH = 20
_REMEDY = "Use the network this gallery was made with, or put them in a separate gallery."


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
        """Measure some 2,000 evenly spaced rows of ``(n, d)``, n at least 1.

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
                f"These embeddings have length {middle:.3g}, the gallery's have "
                f"{self.norm_low:.3g} to {self.norm_high:.3g}: they come from another embedding "
                "network",
                remedy=_REMEDY,
            )
        mine, theirs = np.array(self.direction), np.array(other.direction)
        shared = float(np.linalg.norm(mine))
        by_chance = 2 / math.sqrt(self.people)  # twice the length of a mean of random directions
        if shared > max(_SHARED_DIRECTION, by_chance) and float(mine @ theirs) < 0.5 * shared**2:
            raise MismatchError(
                "These embeddings point in a different direction from all faces in the gallery: "
                "they come from another embedding network",
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


_REMEASURE_BELOW = 500  # a fingerprint of fewer faces is measured anew when faces come in
_FEW_PEOPLE = 20  # likewise one of fewer people


class EmbeddingCheck:
    """The fingerprint of one gallery, kept among its settings."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, batch: FaceBatch) -> None:
        """Whether a batch can be enrolled here.

        Raises:
            MismatchError: another dimension or network. EmbeddingError: a row is no embedding.
        """
        check_vectors(batch.vectors[:], dimension=self._store.dimension)
        self.check_network(batch)

    def check_photographs(self) -> None:
        """Whether faces found in photographs compare with those of this gallery.

        That is so where they were found in photographs themselves, where a person said so, and
        where they lie as the network's vectors do.

        Raises:
            PhotographsMissingError: what finds faces is not installed.
            MismatchError: another network made them.
        """
        require_readable_photographs()
        if self._store.dimension != DIMENSION:
            raise MismatchError(
                f"Faces in photographs become {DIMENSION} numbers each, those of this gallery "
                f"have {self._store.dimension}",
                remedy="Create a gallery for photographs, or use embeddings.",
            )
        known = self._store.settings.get(_NETWORK)
        if known is None and not self._is_of_photographs():
            raise MismatchError(
                "The faces of this gallery were made by another network than the one for "
                "photographs: they cannot be compared",
                remedy="Create a gallery for photographs, or use embeddings of the same network.",
            )
        if known is not None and known != NETWORK:
            raise MismatchError(
                "The faces of this gallery were found in photographs by another version of the "
                "network",
                remedy="Open it with the version of Face Gallery that found them.",
            )

    def remember_photographs(self) -> None:
        """Note that the faces of this gallery were made by the network for photographs."""
        if self._store.settings.get(_NETWORK) is None:
            self._store.settings.set(_NETWORK, NETWORK)

    def _is_of_photographs(self) -> bool:
        """Whether the enrolled faces lie as the vectors of the network for photographs do."""
        _, owners, vectors = self._store.faces.vectors(self._store.faces.evenly_spaced(SAMPLE))
        if not len(vectors):
            return True
        return bundled_cohort(vectors, owners, self._store.distance) is not None

    def check_network(self, batch: FaceBatch) -> None:
        """Whether sound vectors of the right dimension can be. Raise MismatchError."""
        known = self._known()
        if known is None or not len(batch):
            return
        try:
            known.check(Fingerprint.of(batch.vectors), self._store.distance)
        except MismatchError as error:
            raise MismatchError(error.problem, file=batch.files[0], remedy=error.remedy) from None

    def remember(self) -> None:
        """Measure anew what vectors of this gallery are like, while it is small.

        Called when faces are in: a disk that refuses this has not refused them.
        """
        with ignored(GalleryError):  # it is measured when the next ones come
            kept = self._store.settings.get("fingerprint")
            known = None if kept is None else Fingerprint.from_json(kept)
            if known is None or known.count < _REMEASURE_BELOW or known.people < _FEW_PEOPLE:
                measured = self._measured()
                if measured is not None:
                    self._store.settings.set("fingerprint", measured.to_json())

    def _known(self) -> Fingerprint | None:
        kept = self._store.settings.get("fingerprint")
        if kept is not None:
            return Fingerprint.from_json(kept)
        return self._measured()  # somebody was erased, and it with them

    def _measured(self) -> Fingerprint | None:
        """Of a sample of the enrolled faces; None where there is none."""
        _, owners, vectors = self._store.faces.vectors(self._store.faces.evenly_spaced(SAMPLE))
        faces = self._store.people.counts()[1]
        return Fingerprint.of(vectors, owners, faces) if len(vectors) else None


# -- files of several people ----------------------------------------------------------------------

_FILES = 20  # of one import that are looked at
_FACES = 500  # of each
_OTHERS = 100  # identities that tell how one person's faces scatter
_THEIR_FACES = 30


def mixed_files(store: Store, files: Sequence[tuple[str, Rows]]) -> tuple[str, ...]:
    """Sentences on those whose faces fall into several groups.

    Args:
        files: path and vectors ``(n, d)`` of each.
    """
    if not files:
        return ()
    ordinary = ordinary_height(_prepared_faces(store), store.distance)
    said = []
    for path, vectors in files[:_FILES]:
        some = vectors[:: max(1, len(vectors) // _FACES)]
        rows = prepare(some[usable(some)], store.distance)
        height = clear_height(rows, store.distance) if ordinary is None else ordinary
        groups = 1 + int(divided(rows, store.distance, ordinary=height).max(initial=0))
        if groups > 1:
            said.append(
                f"{path}: {len(vectors):,} faces in one file become one person, but they form "
                f"{groups} groups. If these are several people, provide their names in a table or "
                "an array."
            )
    return tuple(said)


def _prepared_faces(store: Store) -> list[Vectors]:
    """Prepared faces of the identities that have most."""
    faces, owners = store.faces.membership()
    known, counts = np.unique(owners, return_counts=True)
    chosen = known[np.argsort(-counts, kind="stable")[:_OTHERS]]
    found = []
    for identity in chosen.tolist():
        vectors = store.faces.vectors(faces[owners == identity][:_THEIR_FACES])[2]
        found.append(prepare(vectors, store.distance))
    return found
