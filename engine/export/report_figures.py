"""What a report on a gallery says in figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.distances import between, prepare
from engine.export.metadata import OwnDistances
from engine.export.source import Source, draw_faces
from engine.types import Vectors

MOST_COMPARED = 2_000
"""Faces whose distances to one another are taken; of larger galleries a sample."""

_EACH = 20  # at most so many faces of one person among them
_SEED = 1
_FALSE_MATCH = 0.001


@dataclass(frozen=True, eq=False)
class Separation:
    """How far faces of one person are from one another, and from other people's.

    Attributes:
        own, other: distances, float32.
        threshold: nearer than that are 1 in 1,000 pairs of different people; None where there are
            too few to say.
        recognised: the share of pairs of one person that are nearer.
        compared: faces.
    """

    own: Vectors
    other: Vectors
    threshold: float | None
    recognised: float | None
    compared: int


@dataclass(frozen=True, eq=False)
class Figures:
    """Measured over all faces, but for the separation.

    Attributes:
        added: seconds since the epoch, ascending, of each face.
        own_distance: by identity id, the mean distance of a face to the mean of the others.
        photos: how many faces have one.
    """

    added: Vectors
    own_distance: dict[int, float]
    photos: int
    separation: Separation


def measure(source: Source) -> Figures:
    """Reads all faces twice."""
    distances = OwnDistances(source.dimension, source.store.distance)
    sample = _sample(source)
    added, photos = [], 0
    rows, owners = [], []
    for faces, vectors in source.chunks("Reading the faces"):
        distances.add(faces, vectors)
        added += [face.added for face in faces]
        photos += sum(face.has_photo for face in faces)
        chosen = [row for row, face in enumerate(faces) if face.id in sample]
        rows.append(vectors[chosen])
        owners += [faces[row].identity_id for row in chosen]
    separation = _separation(source, np.concatenate(rows), np.array(owners))
    return Figures(np.sort(added), _own(source, distances), photos, separation)


def _own(source: Source, distances: OwnDistances) -> dict[int, float]:
    sums: dict[int, list[float]] = {}
    for faces, vectors in source.chunks("Measuring distances"):
        for face, found in zip(faces, distances.of(faces, vectors), strict=True):
            if found is not None:
                total, count = sums.get(face.identity_id, (0.0, 0))
                sums[face.identity_id] = [total + found, count + 1]
    return {who: total / count for who, (total, count) in sums.items()}


def _sample(source: Source) -> set[int]:
    """Ids of faces to compare: some of each of people drawn by chance, until there are enough."""
    faces, owners = source.store.membership()
    chance = np.random.default_rng(_SEED)
    rows = draw_faces(owners, _EACH, chance)
    who, place = np.unique(owners[rows], return_inverse=True)
    people_by_chance = np.argsort(chance.permutation(len(who))[place], kind="stable")
    return set(faces[rows[people_by_chance][:MOST_COMPARED]].tolist())


def _separation(source: Source, rows: Vectors, owners: Vectors) -> Separation:
    ready = prepare(rows, source.store.distance)
    above = np.triu_indices(len(ready), 1)
    found = between(ready, ready, source.store.distance)[above]
    same = owners[above[0]] == owners[above[1]]
    own, other = found[same], found[~same]
    threshold = recognised = None
    if len(other) >= 10 / _FALSE_MATCH and len(own):
        threshold = float(np.quantile(other, _FALSE_MATCH))
        recognised = float((own < threshold).mean())
    return Separation(own, other, threshold, recognised, len(ready))
