"""How faces on their way in meet those that are enrolled: whom they look like, and whose picture
they nearly are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.progress import Reporter
from engine.recognition.recogniser import Recogniser
from engine.review import exactly
from engine.store import Store
from engine.tools.distances import prepare
from engine.types import Identification, Ids, Neighbours, Rows, Vectors

STAGE = "Comparing with the gallery"
ROWS_AT_ONCE = 1_000
_NEAREST = 5  # enrolled faces looked at for a near-duplicate


@dataclass(frozen=True, eq=False)
class Met:
    """Of rows ``(n, d)``.

    Attributes:
        like: whom each is taken for, ``n`` names; None where for nobody.
        near: rows that are near-duplicates of an enrolled face, and whose.
    """

    like: list[str | None] = field(default_factory=list)
    near: dict[int, str] = field(default_factory=dict)


def meet(
    store: Store, recogniser: Recogniser, vectors: Rows, limit: float, reporter: Reporter
) -> Met:
    """Searches the gallery for each row, once for both questions.

    Args:
        limit: distance up to which two faces are near-duplicates.

    Raises:
        CancelledError: through the reporter.
    """
    met = Met()
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        reporter.progress(STAGE, start, len(vectors))
        part = vectors[start : start + ROWS_AT_ONCE]
        answers = recogniser.identify(part, k=_NEAREST, top=1)
        met.like.extend(answer.name for answer in answers)
        found, owners = _neighbours(recogniser, part, answers)
        near = _nearly_enrolled(store, part, found, owners, limit)
        met.near.update((start + row, owner) for row, owner in near.items())
    reporter.progress(STAGE, len(vectors), len(vectors))
    return met


def _neighbours(
    recogniser: Recogniser, vectors: Vectors, answers: Sequence[Identification]
) -> tuple[Neighbours, Ids]:
    """As :meth:`Recogniser.neighbours`; an answer's evidence, where it is not of a learned space.

    Places that are empty have the ids -1.
    """
    if any({"triplet", "knn"} & set(one.method.split(" + ")) == {"triplet"} for one in answers):
        return recogniser.neighbours(vectors, _NEAREST)
    faces = np.full((2, len(answers), _NEAREST), -1, dtype=np.int64)
    distances = np.full((len(answers), _NEAREST), np.inf, dtype=np.float32)
    for row, one in enumerate(answers):
        there = slice(len(one.evidence))
        faces[0, row, there] = [face.face for face in one.evidence]
        faces[1, row, there] = [face.identity_id for face in one.evidence]
        distances[row, there] = [face.distance for face in one.evidence]
    return Neighbours(faces[0], distances), faces[1]


def _nearly_enrolled(
    store: Store, vectors: Vectors, near: Neighbours, owners: Ids, limit: float
) -> dict[int, str]:
    """Rows that are near-duplicates of one of these neighbours, and whose."""
    row, place = np.nonzero(near.distances <= 2 * limit)  # they are rounded to float32
    faces, whose = near.ids[row, place], owners[row, place]
    ids, _, enrolled = store.faces.vectors(np.unique(faces))
    there = np.isin(faces, ids)  # nobody took it out meanwhile
    row, faces, whose = row[there], faces[there], whose[there]
    others = prepare(enrolled, store.distance)[np.searchsorted(ids, faces)]
    close = exactly(prepare(vectors, store.distance)[row], others, store.distance) <= limit
    known = store.people.names(np.unique(whose).tolist())
    found: dict[int, str] = {}
    for at, owner in zip(row[close].tolist(), whose[close].tolist(), strict=True):
        if owner in known:
            found.setdefault(at, known[owner])
    return found
