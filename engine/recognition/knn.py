"""Nearest faces, judged by the templates of their identities; in any space of vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp
from typing import Protocol

import numpy as np

from engine.recognition.answers import DecisionRule, NameLookup
from engine.recognition.calibration.calibration import UNCALIBRATED, Calibration
from engine.recognition.scores import MethodScores
from engine.recognition.shortlist import (
    EXACT_TEMPLATES,
    NEIGHBOURS,
    TEMPLATES,
    LeftOut,
    Numbers,
    logarithm_of,
    paired,
    shortlist,
    spread_of,
)
from engine.recognition.templates import TemplateTable
from engine.records.types import (
    Candidate,
    Distance,
    Evidence,
    Identification,
    Ids,
    Neighbours,
    Vectors,
)
from engine.utils.distances import prepare, prepare_row


class NearestSearch(Protocol):
    """The part of an index that is needed here."""

    def search(self, queries: Vectors, k: int) -> Neighbours: ...

    def nearest(self, row: Vectors, k: int) -> tuple[list[int], list[float]]: ...


class TemplateSource(Protocol):
    """Templates, whoever keeps them."""

    def table(self) -> TemplateTable: ...


class Knn:
    """Looks at queries by their nearest faces and the templates of these faces' identities.

    With a ``transform`` it does so in a learned space: index, templates and calibration are then
    that space's.

    Attributes:
        name: of the method.
        index, templates, identity_of, owners_of, calibration, distance, transform: as given.
    """

    def __init__(
        self,
        index: NearestSearch,
        templates: TemplateSource,
        *,
        identity_of: Callable[[Ids], Ids],
        calibration: Calibration | None,
        distance: Distance,
        name: str = "knn",
        transform: Callable[[Vectors], Vectors] | None = None,
        joint: Calibration | None = None,
        owners_of: Callable[[Sequence[int]], list[int]] | None = None,
    ) -> None:
        """
        Args:
            identity_of: identity ids of face ids, of any shape; -1 where there is none.
            calibration: None ranks by distance and states no confidence.
            transform: vectors as they came ``(m, d)`` to vectors of the space ``(m, e)``.
            owners_of: the same as ``identity_of`` for a few faces, in plain numbers.
            joint: the calibration that fusions have learned with, where it is another.
        """
        self.name = name
        self.calibration = calibration
        self._joint = joint
        self.index = index
        self.templates = templates
        self.identity_of = identity_of
        self.owners_of = owners_of or self._owners_of
        self.distance: Distance = distance
        self.transform = transform or _as_it_is
        self._standings: tuple[TemplateTable, Numbers] | None = None

    def _owners_of(self, faces: Sequence[int]) -> list[int]:
        owners: list[int] = self.identity_of(np.array(faces, dtype=np.int64)).tolist()
        return owners

    def standings(self) -> tuple[TemplateTable, Numbers]:
        """The templates as they are now, and what the number and the spread of their faces add to
        the log-odds of each identity, whoever is asked about, ``(K,)``.
        """
        table, known = self.templates.table(), self._standings
        if known is None or known[0] is not table:
            _, _, by_faces, by_spread, _ = (self.calibration or UNCALIBRATED).log_odds.slopes
            spread = spread_of(table.scatter, table.counts, table.pooled)
            known = table, by_faces * logarithm_of(table.counts) + by_spread * spread
            self._standings = known
        return known

    def look(self, queries: Vectors, k: int = 5, *, widely: bool = False) -> MethodScores:
        """Looks at queries ``(m, d)``, as they came.

        Args:
            k: how many neighbours are wanted at least; the judgement always rests on ten.
            widely: the nearest templates come into question too, however many there are.
        """
        rows = self.transform(queries)
        return self._look(rows, self.index.search(rows, max(k, NEIGHBOURS)), None, widely)

    def look_enrolled(self, faces: Ids, owners: Ids, vectors: Vectors, k: int = 5) -> MethodScores:
        """Looks at enrolled faces as if they were not enrolled: each is left out.

        Args:
            faces, owners, vectors: ids ``(m,)``, identity ids ``(m,)``, embeddings ``(m, d)``.
        """
        rows = self.transform(vectors)
        found = self.index.search(rows, max(k, NEIGHBOURS) + 1)
        return self._look(rows, _without(found, faces), owners)

    def distances(self, queries: Vectors, identities: Ids) -> Vectors:
        """Of queries ``(m, d)``, as they came, to the templates of identities ``(m, c)``.

        Infinite for an identity that has no template, or for -1.
        """
        table = self.templates.table()
        rows = table.rows(identities)
        if not len(table):
            return np.full(rows.shape, np.inf, dtype=np.float32)
        queries = prepare(self.transform(queries), self.distance)
        distances = paired(queries, table.means[rows], self.distance)
        return np.where(rows >= 0, distances, np.float32(np.inf))

    def _look(
        self, queries: Vectors, neighbours: Neighbours, own: Ids | None, widely: bool = False
    ) -> MethodScores:
        table = self.templates.table()
        owners = self.identity_of(neighbours.ids)
        found = shortlist(
            prepare(queries, self.distance),
            table,
            table.rows(owners[:, :NEIGHBOURS]),
            neighbours.distances[:, :NEIGHBOURS],
            left_out=None if own is None else LeftOut(table.rows(own), "face"),
            widely=widely,
        )
        odds = (self.calibration or UNCALIBRATED).log_odds(found.features, found.filled)
        identities = np.where(found.filled, table.ids[found.rows], -1) if len(table) else found.rows
        distances = np.asarray(-found.features[:, :, 0], dtype=np.float32)
        joint = odds if self._joint is None else self._joint.log_odds(found.features, found.filled)
        return MethodScores(identities, odds, joint, distances, neighbours, owners)


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


_Place = tuple[float, int, int, float]


def identify_one(
    knn: Knn, query: Vectors, rule: DecisionRule, names: NameLookup, *, k: int, top: int
) -> Identification:
    """Tells who one query ``(1, d)`` is, which must be checked; arguments as of :func:`answers`."""
    row = prepare_row(knn.transform(query)[0], knn.distance)
    ids, apart = knn.index.nearest(row, max(k, NEIGHBOURS))
    owners = knn.owners_of(ids)
    places = _judged(knn, row, owners[:NEIGHBOURS], apart)
    places.sort()
    shares = _shares(places) if rule.fitted else [None] * len(places)
    theirs, shown = owners[:k], places[:top]
    called = names({*theirs, *[place[2] for place in shown]} - {-1})
    faces = tuple(
        [
            Evidence(face, owner, called[owner], distance)
            for face, owner, distance in zip(ids, theirs, apart, strict=False)
            if owner in called
        ]
    )
    evident = dict(zip(reversed(theirs), apart[len(theirs) - 1 :: -1], strict=False))
    candidates = tuple(
        [
            Candidate(owner, called[owner], -minus, share, evident.get(owner, to_template))
            for (minus, _, owner, to_template), share in zip(shown, shares, strict=False)
            if owner in called
        ]
    )
    return rule.answer(knn.name, candidates, faces)


def _judged(knn: Knn, query: Vectors, owners: list[int], apart: list[float]) -> list[_Place]:
    """Minus the log-odds, template row, identity and distance to the template of each candidate.

    Args:
        query: prepared, ``(d,)``.
        owners, apart: identity and distance of each neighbour, nearest first.
    """
    table, standings = knn.standings()
    nearest, furthest = _nearest_faces(table, owners, apart)
    if len(table) <= EXACT_TEMPLATES:
        away = _distances(query, table.means, table.distance)
        for row in _least(away):
            nearest.setdefault(row, furthest)
        to_template: Callable[[int], float] = away.item
    else:
        rows = np.fromiter(nearest, np.int64, len(nearest))
        away = _distances(query, table.means.take(rows, axis=0), table.distance)
        to_template = dict(zip(nearest, away.tolist(), strict=True)).__getitem__
    model = (knn.calibration or UNCALIBRATED).log_odds
    by_template, by_nearest, _, _, by_level = model.slopes
    always = model.offset - by_level * _distances(query, table.centre, table.distance).item()
    standing_of, identity_of = standings.item, table.ids.item
    places = []
    for row, to_face in nearest.items():
        distance = max(to_template(row), 0.0)
        minus = by_template * distance + by_nearest * to_face - standing_of(row) - always
        places.append((minus, row, identity_of(row), distance))
    return places


def _nearest_faces(
    table: TemplateTable, owners: list[int], apart: list[float]
) -> tuple[dict[int, float], float]:
    """Distance to the nearest face of each template row among the neighbours; the largest of all
    their distances.
    """
    last = dict(zip(owners, apart, strict=False))
    nearest, furthest = {}, 0.0
    for row, who in zip(table.places.few([*last]), last, strict=True):
        if row >= 0:
            nearest[row] = apart[owners.index(who)]
            furthest = max(furthest, last[who])
    return nearest, furthest


def _least(away: Vectors) -> list[int]:
    """Rows of the nearest templates."""
    if len(away) <= TEMPLATES:
        return list(range(len(away)))
    rows: list[int] = away.argpartition(TEMPLATES - 1)[:TEMPLATES].tolist()
    return rows


def _distances(query: Vectors, faces: Vectors, distance: Distance) -> Vectors:
    """Distance of a prepared query ``(d,)`` to prepared vectors ``(n, d)``, or a hair less."""
    if distance == "cosine":
        away: Vectors = 1.0 - faces.dot(query)
        return away
    return np.asarray(np.linalg.norm(faces - query, axis=1))


def _shares(places: list[_Place]) -> list[float]:
    """Probability of each candidate, as :func:`engine.recognition.calibration.logit.probabilities`."""
    top = max(0.0, -places[0][0]) if places else 0.0  # the best comes first
    odds = [exp(-place[0] - top) for place in places]
    whole = sum(odds) + exp(-top)
    return [one / whole for one in odds]
