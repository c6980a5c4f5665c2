"""The faces under review, and the nearest faces of each: searched once, and used by all finders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.models.discriminant import discriminant
from engine.progress import Reporter
from engine.recognition.logit import Flags
from engine.recognition.shortlist import NEIGHBOURS, paired
from engine.recognition.templates import Templates, TemplateTable
from engine.records.findings import Finding, Kind
from engine.records.types import Distance, Evidence, Ids, Neighbours, Vectors
from engine.utils.distances import between, prepare
from engine.utils.exact_neighbours import nearest


@dataclass(frozen=True)
class Decided:
    """What a person said already, and must not be asked again.

    Attributes:
        confirmed: ids of faces that are whom they are said to be.
        ignored: ids of faces that are to be left out of everything.
        refused: (face id, identity id): the face is not of this identity.
        apart: pairs of identity ids, in either order, that are two people.
    """

    confirmed: frozenset[int] = frozenset()
    ignored: frozenset[int] = frozenset()
    refused: frozenset[tuple[int, int]] = frozenset()
    apart: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, eq=False)
class ReviewFaces:
    """Faces in the order of their ids, without those to be ignored.

    Attributes:
        ids: face ids, ascending, ``(n,)``.
        rows: prepared vectors, ``(n, d)``.
        identities: identity ids, ascending, ``(K,)``.
        owners: row of each face's identity among them, ``(n,)``.
        names: of the identities, by id.
        confirmed: True where a person said so, ``(n,)``.
    """

    ids: Ids
    rows: Vectors
    identities: Ids
    owners: Ids
    distance: Distance
    names: Mapping[int, str]
    decided: Decided

    @classmethod
    def of(
        cls,
        ids: Ids,
        identity_ids: Ids,
        vectors: Vectors,
        distance: Distance,
        names: Mapping[int, str],
        decided: Decided,
    ) -> ReviewFaces:
        """Take arrays ``(n,)``, ``(n,)`` and, as they came, ``(n, d)``; in any order."""
        order = np.argsort(ids, kind="stable")
        order = order[~np.isin(ids[order], _ids(decided.ignored))]
        identities, owners = np.unique(identity_ids[order], return_inverse=True)
        rows = prepare(vectors[order], distance)
        return cls(ids[order], rows, identities, owners, distance, names, decided)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def confirmed(self) -> Flags:
        return np.isin(self.ids, _ids(self.decided.confirmed))

    @cached_property
    def counts(self) -> Ids:
        """Faces of each identity, ``(K,)``."""
        return np.bincount(self.owners, minlength=len(self.identities))

    @cached_property
    def _members(self) -> list[Ids]:
        order = np.argsort(self.owners, kind="stable")
        return np.split(order, np.cumsum(self.counts)[:-1])

    def members(self, identity: int) -> Ids:
        """Rows ``(m,)`` of the faces of an identity, given by its row."""
        return self._members[identity]

    def name(self, identity: int) -> str:
        """Name of the identity in this row."""
        return self.names[int(self.identities[identity])]

    def table(self, kept: Flags) -> TemplateTable:
        """Templates of some of the faces, ``(n,)``; identities are known by their rows."""
        templates = Templates(self.rows.shape[1], self.distance)
        templates.add(self.owners[kept], self.rows[kept])
        return templates.table()

    def discriminated(self, learned_from: Flags) -> ReviewFaces:
        """Map all faces so that those of one identity scatter alike in every direction: what says
        little of who it is then counts for little.

        Args:
            learned_from: the faces that tell how they scatter, ``(n,)``.
        """
        rows, owners = self.rows[learned_from], self.owners[learned_from]
        middle = rows.mean(axis=0)
        turned = discriminant(rows - middle, owners)
        return replace(self, rows=prepare(self.rows @ turned - middle @ turned, self.distance))

    def nearest_of(
        self, identity: int, vector: Vectors, count: int, *, without: int = -1
    ) -> tuple[Evidence, ...]:
        """The faces of an identity (a row) that are nearest to a prepared vector ``(d,)``."""
        members = self.members(identity)
        members = members[members != without]
        away = between(vector[None], self.rows[members], self.distance)[0]
        order = np.argsort(away, kind="stable")[:count]
        return tuple(self.evidence(int(members[row]), float(away[row])) for row in order)

    def evidence(self, face: int, distance: float) -> Evidence:
        """A face, given by its row, and how far it is."""
        owner = int(self.owners[face])
        return Evidence(
            int(self.ids[face]), int(self.identities[owner]), self.name(owner), distance
        )

    def finding(
        self,
        kind: Kind,
        score: float,
        identity: int,
        face: int | None = None,
        suggestion: int | None = None,
        evidence: tuple[Evidence, ...] = (),
    ) -> Finding:
        """A finding about rows, as it is told: by ids and names."""
        return Finding(
            kind=kind,
            score=score,
            face=None if face is None else int(self.ids[face]),
            identity_id=int(self.identities[identity]),
            identity=self.name(identity),
            suggestion_id=None if suggestion is None else int(self.identities[suggestion]),
            suggestion=None if suggestion is None else self.name(suggestion),
            evidence=evidence,
        )


def _ids(values: frozenset[int]) -> Ids:
    return np.fromiter(values, dtype=np.int64, count=len(values))


EXACT = 20_000
"""Up to so many faces all are compared with all; beyond, the gallery's index is asked."""
_KEPT = 3 * NEIGHBOURS
"""So many that there are still enough when those of doubtful names are taken out."""
_AT_ONCE = 200
"""Faces that the index is asked for between two looks at the reporter (some 0.1 s)."""
_STAGE = "Searching for the nearest faces"

