"""Faces that look like somebody else than they are said to be, and faces that look like nobody."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from engine.identification.logit import Flags, Numbers
from engine.records.findings import Finding
from engine.records.types import Evidence, Ids
from engine.review.faces import Faces
from engine.review.judgement import ELSEWHERE, FINE, NOBODY, Judgement

_SHOWN = 3
"""Nearest faces shown of each identity."""


def labels(
    faces: Faces, judgement: Judgement, merges: Collection[tuple[int, int]] = ()
) -> list[Finding]:
    """Faces that are likelier not their identity's, and likelier somebody else's than nobody's.

    Args:
        merges: rows of identities that may be one person: it is told once, not for every face.
    """
    found = []
    for face in _worst(faces, judgement.elsewhere, judgement.chances[[FINE, NOBODY]]):
        own, other = int(faces.owners[face]), int(judgement.suggestion[face])
        if (own, other) in merges or (other, own) in merges:
            continue
        shown = _nearest(faces, face, other) + _nearest(faces, face, own)
        score = float(judgement.chances[ELSEWHERE, face])
        found.append(faces.finding("labels", score, own, face, other, shown))
    return found


def outliers(faces: Faces, judgement: Judgement) -> list[Finding]:
    """Faces that are likelier not their identity's, and likelier nobody's than somebody else's."""
    found = []
    nobodys = judgement.doubted & ~judgement.elsewhere
    for face in _worst(faces, nobodys, judgement.chances[[FINE, ELSEWHERE]]):
        own = int(faces.owners[face])
        shown = _nearest(faces, face, own)
        score = float(judgement.chances[NOBODY, face])
        found.append(faces.finding("outliers", score, own, face, None, shown))
    return found


def _nearest(faces: Faces, face: int, identity: int) -> tuple[Evidence, ...]:
    return faces.nearest_of(identity, faces.rows[face], _SHOWN, without=face)


def _worst(faces: Faces, which: Flags, rest: Numbers) -> list[int]:
    """Rows of some faces but those confirmed, the highest chance first.

    The order is that of the rest to one, which tells apart even what rounds to one.
    """
    rows: Ids = np.flatnonzero(which & ~faces.confirmed)
    return [int(row) for row in rows[np.argsort(rest.sum(axis=0)[rows], kind="stable")]]
