"""From what a method sees to an answer for a person: candidates, evidence and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import repeat
from typing import overload

import numpy as np

from engine.recognition.calibration.calibration import UNCALIBRATED, Calibration
from engine.recognition.logit import Flags, Numbers, probabilities
from engine.recognition.scores import MethodScores
from engine.records.types import Candidate, Evidence, Identification, Ids, Opinion, Vectors

NameLookup = Callable[[AbstractSet[int]], Mapping[int, str]]
"""Names of identity ids, but of those that are gone; there may be others with them."""
_LEAST_CONFIDENCE = 0.8
"""Asked of a name where the gallery is too small to promise the FPIR. On the real faces it held
galleries of 3 to 40 people at 0.3 to 1.7 %, where the threshold alone named 2 to 49 % of strangers,
up to 1.7 times what it promised."""
_NOT_CALIBRATED = "This gallery is not calibrated, so no one is named."


@dataclass(frozen=True)
class DecisionRule:
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
    def of(cls, calibration: Calibration | None, fpir: float) -> DecisionRule:
        """The rule of a calibration; without one nobody is named."""
        if calibration is None:
            promised = UNCALIBRATED.achievable_fpir(fpir)
            return cls(promised, float("inf"), 0.0, False, _NOT_CALIBRATED)
        promised = calibration.achievable_fpir(fpir)
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

    def named(self, scores: Numbers, confidences: Numbers | None) -> Flags:
        """Which candidates ``(m,)`` are named."""
        passed: Flags = scores > self.threshold
        return passed if confidences is None else passed & (confidences >= self.least)

    def answer(
        self, method: str, offered: tuple[Candidate, ...], faces: tuple[Evidence, ...]
    ) -> Identification:
        """Decide whether the first candidate is named, and make the answer."""
        first = offered[0] if offered else None
        known = first is not None and self.names(first.score, first.confidence)
        return self.record(method, known, offered, faces)

    def record(
        self,
        method: str,
        known: bool,
        offered: tuple[Candidate, ...],
        faces: tuple[Evidence, ...],
    ) -> Identification:
        """Make an answer; ``known`` says whether its first candidate is named."""
        return Identification(
            "known" if known else "unknown",
            offered[0].name if known else None,
            offered[0].confidence if offered else None,
            method,
            offered,
            faces,
            self.promised,
            self.note,
        )


class LazyAnswers(Sequence[Identification]):
    """Answers of which a record is made when it is asked for."""

    def record(self, at: int) -> Identification:
        """The answer at a place from 0."""
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> Identification: ...
    @overload
    def __getitem__(self, at: slice) -> list[Identification]: ...
    def __getitem__(self, at: int | slice) -> Identification | list[Identification]:
        places = range(len(self))[at]
        return self.record(places) if isinstance(places, int) else [*map(self.record, places)]

    def __iter__(self) -> Iterator[Identification]:
        return map(self.record, range(len(self)))

    def __add__(self, other: Iterable[Identification]) -> list[Identification]:
        return [*self, *other]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    def __repr__(self) -> str:
        return repr([*self])


class JoinedAnswers(LazyAnswers):
    """Answers to some queries each, as answers to all of them."""

    def __init__(self, parts: Sequence[tuple[Sequence[int], Sequence[Identification]]]) -> None:
        """
        Args:
            parts: rows of queries and their answers; each row of all of them once.
        """
        self._answers = [answer_columns for _, answer_columns in parts]
        self._part = np.empty(sum(len(rows) for rows, _ in parts), dtype=np.int64)
        self._place = np.empty_like(self._part)
        for number, (rows, _) in enumerate(parts):
            self._part[rows], self._place[rows] = number, np.arange(len(rows))

    def __len__(self) -> int:
        return len(self._part)

    def record(self, at: int) -> Identification:
        return self._answers[self._part.item(at)][self._place.item(at)]


@dataclass(frozen=True, eq=False, repr=False)
class AnswerColumns(LazyAnswers):
    """Answers to ``m`` queries in columns; a record is made when it is asked for.

    Attributes:
        identities: ids of the candidates, best first, ``(m, c)``; -1 where there are fewer.
        scores, distances: of the candidates, as in :class:`Candidate`, ``(m, c)``.
        confidences: of the candidates, ``(m, c)``; None where they cannot be stated.
        known: whether the first candidate is named, ``(m,)``.
        faces, owners: ids of the nearest faces and of their identities, ``(m, k)``; an owner is
            -1 where there are fewer faces.
        face_distances: to the nearest faces, ``(m, k)``.
        names: of the identities, and perhaps of others.
        rule: what verdicts rest on.
        method: as the records name it.
    """

    identities: Ids
    scores: Numbers
    distances: Vectors
    confidences: Numbers | None
    known: Flags
    faces: Ids
    owners: Ids
    face_distances: Vectors
    names: Mapping[int, str]
    rule: DecisionRule
    method: str

    def __len__(self) -> int:
        return len(self.known)

    def record(self, at: int) -> Identification:
        columns = self.identities, self.scores, self.distances
        owners, scores, distances = (column[at].tolist() for column in columns)
        shares = repeat(None) if self.confidences is None else self.confidences[at].tolist()
        called, known = self.names, self.known.item(at)
        candidates = tuple(
            Candidate(owner, called[owner], score, share, distance)
            for owner, score, share, distance in zip(
                owners, scores, shares, distances, strict=False
            )
            if owner >= 0
        )
        neighbours = self.faces, self.owners, self.face_distances
        evidence = tuple(
            Evidence(face, owner, called[owner], distance)
            for face, owner, distance in zip(
                *(column[at].tolist() for column in neighbours), strict=True
            )
            if owner >= 0
        )
        return self.rule.record(self.method, known, candidates, evidence)


def answer_columns(
    look: MethodScores,
    ground: MethodScores,
    rule: DecisionRule,
    names: NameLookup,
    *,
    method: str,
    k: int,
    top: int,
) -> AnswerColumns:
    """Make the answers to all queries from the scores of a method.

    Args:
        ground: scores of the method whose neighbours are the evidence.
        rule: of the calibration of these scores.
        k: how many of the nearest faces are shown.
        top: how many candidates, at most.
    """
    owners = ground.owners[:, :k]
    while True:
        order = np.argsort(-look.log_odds, axis=1, kind="stable")[:, :top]
        offered = np.take_along_axis(look.identities, order, axis=1)
        asked = _identities(offered, owners)
        called = names(asked)
        gone = [identity for identity in asked if identity not in called]
        if not gone:
            break
        look = look.without([frozenset(gone)] * len(look))
        owners = np.where(np.isin(owners, gone), -1, owners)
    scores = np.take_along_axis(look.log_odds, order, axis=1)
    shares = None
    if rule.fitted:
        shares = np.take_along_axis(probabilities(look.log_odds), order, axis=1)
    known = np.zeros(len(look), dtype=bool)
    if order.shape[1]:
        known = rule.named(scores[:, 0], None if shares is None else shares[:, 0])
        known &= offered[:, 0] >= 0
    nearest = _nearest(offered, ground, k)
    distances = np.where(
        nearest < np.inf, nearest, np.take_along_axis(_known(look.distances), order, axis=1)
    )
    neighbours = ground.neighbours
    return AnswerColumns(
        offered,
        scores,
        distances,
        shares,
        known,
        neighbours.ids[:, :k],
        owners,
        neighbours.distances[:, :k],
        called,
        rule,
        method,
    )


def opinions(
    look: MethodScores, rule: DecisionRule, names: NameLookup, method: str
) -> list[Opinion]:
    """What a method alone says to each query: its first candidate and its verdict."""
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
    return {*np.unique(np.concatenate([column.ravel() for column in owners])).tolist()} - {-1}


def _nearest(owners: Ids, ground: MethodScores, k: int) -> Vectors:
    """Distance to the nearest evidence of each owner ``(m, c)``; infinite without any."""
    matches = owners[:, :, None] == ground.owners[:, None, :k]
    distances = ground.neighbours.distances[:, None, :k]
    return np.asarray(np.where(matches, distances, np.inf).min(axis=2, initial=np.inf))


def _known(distances: Vectors) -> Vectors:
    assert not np.isnan(distances).any(), "every candidate has a distance by now"
    return distances
