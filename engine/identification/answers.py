"""From what a method sees to an answer for a person: candidates, evidence and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate, pairwise, repeat
from typing import TypeVar

import numpy as np

from engine.identification.calibration import UNCALIBRATED, Calibration
from engine.identification.logit import Flags, probabilities
from engine.identification.look import Look
from engine.types import Candidate, Evidence, Identification, Ids, Opinion, Vectors

_T = TypeVar("_T")
Names = Callable[[AbstractSet[int]], Mapping[int, str]]
"""Names of identity ids, but of those that are gone; there may be others with them."""
_LEAST_CONFIDENCE = 0.8
"""Asked of a name where the gallery is too small to promise the FPIR. On the real faces it held
galleries of 3 to 40 people at 0.3 to 1.7 %, where the threshold alone named 2 to 49 % of strangers,
up to 1.7 times what it promised."""
_NOT_CALIBRATED = "This gallery is not calibrated, so nobody is named."


@dataclass(frozen=True)
class Rule:
    """What decides between a name and "unknown" at one FPIR, worked out once for many queries.

    Attributes:
        promised: the FPIR that verdicts stand for.
        threshold, least: score and confidence that a name needs.
        fitted: whether confidences are stated.
        note: one sentence where answers need a caveat, else "".
    """

    promised: float
    threshold: float
    least: float
    fitted: bool
    note: str

    @classmethod
    def of(cls, calibration: Calibration | None, fpir: float) -> Rule:
        """By a calibration; without one nobody is named."""
        if calibration is None:
            promised = UNCALIBRATED.promised(fpir)
            return cls(promised, float("inf"), 0.0, False, _NOT_CALIBRATED)
        promised = calibration.promised(fpir)
        return cls(
            promised,
            calibration.threshold(fpir),
            _LEAST_CONFIDENCE if promised > fpir else 0.0,
            calibration.fitted,
            calibration.note(fpir),
        )

    def names(self, score: float, confidence: float | None) -> bool:
        """Whether a candidate with this score and confidence is named."""
        return score > self.threshold and (confidence is None or confidence >= self.least)

    def answer(
        self, method: str, offered: tuple[Candidate, ...], faces: tuple[Evidence, ...]
    ) -> Identification:
        """The answer to a query whose candidates and evidence are these."""
        first = offered[0] if offered else None
        sure = None if first is None else first.confidence
        known = first is not None and self.names(first.score, sure)
        return Identification(
            "known" if known else "unknown",
            first.name if first is not None and known else None,
            sure,
            method,
            offered,
            faces,
            self.promised,
            self.note,
        )


def answers(
    look: Look, ground: Look, rule: Rule, names: Names, *, method: str, k: int, top: int
) -> list[Identification]:
    """Tells who each query of a look is.

    Args:
        ground: the look whose neighbours are the evidence.
        rule: of the look's calibration.
        k: how many of the nearest faces are shown.
        top: how many candidates, at most.
    """
    order = np.argsort(-look.log_odds, axis=1, kind="stable")[:, :top]
    offered, theirs = np.take_along_axis(look.identities, order, axis=1), ground.owners[:, :k]
    asked = _identities(offered, theirs)
    called = names(asked)
    gone = [one for one in asked if one not in called]
    if gone:
        offered, theirs = (np.where(np.isin(one, gone), -1, one) for one in (offered, theirs))
    candidates = _candidates(look, order, offered, ground, rule, called, k)
    evidence = _evidence(ground, theirs, called)
    return list(map(rule.answer, repeat(method), candidates, evidence))


def opinions(look: Look, rule: Rule, names: Names, method: str) -> list[Opinion]:
    """What a method alone says to each query of a look: its first candidate and its verdict."""
    if not look.log_odds.shape[1]:
        return [Opinion(method, None, "unknown", None)] * len(look)
    rows, first = np.arange(len(look)), look.log_odds.argmax(axis=1)
    owners = look.identities[rows, first]
    called = names(_identities(owners))
    shares = probabilities(look.log_odds)[rows, first].tolist() if rule.fitted else repeat(None)
    return [
        Opinion(method, None, "unknown", None)
        if (name := called.get(owner)) is None
        else Opinion(method, name, "known" if rule.names(score, share) else "unknown", share)
        for owner, score, share in zip(
            owners.tolist(), look.log_odds[rows, first].tolist(), shares, strict=False
        )
    ]


def _identities(*owners: Ids) -> set[int]:
    return set().union(*[one.ravel().tolist() for one in owners]) - {-1}


def _evidence(
    ground: Look, theirs: Ids, called: Mapping[int, str]
) -> Iterable[tuple[Evidence, ...]]:
    there, k = theirs >= 0, theirs.shape[1]
    owners = theirs[there].tolist()
    made = map(
        Evidence,
        ground.neighbours.ids[:, :k][there].tolist(),
        owners,
        map(called.__getitem__, owners),
        ground.neighbours.distances[:, :k][there].tolist(),
    )
    return _dealt(list(made), there)


def _candidates(
    look: Look,
    order: Ids,
    offered: Ids,
    ground: Look,
    rule: Rule,
    called: Mapping[int, str],
    k: int,
) -> Iterable[tuple[Candidate, ...]]:
    there = offered >= 0
    scores, distances = (
        np.take_along_axis(column, order, axis=1)[there]
        for column in (look.log_odds, _known(look.distances))
    )
    if rule.fitted:
        shares = np.take_along_axis(probabilities(look.log_odds), order, axis=1)[there].tolist()
    nearest = _nearest(offered, ground, k)[there]
    owners = offered[there].tolist()
    made = map(
        Candidate,
        owners,
        map(called.__getitem__, owners),
        scores.tolist(),
        shares if rule.fitted else repeat(None),
        np.where(nearest < np.inf, nearest, distances).tolist(),
    )
    return _dealt(list(made), there)


def _dealt(made: list[_T], there: Flags) -> Iterable[tuple[_T, ...]]:
    """What was made for the places that are there, ``(m, c)``, row by row."""
    ends = accumulate(there.sum(axis=1).tolist(), initial=0)
    return [tuple(made[start:end]) for start, end in pairwise(ends)]


def _nearest(owners: Ids, ground: Look, k: int) -> Vectors:
    """Distance to the nearest evidence of each owner ``(m, c)``; infinite without any."""
    matches = owners[:, :, None] == ground.owners[:, None, :k]
    distances = ground.neighbours.distances[:, None, :k]
    return np.asarray(np.where(matches, distances, np.inf).min(axis=2, initial=np.inf))


def _known(distances: Vectors) -> Vectors:
    assert not np.isnan(distances).any(), "every candidate has a distance by now"
    return distances
