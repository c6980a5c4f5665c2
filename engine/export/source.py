"""What an export writes: the faces chosen, a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import ExportError
from engine.progress import Reporter
from engine.records.detections import DetectedFace
from engine.records.exports import Selection
from engine.records.types import Face, Identity, Ids, Vectors
from engine.store import Store


class ChangedMeanwhile(Exception):
    """The gallery is another than when the export began."""


@dataclass(frozen=True, eq=False)
class Source:
    """The faces to write.

    Attributes:
        identities: those who have a face among them, by id.
        count: how many faces.
        ids: of the faces, ascending; None for all.
    """

    store: Store
    reporter: Reporter
    identities: dict[int, Identity]
    count: int
    ids: Ids | None

    @classmethod
    def of(cls, store: Store, selection: Selection, reporter: Reporter) -> Source:
        """Raise ExportError: nobody is chosen, or there are not as many as asked for."""
        everybody = {person.id: person for person in store.people.all() if person.faces}
        if selection.is_whole:
            count = sum(person.faces for person in everybody.values())
            ids = None
        else:
            ids, owners = _chosen(store, selection)
            count = len(ids)
            everybody = {identity: everybody[identity] for identity in np.unique(owners).tolist()}
        if not count:
            raise ExportError(
                "There are no faces to export",
                file=store.folder,
                remedy="Enroll someone, or choose other people.",
            )
        return cls(store, reporter, everybody, count, ids)

    @property
    def dimension(self) -> int:
        return self.store.dimension

    def thumbnail(self, face: int) -> bytes | None:
        """JPEG of a face, or None where it came without a photograph."""
        return self.store.faces.thumbnail(face)

    def detected(self, faces: Sequence[int]) -> Mapping[int, DetectedFace]:
        """Where faces were found in photographs, by the id of the face; others are left out."""
        return self.store.photographs.detected(faces)

    def chunks(self, stage: str) -> Iterator[tuple[list[Face], Vectors]]:
        """Faces and their embeddings ``(n, d)`` as they came, in order of enrolment.

        Raises:
            ChangedMeanwhile, CancelledError.
        """
        done = 0
        for ids, _, vectors in self.store.faces.vector_batches(self.ids):
            self.reporter.progress(stage, done, self.count)
            faces = self.store.faces.by_ids(ids.tolist())
            if len(faces) != len(ids):
                raise ChangedMeanwhile
            yield faces, vectors
            done += len(faces)
        if done != self.count:
            raise ChangedMeanwhile
        self.reporter.progress(stage, done, self.count)


def _chosen(store: Store, selection: Selection) -> tuple[Ids, Ids]:
    """Face ids, ascending, and the identity of each."""
    faces, owners = store.faces.membership()
    if selection.identities is not None:
        wanted = np.isin(owners, np.array(selection.identities, dtype=np.int64))
        faces, owners = faces[wanted], owners[wanted]
    if selection.faces is not None:
        wanted = np.isin(faces, np.array(selection.faces, dtype=np.int64))
        faces, owners = faces[wanted], owners[wanted]
    chance = np.random.default_rng(selection.seed)
    if selection.people is not None:
        drawn = _draw_people(owners, selection.people, selection.each or 1, chance)
        among = np.isin(owners, drawn)
        faces, owners = faces[among], owners[among]
    if selection.each is not None:
        rows = draw_faces(owners, selection.each, chance)
        faces, owners = faces[rows], owners[rows]
    return faces, owners


def _draw_people(owners: Ids, people: int, each: int, chance: np.random.Generator) -> Ids:
    who, counts = np.unique(owners, return_counts=True)
    enough = who[counts >= each]
    if len(enough) < people:
        have = f"{len(enough):,} of them {'has' if len(enough) == 1 else 'have'}"
        raise ExportError(
            f"{people:,} people with {each:,} faces each were requested, but only {have} that many",
            remedy="Choose fewer people, or fewer faces of each.",
        )
    return chance.choice(enough, people, replace=False)


def draw_faces(owners: Ids, each: int, chance: np.random.Generator) -> Ids:
    """Rows ``(m,)`` of at most ``each`` faces of everybody, ascending, by owners ``(n,)``."""
    shuffled = chance.permutation(len(owners))
    grouped = shuffled[np.argsort(owners[shuffled], kind="stable")]
    _, starts, counts = np.unique(owners[grouped], return_index=True, return_counts=True)
    place = np.arange(len(grouped)) - np.repeat(starts, counts)
    return np.sort(grouped[place < each])
