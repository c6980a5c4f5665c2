"""One query by its nearest faces, in plain numbers: the same as a look and its answer.

It is a way of its own because NumPy takes longer to begin with ten numbers than to count them:
40 µs instead of 180 beside the search (100,000 faces, CPU time on a busy machine).
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import numpy as np

from engine.identification.answers import Names, Rule
from engine.identification.calibration import UNCALIBRATED
from engine.identification.knn import Knn
from engine.identification.shortlist import (
    EXACT_TEMPLATES,
    NEIGHBOURS,
    TEMPLATES,
)
from engine.identification.templates import TemplateTable
from engine.records.types import Candidate, Distance, Evidence, Identification, Vectors
from engine.utils.distances import prepare_row

_Place = tuple[float, int, int, float]


def answer(
    knn: Knn, query: Vectors, rule: Rule, names: Names, *, k: int, top: int
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
        away = _away(query, table.means, table.distance)
        for row in _least(away):
            nearest.setdefault(row, furthest)
        to_template: Callable[[int], float] = away.item
    else:
        rows = np.fromiter(nearest, np.int64, len(nearest))
        away = _away(query, table.means.take(rows, axis=0), table.distance)
        to_template = dict(zip(nearest, away.tolist(), strict=True)).__getitem__
    model = (knn.calibration or UNCALIBRATED).log_odds
    by_template, by_nearest, _, _, by_level = model.slopes
    always = model.offset - by_level * _away(query, table.centre, table.distance).item()
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


def _away(query: Vectors, faces: Vectors, distance: Distance) -> Vectors:
    """Distance of a prepared query ``(d,)`` to prepared vectors ``(n, d)``, or a hair less."""
    if distance == "cosine":
        away: Vectors = 1.0 - faces.dot(query)
        return away
    return np.asarray(np.linalg.norm(faces - query, axis=1))


def _shares(places: list[_Place]) -> list[float]:
    """Probability of each candidate, as :func:`engine.identification.logit.probabilities`."""
    top = max(0.0, -places[0][0]) if places else 0.0  # the best comes first
    odds = [exp(-place[0] - top) for place in places]
    whole = sum(odds) + exp(-top)
    return [one / whole for one in odds]
