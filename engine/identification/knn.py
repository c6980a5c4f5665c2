"""Nearest faces, judged by the templates of their identities; in any space of vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from engine.distances import prepare
from engine.identification.calibration import UNCALIBRATED, Calibration
from engine.identification.look import Look
from engine.identification.shortlist import NEIGHBOURS, LeftOut, paired, shortlist
from engine.identification.templates import Templates
from engine.types import Distance, Ids, Neighbours, Vectors


class Searcher(Protocol):
    """The part of an index that is needed here."""

    def search(self, queries: Vectors, k: int) -> Neighbours: ...


class Knn:
    """Looks at queries by their nearest faces and the templates of these faces' identities.

    With a ``transform`` it does so in a learned space: index, templates and calibration are then
    that space's.
    """

    def __init__(
        self,
        index: Searcher,
        templates: Templates,
        *,
        identity_of: Callable[[Ids], Ids],
        calibration: Calibration | None,
        distance: Distance,
        name: str = "knn",
        transform: Callable[[Vectors], Vectors] | None = None,
        joint: Calibration | None = None,
    ) -> None:
        """
        Args:
            identity_of: identity ids of face ids, of any shape.
            calibration: None ranks by distance and states no confidence.
            transform: vectors as they came ``(m, d)`` to vectors of the space ``(m, e)``.
            joint: the calibration that fusions have learned with, where it is another.
        """
        self.name = name
        self.calibration = calibration
        self._joint = joint
        self._index = index
        self._templates = templates
        self._identity_of = identity_of
        self._distance: Distance = distance
        self._transform = transform or _as_it_is

    def look(self, queries: Vectors, k: int = 5) -> Look:
        """Looks at queries ``(m, d)``, as they came.

        Args:
            k: how many neighbours are wanted at least; the judgement always rests on ten.
        """
        rows = self._transform(queries)
        return self._look(rows, self._index.search(rows, max(k, NEIGHBOURS)), None)

    def look_enrolled(self, faces: Ids, owners: Ids, vectors: Vectors, k: int = 5) -> Look:
        """Looks at enrolled faces as if they were not enrolled: each is left out.

        Args:
            faces, owners, vectors: ids ``(m,)``, identity ids ``(m,)``, embeddings ``(m, d)``.
        """
        rows = self._transform(vectors)
        found = self._index.search(rows, max(k, NEIGHBOURS) + 1)
        return self._look(rows, _without(found, faces), owners)

    def distances(self, queries: Vectors, identities: Ids) -> Vectors:
        """Of queries ``(m, d)``, as they came, to the templates of identities ``(m, c)``.

        Infinite for an identity that has no template, or for -1.
        """
        table = self._templates.table()
        rows = table.rows(identities)
        if not len(table):
            return np.full(rows.shape, np.inf, dtype=np.float32)
        queries = prepare(self._transform(queries), self._distance)
        distances = paired(queries, table.means[rows], self._distance)
        return np.where(rows >= 0, distances, np.float32(np.inf))

    def _look(self, queries: Vectors, neighbours: Neighbours, own: Ids | None) -> Look:
        table = self._templates.table()
        owners = self._identity_of(neighbours.ids)
        found = shortlist(
            prepare(queries, self._distance),
            table,
            table.rows(owners[:, :NEIGHBOURS]),
            neighbours.distances[:, :NEIGHBOURS],
            left_out=None if own is None else LeftOut(table.rows(own), "face"),
        )
        odds = (self.calibration or UNCALIBRATED).log_odds(found.features, found.filled)
        identities = np.where(found.filled, table.ids[found.rows], -1) if len(table) else found.rows
        distances = np.asarray(-found.features[:, :, 0], dtype=np.float32)
        joint = odds if self._joint is None else self._joint.log_odds(found.features, found.filled)
        return Look(identities, odds, joint, distances, neighbours, owners)


def _as_it_is(vectors: Vectors) -> Vectors:
    return vectors


def _without(neighbours: Neighbours, faces: Ids) -> Neighbours:
    """The neighbours ``(m, k + 1)`` of enrolled faces without the face itself, ``(m, k)``."""
    itself = neighbours.ids == faces[:, None]
    order = np.argsort(itself, axis=1, kind="stable")[:, :-1]
    return Neighbours(
        np.take_along_axis(neighbours.ids, order, axis=1),
        np.take_along_axis(neighbours.distances, order, axis=1),
    )
