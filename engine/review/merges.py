"""Identities that may be one person."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.distances import prepare
from engine.findings import Finding
from engine.review.faces import Faces
from engine.review.judging import Judgement
from engine.types import Evidence

_SHOWN = 3
_LITTLE = 3.0
"""Log-odds by which the other identity may be less likely than the own one: 1 to 20."""


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
    found = []
    for one, other, score in _likenesses(faces, judgement):
        pair = frozenset((int(faces.identities[one]), int(faces.identities[other])))
        smaller_first = (faces.counts[one], -one) < (faces.counts[other], -other)
        if score > 0.5 and smaller_first and pair not in apart:
            found.append((one, other, score))
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


def _likenesses(faces: Faces, judgement: Judgement) -> Iterator[tuple[int, int, float]]:
    """Rows of two identities and the share of the first one's faces that look like the second."""
    alike = (judgement.odds > 0) & (judgement.odds > judgement.own[:, None] - _LITTLE)
    chances = 1 / (1 + np.exp(-judgement.odds[alike]))
    owners = np.broadcast_to(faces.owners[:, None], alike.shape)[alike]
    pairs, place = np.unique(
        np.stack([owners, judgement.rows[alike]], axis=1), axis=0, return_inverse=True
    )
    shares = np.bincount(place.ravel(), chances, len(pairs)) / faces.counts[pairs[:, 0]]
    for (one, other), share in zip(pairs.tolist(), shares.tolist(), strict=True):
        yield one, other, share


def _nearest(faces: Faces, one: int, other: int) -> tuple[Evidence, ...]:
    """The faces of the one that are nearest to the middle of the other."""
    middle = faces.rows[faces.members(other)].mean(axis=0)
    return faces.nearest_of(one, prepare(middle[None], faces.distance)[0], _SHOWN)
