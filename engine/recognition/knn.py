"""Nearest faces, judged by the templates of their identities; in any space of vectors."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Protocol

import numpy as np

from engine.recognition.answers import DecisionRule, NameLookup
from engine.recognition.calibration.calibration import UNCALIBRATED, Calibration
from engine.recognition.probabilistic_lda import (
    ProbabilisticLda,
    TemplateLikelihoods,
    likelihoods_of,
)
from engine.recognition.scores import MethodScores
from engine.recognition.shortlist import (
    EXACT_TEMPLATES,
    NEIGHBOURS,
    TEMPLATES,
    LeftOut,
    Numbers,
    Shortlist,
    logarithm_of,
    paired,
    shortlist,
    spread_of,
)
from engine.recognition.spaces import VectorSpace
from engine.recognition.templates import LiveTemplates, Templates, TemplateTable
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
from engine.utils.id_map import IdMap


class NeighbourSearch(Protocol):
    """The part of an index, or of what keeps one, that k-NN needs."""

    def search(self, queries: Vectors, k: int) -> Neighbours: ...

    def nearest(self, row: Vectors, k: int) -> tuple[list[int], list[float]]: ...


class Knn:
    """Judges queries by their nearest faces and the templates of these faces' identities.

    Attributes:
        space: where faces are compared; index, templates and calibration are of this space.
        index, templates, owners, calibration: as given.
    """

    def __init__(
        self,
        index: NeighbourSearch,
        templates: Templates | LiveTemplates,
        owners: IdMap,
        *,
        space: VectorSpace,
        calibration: Calibration | None,
        joint: Calibration | None = None,
    ) -> None:
        """
        Args:
            owners: identity ids of face ids; followed while they change.
            calibration: None ranks by distance and states no confidence.
            joint: the calibration that fusions have learned with, where it is another; of no use
                where its features are others.
        """
        self.name = space.method
        self.space = space
        self.calibration = calibration
        self._joint = joint
        self.index = index
        self.templates = templates
        self.owners = owners
        self._standings: tuple[TemplateTable, Numbers] | None = None
        self._likelihoods: TemplateLikelihoods | None = None

    @property
    def lda(self) -> ProbabilisticLda | None:
        """Judges templates too, where the calibration says so."""
        return None if self.calibration is None else self.calibration.lda

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

    def scores(self, queries: Vectors, k: int = 5, *, all_templates: bool = False) -> MethodScores:
        """Score the identities in question for queries ``(m, d)``, as they came.

        Args:
            k: how many neighbours are wanted at least; the judgement always rests on ten.
            all_templates: the nearest of all templates are in question too, however many there are.
        """
        rows = self.space.transform(queries)
        return self._scores(rows, self.index.search(rows, max(k, NEIGHBOURS)), None, all_templates)

    def scores_left_out(
        self, faces: Ids, owners: Ids, vectors: Vectors, k: int = 5
    ) -> MethodScores:
        """Score identities for enrolled faces as if these were not enrolled: each is left out.

        Args:
            faces, owners, vectors: ids ``(m,)``, identity ids ``(m,)``, embeddings ``(m, d)``;
                one at a time where a discriminant analysis judges.
        """
        rows = self.space.transform(vectors)
        found = _without(self.index.search(rows, max(k, NEIGHBOURS) + 1), faces)
        return self._scores(rows, found, owners)

    def scores_of(self, found: Shortlist) -> MethodScores:
        """Score what came up in an earlier search, whose rows are identity ids."""
        nothing = np.empty((len(found), 0))
        none = Neighbours(nothing.astype(np.int64), nothing.astype(np.float32))
        return self._judged_shortlist(found, found.rows, none, none.ids)

    def distances(self, queries: Vectors, identities: Ids) -> Vectors:
        """Distances of queries ``(m, d)``, as they came, to the templates of identities ``(m, c)``.

        Infinite for an identity that has no template, or for -1.
        """
        table = self.templates.table()
        rows = table.rows(identities)
        if not len(table):
            return np.full(rows.shape, np.inf, dtype=np.float32)
        queries = prepare(self.space.transform(queries), self.space.distance)
        distances = paired(queries, table.means[rows], self.space.distance)
        return np.where(rows >= 0, distances, np.float32(np.inf))

    def _scores(
        self, queries: Vectors, neighbours: Neighbours, own: Ids | None, all_templates: bool = False
    ) -> MethodScores:
        table = self.templates.table()
        owners = self.owners.find(neighbours.ids)
        queries = prepare(queries, self.space.distance)
        if own is None:
            left_out, likelihoods = None, self._likelihoods_of(table)
        else:
            left_out = LeftOut(table.rows(own), "face")
            likelihoods = self._left_out_likelihoods(queries, left_out.rows, table)
        found = shortlist(
            queries,
            table,
            table.rows(owners[:, :NEIGHBOURS]),
            neighbours.distances[:, :NEIGHBOURS],
            left_out=left_out,
            all_templates=all_templates,
            likelihoods=likelihoods,
        )
        identities = np.where(found.filled, table.ids[found.rows], -1) if len(table) else found.rows
        return self._judged_shortlist(found, identities, neighbours, owners)

    def _likelihoods_of(self, table: TemplateTable) -> TemplateLikelihoods | None:
        known = self._likelihoods
        if known is None or known.table is not table:
            known = self._likelihoods = likelihoods_of(self.lda, table)
        return known

    def _left_out_likelihoods(
        self, queries: Vectors, own: Ids, table: TemplateTable
    ) -> TemplateLikelihoods | None:
        """Likelihoods as if a query ``(1, d)`` were not enrolled."""
        if self.lda is None:
            return None
        assert len(queries) == 1, "what one face taught is another thing for each"
        return TemplateLikelihoods(self.lda.without(queries[0], int(own[0]), table), table)

    def _judged_shortlist(
        self, found: Shortlist, identities: Ids, neighbours: Neighbours, owners: Ids
    ) -> MethodScores:
        odds = (self.calibration or UNCALIBRATED).log_odds(found.features, found.filled)
        distances = np.asarray(-found.features[:, :, 0], dtype=np.float32)
        joint = odds
        if self._joint is not None and len(self._joint.features) == found.features.shape[2]:
            joint = self._joint.log_odds(found.features, found.filled)
        return MethodScores(identities, odds, joint, distances, neighbours, owners)


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
    """Identify one checked query ``(1, d)``; arguments as of ``answer_columns``."""
    row = prepare_row(knn.space.transform(query)[0], knn.space.distance)
    ids, apart = knn.index.nearest(row, max(k, NEIGHBOURS))
    owners = knn.owners.few(ids)
    places = _judged(knn, row, owners[:NEIGHBOURS], apart)
    places.sort()
    shares = _shares(places) if rule.fitted else [None] * len(places)
    owners_shown, shown = owners[:k], places[:top]
    called = names({*owners_shown, *[place[2] for place in shown]} - {-1})
    faces = tuple(
        [
            Evidence(face, owner, called[owner], distance)
            for face, owner, distance in zip(ids, owners_shown, apart, strict=False)
            if owner in called
        ]
    )
    evident = dict(zip(reversed(owners_shown), apart[len(owners_shown) - 1 :: -1], strict=False))
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
    """Probability of each candidate, computed as by ``logit.probabilities``."""
    top = max(0.0, -places[0][0]) if places else 0.0  # the best comes first
    odds = [exp(-place[0] - top) for place in places]
    whole = sum(odds) + exp(-top)
    return [candidate_odds / whole for candidate_odds in odds]
