"""How alike two people, or two faces, are: every distance, and what a distance is worth here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import InputError, UnknownIdentityError
from engine.records.similarity import Similarity, Usual
from engine.records.types import Distance, Ids, Vectors
from engine.store import Store
from engine.utils.distances import between, prepare

MOST_FACES = 200
"""Faces of a side that are compared; of more, as many that are spread over the enrolment."""
_PAIRS = 5
_PEOPLE = 1_500
"""People whose faces say what distances are usual; of more, a sample."""
_FACES_EACH = 12


def usual_distances(store: Store, seed: int = 0) -> Usual:
    """Measure which distances are usual between two faces of a gallery."""
    faces, owners = store.faces.membership()
    random = np.random.default_rng(seed)
    people = np.unique(owners)
    if len(people) > _PEOPLE:
        people = np.sort(random.choice(people, _PEOPLE, replace=False))
    rows = np.flatnonzero(np.isin(owners, people))
    rows = random.permutation(rows)
    rows = rows[np.argsort(owners[rows], kind="stable")]
    _, first, counts = np.unique(owners[rows], return_index=True, return_counts=True)
    rows = rows[np.arange(len(rows)) - np.repeat(first, counts) < _FACES_EACH]
    _, owned, vectors = store.faces.vectors(np.sort(faces[rows]))
    return _usual(prepare(vectors, store.distance), owned, store.distance, random)


def _usual(rows: Vectors, owners: Ids, distance: Distance, random: np.random.Generator) -> Usual:
    """Every pair within people, and each face against some of other people."""
    own, other = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    order = np.argsort(owners, kind="stable")
    rows, owners = rows[order], owners[order]
    people, first, counts = np.unique(owners, return_index=True, return_counts=True)
    for start, count in zip(first.tolist(), counts.tolist(), strict=True):
        mine = rows[start : start + count]
        own.append(between(mine, mine, distance)[np.triu_indices(count, 1)])
        if len(people) > 1:
            others = random.integers(0, len(rows) - count, 40)
            others = np.where(others >= start, others + count, others)
            other.append(between(mine, rows[others], distance).ravel())
    return Usual(np.sort(np.concatenate(own)), np.sort(np.concatenate(other)), len(people))


class SimilarityService:
    """Comparisons of one gallery. What is usual is measured once a state of the gallery."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._usual: tuple[int, Usual] | None = None

    def usual(self) -> Usual:
        """What distances are usual between two faces here."""
        change = self._store.history.last_change()
        if self._usual is None or self._usual[0] != change:
            self._usual = change, usual_distances(self._store)
        return self._usual[1]

    def people(self, name: str, other_name: str) -> Similarity:
        """Two people, or one with itself.

        Raises:
            UnknownIdentityError: nobody of that name.
        """
        return self._compared(self._faces_of(name), self._faces_of(other_name))

    def faces(self, face: int, other_face: int) -> Similarity:
        """Two faces. Raises UnknownIdentityError: no such face."""
        return self._compared(
            np.array([face], dtype=np.int64), np.array([other_face], dtype=np.int64)
        )

    def _faces_of(self, name: str) -> Ids:
        identity = self._store.people.require(name)
        faces = self._store.faces.ids_of([identity.id])
        if not len(faces):
            raise InputError(f"{name} has no face", remedy="Enroll one first.")
        spread = np.linspace(0, len(faces) - 1, min(len(faces), MOST_FACES)).round().astype(int)
        return np.asarray(faces[spread], dtype=np.int64)

    def _compared(self, faces: Ids, others: Ids) -> Similarity:
        vectors = [prepare(self._vectors(ids), self._store.distance) for ids in (faces, others)]
        distances = between(vectors[0], vectors[1], self._store.distance)
        distances[faces[:, None] == others[None, :]] = np.nan
        return Similarity(
            faces,
            others,
            distances,
            _pairs(faces, others, distances, furthest=False),
            _pairs(faces, others, distances, furthest=True),
            self.usual(),
        )

    def _vectors(self, ids: Ids) -> Vectors:
        found, _, vectors = self._store.faces.vectors(ids)
        if len(found) < len(ids):
            missing = np.setdiff1d(ids, found)
            raise UnknownIdentityError(f"Face {missing[0]} is not enrolled")
        return vectors


def _pairs(
    faces: Ids, others: Ids, distances: Vectors, *, furthest: bool
) -> tuple[tuple[int, int, float], ...]:
    """The pairs of faces that are nearest or furthest, each pair once."""
    scores = -distances if furthest else distances
    order: Sequence[int] = np.argsort(scores, axis=None, kind="stable").tolist()
    made: dict[frozenset[int], tuple[int, int, float]] = {}
    for at in order:
        row, column = divmod(at, len(others))
        if np.isnan(distances[row, column]) or len(made) == _PAIRS:
            break
        pair = (int(faces[row]), int(others[column]), float(distances[row, column]))
        made.setdefault(frozenset(pair[:2]), pair)
    return tuple(made.values())
