"""Identities that may be one person."""

from __future__ import annotations

import numpy as np

from engine.records.findings import Finding
from engine.records.types import Evidence
from engine.review.faces import Faces
from engine.review.judgement import Judgement
from engine.utils.distances import prepare

_SHOWN = 3


def merges(faces: Faces, judgement: Judgement) -> list[tuple[int, int, float]]:
    """Pairs of identities of which the smaller one's faces look like the larger one's.

    A face does when the other identity is likelier than a stranger, with the face's own identity
    left out of the question, and not much less likely than its own; it counts by that
    probability. The score is the share of faces that do, above one half.

    The larger one's faces are not asked: they look more like one another than like the few that
    went astray.

    Returns:
        rows of the identities, the smaller one first, and the score; highest first.
    """
    apart = {frozenset(pair) for pair in faces.decided.apart}
    alike = judgement.as_near & (judgement.odds > 0)
    weights = np.where(alike, 1 / (1 + np.exp(-np.maximum(judgement.odds, 0))), 0)
    found = [
        (one, other, share)
        for one, other, share in judgement.shares(faces, weights)
        if frozenset(faces.identities[[one, other]].tolist()) not in apart
    ]
    return sorted(found, key=lambda pair: -pair[2])


def merge_findings(faces: Faces, pairs: list[tuple[int, int, float]]) -> list[Finding]:
    """The same as findings; the identity with more faces is the one to keep."""
    return [
        faces.finding(
            "merges",
            score,
            one,
            suggestion=other,
            evidence=_nearest(faces, one, other) + _nearest(faces, other, one),
        )
        for one, other, score in pairs
    ]


def _nearest(faces: Faces, one: int, other: int) -> tuple[Evidence, ...]:
    """The faces of the one that are nearest to the middle of the other."""
    middle = faces.rows[faces.members(other)].mean(axis=0)
    return faces.nearest_of(one, prepare(middle[None], faces.distance)[0], _SHOWN)
