"""What a report on a gallery and its charts say in figures."""

from __future__ import annotations

import numpy as np

from engine.export.metadata import OwnDistances
from engine.export.source import Source, draw_faces
from engine.projection.separation import named_rightly
from engine.records.measured import Figures, Separation
from engine.tools.distances import between, prepare
from engine.types import Ids, Vectors

MOST_COMPARED = 2_000
"""Faces whose distances to one another are taken; of larger galleries a sample."""

_EACH = 20  # at most so many faces of one person among them
_SEED = 1
_FALSE_MATCH = 0.001


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
    counts = {one.id: one.faces for one in source.identities.values()}
    ready = prepare(np.concatenate(rows), source.store.distance)
    found = between(ready, ready, source.store.distance)
    return Figures(
        np.sort(added),
        counts,
        _own(source, distances),
        photos,
        _separation(found, np.array(owners)),
        _recognised(found, np.array(owners)),
    )


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
    faces, owners = source.store.faces.membership()
    chance = np.random.default_rng(_SEED)
    rows = draw_faces(owners, _EACH, chance)
    who, place = np.unique(owners[rows], return_inverse=True)
    people_by_chance = np.argsort(chance.permutation(len(who))[place], kind="stable")
    return set(faces[rows[people_by_chance][:MOST_COMPARED]].tolist())


def _recognised(distances: Vectors, owners: Ids) -> dict[int, tuple[int, int]]:
    if len(owners) < 2:
        return {}
    right = named_rightly(distances, owners)
    who, place = np.unique(owners, return_inverse=True)
    asked, hits = np.bincount(place), np.bincount(place, right).astype(np.int64)
    both = zip(who.tolist(), hits.tolist(), asked.tolist(), strict=True)
    return {one: (hit, count) for one, hit, count in both if count > 1}


def _separation(distances: Vectors, owners: Ids) -> Separation:
    above = np.triu_indices(len(owners), 1)
    found = distances[above]
    same = owners[above[0]] == owners[above[1]]
    own, other = np.sort(found[same]), np.sort(found[~same])
    threshold = recognised = None
    if len(other) >= 10 / _FALSE_MATCH and len(own):
        threshold = float(np.quantile(other, _FALSE_MATCH))
        recognised = float((own < threshold).mean())
    return Separation(own, other, threshold, recognised, len(owners))
