"""What a report on a gallery, and its charts, are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.export.source import Source, draw_faces
from engine.export.tensorboard.projector_files import OwnDistances
from engine.maps.separation import named_rightly
from engine.progress import Reporter
from engine.records.domains import current_time
from engine.records.exports import MOST_COMPARED, MOST_REVIEWED, PLAIN, Page, Remarks
from engine.records.figures import Evaluation
from engine.records.findings import Review
from engine.records.gallery_figures import GalleryFigures, GallerySummary, Separation
from engine.records.jobs import ModelVersion
from engine.records.types import Ids, Vectors
from engine.utils.distances import between, prepare
from engine.utils.files import private_file

_EACH = 20  # at most so many faces of one person among them
_SEED = 1
_FALSE_MATCH = 0.001


def measure(source: Source) -> GalleryFigures:
    """Read all faces twice."""
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
    counts = {identity.id: identity.faces for identity in source.identities.values()}
    ready = prepare(np.concatenate(rows), source.store.distance)
    found = between(ready, ready, source.store.distance)
    return GalleryFigures(
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
    return {identity: (hit, count) for identity, hit, count in both if count > 1}


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


@dataclass(frozen=True, eq=False)
class ReportWriter:
    """Writes a page about the gallery.

    Attributes:
        page: puts what was found into a document.
        models: all trained versions.
        evaluation: the last one, if any.
        review: what looks wrong, asked for where the gallery is small enough.
    """

    page: Page
    models: Sequence[ModelVersion]
    evaluation: Evaluation | None
    review: Callable[[Reporter], Review]

    def __call__(self, source: Source, path: Path) -> Remarks:
        """Write it at a path that is free."""
        figures = measure(source)
        review = self.review(source.reporter) if source.count <= MOST_REVIEWED else None
        source.reporter.progress("Drawing charts", 0, 0)
        summary = GallerySummary(
            gallery=source.store.folder.name,
            created=current_time(),
            dimension=source.dimension,
            distance=source.store.distance,
            faces=source.count,
            identities=tuple(source.identities.values()),
            figures=figures,
            models=tuple(self.models),
            evaluation=self.evaluation,
            review=review,
        )
        with private_file(path) as stream:
            stream.write(self.page(summary).encode())
        return PLAIN
