"""Names given to the faces of one photograph together: nobody is in it twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.records.types import Candidate, Identification

Margin = Callable[[Identification, Candidate], float]
"""By how much the score of a candidate of an answer exceeds what a name needs; 0 or less where it
would not be named."""
_FAIR = 0.2
"""Confidence that a candidate other than the first needs: a face that looks like nobody but a
person whom another face is more surely is none of the others either."""
_TAKEN = "Another face in the photograph is {} more surely."


def assign_jointly(
    answers: Sequence[Identification], photographs: Sequence[str | None], margin: Margin
) -> Sequence[Identification]:
    """Give each identity to one face of a photograph at most.

    Of all ways to do so the one is taken whose names exceed what names need by most in all (an
    assignment problem: Kuhn 1955, "The Hungarian method"). A face that has to give way gets
    another name only where it had a fair chance of that from the start.

    Args:
        answers: to each query.
        photographs: the photograph that each is a face of; None for one of none.

    Returns:
        answers; those that were changed say why.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    for row, photograph in enumerate(photographs):
        if photograph is not None:
            members[photograph].append(row)
    changed: dict[int, Identification] = {}
    for rows in members.values():
        named = Counter(answers[row].name for row in rows) if len(rows) > 1 else Counter()
        del named[None]
        if max(named.values(), default=0) > 1:
            changed |= _assigned({row: answers[row] for row in rows}, margin)
    if not changed:
        return answers
    return [changed.get(row, answer) for row, answer in enumerate(answers)]


def _assigned(answers: Mapping[int, Identification], margin: Margin) -> dict[int, Identification]:
    """Return the answers to the faces of one photograph, by row, without a name twice."""
    from scipy.optimize import linear_sum_assignment

    identities = sorted(
        {offered.identity_id for answer in answers.values() for offered in answer.candidates}
    )
    column = {identity: place for place, identity in enumerate(identities)}
    gains = np.zeros((len(answers), len(identities)))
    for place, answer in enumerate(answers.values()):
        for rank, offered in enumerate(answer.candidates):
            if rank == 0 or offered.confidence is None or offered.confidence >= _FAIR:
                gains[place, column[offered.identity_id]] = max(margin(answer, offered), 0.0)
    chosen = dict(zip(*linear_sum_assignment(gains, maximize=True), strict=True))
    found = {}
    for place, (row, answer) in enumerate(answers.items()):
        at = chosen.get(place)
        gained = at is not None and gains[place, at] > 0
        found[row] = _renamed(answer, identities[at] if gained and at is not None else None)
    return found


def _renamed(answer: Identification, identity: int | None) -> Identification:
    """Return an answer with the name of another candidate, or with none."""
    if answer.name is None or identity == answer.candidates[0].identity_id:
        return answer
    note = f"{answer.note} {_TAKEN.format(answer.name)}".strip()
    if identity is None:
        return replace(answer, verdict="unknown", name=None, note=note)
    first = next(each for each in answer.candidates if each.identity_id == identity)
    others = tuple(each for each in answer.candidates if each is not first)
    return replace(
        answer,
        name=first.name,
        confidence=first.confidence,
        candidates=(first, *others),
        note=note,
    )