_MEASURED_AT_ONCE = 2_000
"""Faces whose neighbours are measured anew at once, so that these take some 30 MB."""

Search = Callable[[Vectors, int], Neighbours]
"""The ``k`` nearest enrolled faces of vectors ``(m, d)``, all but a few of them."""


@dataclass(frozen=True, eq=False)
class FaceNeighbours:
    """The nearest faces of each face but itself, nearest first.

    Attributes:
        rows: rows of faces, ``(n, k)``; -1 where there are fewer.
        distances: ``(n, k)``; infinity where there are fewer.
    """

    rows: Ids
    distances: Vectors


def search(faces: ReviewFaces, reporter: Reporter, index: Search | None = None) -> FaceNeighbours:
    """Search all faces among all.

    Args:
        index: of a gallery in which all of these faces are.

    Raises:
        CancelledError: stopped by the reporter.
    """
    count = len(faces)
    if index is not None and count > EXACT:
        found = _by_index(faces, reporter, index)
    else:
        found = _exactly(faces, np.arange(count), reporter)
    reporter.progress(_STAGE, count, count)
    return found


def _exactly(faces: ReviewFaces, which: Ids, reporter: Reporter) -> FaceNeighbours:
    return FaceNeighbours(
        *nearest(
            faces.rows[which],
            faces.rows,
            min(_KEPT, len(faces) - 1),
            faces.distance,
            itself=which,
            check=lambda done: reporter.progress(_STAGE, done, len(which)),
        )
    )


def search_mapped(
    faces: ReviewFaces, which: Ids, found: FaceNeighbours, reporter: Reporter
) -> FaceNeighbours:
    """Search some faces among all, where they are mapped otherwise than they came.

    In a large gallery the neighbours that were found are put in their new order instead.

    Args:
        faces: as they are mapped.
        which: rows of those to search.
        found: the neighbours of all faces as they came.

    Raises:
        CancelledError: stopped by the reporter.
    """
    if len(faces) <= EXACT:
        return _exactly(faces, which, reporter)
    rows, distances = found.rows[which], found.distances[which]
    for start in range(0, len(which), _MEASURED_AT_ONCE):
        reporter.check()
        part = slice(start, start + _MEASURED_AT_ONCE)
        away = paired(faces.rows[which[part]], faces.rows[rows[part]], faces.distance)
        away[rows[part] < 0] = np.inf
        order = np.argsort(away, axis=1, kind="stable")
        distances[part] = np.take_along_axis(away, order, axis=1)
        rows[part] = np.take_along_axis(rows[part], order, axis=1)
    return FaceNeighbours(rows, distances)


def _by_index(faces: ReviewFaces, reporter: Reporter, index: Search) -> FaceNeighbours:
    count = len(faces)
    rows = np.full((count, _KEPT), -1, dtype=np.int64)
    distances = np.full((count, _KEPT), np.inf, dtype=np.float32)
    for start in range(0, count, _AT_ONCE):
        reporter.progress(_STAGE, start, count)
        part = slice(start, min(start + _AT_ONCE, count))
        found = index(faces.rows[part], _KEPT + 1)
        place = np.minimum(np.searchsorted(faces.ids, found.ids), count - 1)
        known = faces.ids[place] == found.ids  # no face that is to be left out
        known &= place != np.arange(part.start, part.stop)[:, None]
        order = np.argsort(~known, axis=1, kind="stable")[:, :_KEPT]
        width = order.shape[1]
        kept = np.take_along_axis(known, order, axis=1)
        rows[part, :width] = np.where(kept, np.take_along_axis(place, order, axis=1), -1)
        near = np.take_along_axis(found.distances, order, axis=1)
        distances[part, :width] = np.where(kept, near, np.inf)
    return FaceNeighbours(rows, distances)
