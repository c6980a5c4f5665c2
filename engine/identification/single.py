"""One query by its nearest faces, in plain numbers: the same as a look and its answer.

It is a way of its own because NumPy takes longer to begin with ten numbers than to count them:
40 µs instead of 180 beside the search (100,000 faces, CPU time on a busy machine).
"""

from __future__ import annotations

from functools import partial
from math import exp, log

import numpy as np

from engine.identification.answers import Names, Rule
from engine.identification.calibration import UNCALIBRATED
from engine.identification.knn import Knn
from engine.identification.shortlist import (
    EXACT_TEMPLATES,
    NEIGHBOURS,
    PRIOR_FACES,
    TEMPLATES,
)
from engine.identification.templates import TemplateTable
from engine.tools.distances import prepare_row
from engine.types import Candidate, Distance, Evidence, Identification, Vectors

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
    asked = list({*theirs, *[place[2] for place in shown]} - {-1})
    called = dict(zip(asked, names(asked), strict=True))
    faces = tuple(
        [
            Evidence(face, owner, name, distance)
            for face, owner, distance in zip(ids, theirs, apart, strict=False)
            if (name := called.get(owner)) is not None
        ]
    )
    evident = dict(zip(reversed(theirs), apart[len(theirs) - 1 :: -1], strict=False))
    candidates = tuple(
        [
            Candidate(owner, name, -minus, share, evident.get(owner, to_template))
            for (minus, _, owner, to_template), share in zip(shown, shares, strict=False)
            if (name := called[owner]) is not None
        ]
    )
    return rule.answer(knn.name, candidates, faces)


def _judged(knn: Knn, query: Vectors, owners: list[int], apart: list[float]) -> list[_Place]:
    """Minus the log-odds, template row, identity and distance to the template of each candidate.

    Args:
        query: prepared, ``(d,)``.
        owners, apart: identity and distance of each neighbour, nearest first.
    """
    table = knn.templates.table()
    furthest = dict(zip(owners, apart, strict=False))
    rows_of = zip(table.places.few([*furthest]), furthest, strict=True)
    there = [(row, who) for row, who in rows_of if row >= 0]
    nearest = {row: apart[owners.index(who)] for row, who in there}
    if len(table) <= EXACT_TEMPLATES:
        away = _to_all(query, table)
        last = max([furthest[who] for _, who in there], default=0.0)
        for row in _least(away):
            nearest.setdefault(row, last)
        distance_to = away.item
    else:
        distance_to = partial(_to_one, query, table)
    rows = sorted(nearest)
    model = (knn.calibration or UNCALIBRATED).log_odds
    by_template, by_nearest, by_faces, by_spread, by_level = model.slopes
    always = model.offset - by_level * _apart(query, table.centre[0], table.distance)
    prior = PRIOR_FACES * table.pooled
    places = []
    for row in rows:
        count = max(table.counts.item(row), 1.0)
        distance = max(distance_to(row), 0.0)
        spread = (table.scatter.item(row) + prior) / (count - 1.0 + PRIOR_FACES)
        minus = by_template * distance + by_nearest * nearest[row]
        minus -= by_faces * log(count) + by_spread * spread + always
        places.append((minus, row, table.ids.item(row), distance))
    return places


def _to_all(query: Vectors, table: TemplateTable) -> Vectors:
    if table.distance == "cosine":
        away: Vectors = 1.0 - table.means.dot(query)
        return away
    return np.asarray(np.linalg.norm(table.means - query, axis=1))


def _least(away: Vectors) -> list[int]:
    """Rows of the nearest templates."""
    if len(away) <= TEMPLATES:
        return list(range(len(away)))
    rows: list[int] = away.argpartition(TEMPLATES - 1)[:TEMPLATES].tolist()
    return rows


def _to_one(query: Vectors, table: TemplateTable, row: int) -> float:
    """One by one: beside a search that has emptied the cache, ten products cost less than to
    gather ten rows.
    """
    return _apart(query, table.means[row], table.distance)


def _apart(query: Vectors, face: Vectors, distance: Distance) -> float:
    """Distance of a prepared query to a prepared vector, ``(d,)`` each, or a hair less."""
    if distance == "cosine":
        return 1.0 - float(query.dot(face))
    return float(np.linalg.norm(face - query))


def _shares(places: list[_Place]) -> list[float]:
    """Probability of each candidate, as :func:`engine.identification.logit.probabilities`."""
    top = max(0.0, -places[0][0]) if places else 0.0  # the best comes first
    odds = [exp(-place[0] - top) for place in places]
    whole = sum(odds) + exp(-top)
    return [one / whole for one in odds]
