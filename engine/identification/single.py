"""One query by its nearest faces, in plain numbers: the same as a look and its answer.

It is a way of its own because NumPy takes longer to begin with ten numbers than to count them:
40 µs instead of 180 beside the search (100,000 faces, CPU time on a busy machine).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log

import numpy as np

from engine.distances import between, prepare
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
from engine.types import Candidate, Distance, Evidence, Identification, Vectors

_Place = tuple[float, int, int, float]


def answer(
    knn: Knn, query: Vectors, rule: Rule, names: Names, *, k: int, top: int
) -> Identification:
    """Tells who one query ``(1, d)`` is; arguments as those of :func:`answers`."""
    rows = knn.transform(query)
    found = knn.index.search(rows, max(k, NEIGHBOURS))
    table = knn.templates.table()
    ids, apart = found.ids[0], found.distances[0].tolist()
    owners = knn.identity_of(ids)
    near = table.rows(owners[:NEIGHBOURS]).tolist()
    places = _judged(knn, prepare(rows, knn.distance)[0], table, near, apart[:NEIGHBOURS])
    places.sort()
    shown = places[:top]
    theirs = owners[:k].tolist()
    asked = list({*theirs, *[place[2] for place in shown]} - {-1})
    called = dict(zip(asked, names(asked), strict=True))
    faces = tuple(
        [
            Evidence(face, owner, name, distance)
            for face, owner, distance in zip(ids[:k].tolist(), theirs, apart, strict=False)
            if (name := called.get(owner)) is not None
        ]
    )
    shares = _shares(places) if rule.fitted else [None] * len(places)
    evident: dict[int, float] = {}
    for owner, distance in zip(theirs, apart, strict=False):
        evident.setdefault(owner, distance)
    candidates = tuple(
        [
            Candidate(owner, name, -minus, share, evident.get(owner, to_template))
            for (minus, _, owner, to_template), share in zip(shown, shares, strict=False)
            if (name := called[owner]) is not None
        ]
    )
    return rule.answer(knn.name, candidates, faces)


def _judged(
    knn: Knn, query: Vectors, table: TemplateTable, near: list[int], apart: list[float]
) -> list[_Place]:
    """Minus the log-odds, template row, identity and distance to the template of each candidate.

    Args:
        query: prepared, ``(d,)``.
        near, apart: template row and distance of each neighbour, nearest first.
    """
    nearest: dict[int, float] = {}
    last = 0.0
    for row, distance in zip(near, apart, strict=True):
        if row >= 0:
            nearest.setdefault(row, distance)
            last = distance
    if len(table) <= EXACT_TEMPLATES:
        for row in _nearest_templates(query, table):
            nearest.setdefault(row, last)
    rows = sorted(nearest)
    at = np.array(rows, dtype=np.int64)
    model = (knn.calibration or UNCALIBRATED).log_odds
    by_template, by_nearest, by_faces, by_spread, by_level = model.slopes
    (level,) = _away(query, table.centre, table.distance)
    always = model.offset - by_level * level
    prior = PRIOR_FACES * table.pooled
    return [
        (
            by_template * distance
            + by_nearest * nearest[row]
            - by_faces * log(max(count, 1.0))
            - by_spread * (scatter + prior) / (max(count, 1.0) - 1.0 + PRIOR_FACES)
            - always,
            row,
            identity,
            distance,
        )
        for row, distance, count, scatter, identity in zip(
            rows,
            _away(query, table.means[at], table.distance),
            table.counts[at].tolist(),
            table.scatter[at].tolist(),
            table.ids[at].tolist(),
            strict=True,
        )
    ]


def _nearest_templates(query: Vectors, table: TemplateTable) -> Iterable[int]:
    wanted = min(TEMPLATES, len(table))
    if wanted == len(table):
        return range(wanted)
    if table.distance == "cosine":
        away = -(table.means @ query)
    else:
        away = between(query[None], table.means, table.distance)[0]
    return map(int, away.argpartition(wanted - 1)[:wanted])


def _away(query: Vectors, faces: Vectors, distance: Distance) -> list[float]:
    """Distances of a prepared query ``(d,)`` to prepared vectors ``(n, d)``."""
    if distance == "cosine":
        return [max(1.0 - product, 0.0) for product in (faces @ query).tolist()]
    return list(map(float, np.linalg.norm(faces - query, axis=1)))


def _shares(places: list[_Place]) -> list[float]:
    """Probability of each candidate, as :func:`engine.identification.logit.probabilities`."""
    top = max([0.0, *(-place[0] for place in places)])
    odds = [exp(-place[0] - top) for place in places]
    whole = sum(odds) + exp(-top)
    return [one / whole for one in odds]
