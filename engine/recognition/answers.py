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
from engine.records.types import (
    Candidate,
    Evidence,
    Identification,
    Ids,
    Opinion,
    Strangers,
    Vectors,
)

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
    def of(
        cls, calibration: Calibration | None, fpir: float, strangers: Strangers = "at-large"
    ) -> DecisionRule:
        """The rule of a calibration; without one nobody is named."""
        if calibration is None:
            promised = UNCALIBRATED.achievable_fpir(fpir)
            return cls(promised, float("inf"), 0.0, False, _NOT_CALIBRATED)
        promised = calibration.achievable_fpir(fpir, strangers)
        return cls(
            promised,
            calibration.threshold(fpir, strangers),
            _LEAST_CONFIDENCE if promised > fpir else 0.0,
            calibration.fitted,
            calibration.note(fpir, strangers),
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
        """Make the answer to query ``at``, counted from 0."""
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
        self._answers = [answers for _, answers in parts]
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
        names, confidences = self.names, self.confidences
        candidates = zip(
            self.identities[at].tolist(),
            self.scores[at].tolist(),
            repeat(None) if confidences is None else confidences[at].tolist(),
            self.distances[at].tolist(),
            strict=False,
        )
        faces = zip(
            self.faces[at].tolist(),
            self.owners[at].tolist(),
            self.face_distances[at].tolist(),
            strict=True,
        )
        return self.rule.record(
            self.method,
            self.known.item(at),
            tuple(
                Candidate(identity, names[identity], score, confidence, distance)
                for identity, score, confidence, distance in candidates
                if identity >= 0
            ),
            tuple(
                Evidence(face, owner, names[owner], distance)
                for face, owner, distance in faces
                if owner >= 0
            ),
        )


def answer_columns(
    scores: MethodScores,
    evidence: MethodScores,
    rule: DecisionRule,
    names: NameLookup,
    *,
    method: str,
    k: int,
    top: int,
) -> AnswerColumns:
    """Make the answers to all queries from the scores of a method.

    Args:
        evidence: scores of the method whose neighbours are the evidence.
        rule: of the calibration of these scores.
        k: how many of the nearest faces are shown.
        top: how many candidates, at most.
    """
    faces, owners = evidence.neighbours, evidence.owners[:, :k]
    while True:
        order = np.argsort(-scores.log_odds, axis=1, kind="stable")[:, :top]
        identities = np.take_along_axis(scores.identities, order, axis=1)
        shown = _identities(identities, owners)
        names_shown = names(shown)
        gone = [identity for identity in shown if identity not in names_shown]
        if not gone:
            break
        scores = scores.without([frozenset(gone)] * len(scores))
        owners = np.where(np.isin(owners, gone), -1, owners)
    log_odds = np.take_along_axis(scores.log_odds, order, axis=1)
    confidences = None
    if rule.fitted:
        confidences = np.take_along_axis(probabilities(scores.log_odds), order, axis=1)
    known = np.zeros(len(scores), dtype=bool)
    if order.shape[1]:
        known = rule.named(log_odds[:, 0], None if confidences is None else confidences[:, 0])
        known &= identities[:, 0] >= 0
    nearest = _nearest(identities, evidence, k)
    to_templates = np.take_along_axis(_without_nan(scores.distances), order, axis=1)
    return AnswerColumns(
        identities,
        log_odds,
        np.where(nearest < np.inf, nearest, to_templates),
        confidences,
        known,
        faces.ids[:, :k],
        owners,
        faces.distances[:, :k],
        names_shown,
        rule,
        method,
    )


def opinions(
    scores: MethodScores, rule: DecisionRule, names: NameLookup, method: str
) -> list[Opinion]:
    """What a method alone says to each query: its first candidate and its verdict."""
    if not scores.log_odds.shape[1]:
        return [Opinion(method, None, "unknown", None)] * len(scores)
    rows, first = np.arange(len(scores)), scores.log_odds.argmax(axis=1)
    identities, log_odds = scores.identities[rows, first], scores.log_odds[rows, first]
    confidences = probabilities(scores.log_odds)[rows, first] if rule.fitted else None
    known = rule.named(log_odds, confidences)
    names_shown = names(_identities(identities))
    return [
        Opinion(method, None, "unknown", None)
        if (name := names_shown.get(identity)) is None
        else Opinion(method, name, "known" if named else "unknown", confidence)
        for identity, named, confidence in zip(
            identities.tolist(),
            known.tolist(),
            repeat(None) if confidences is None else confidences.tolist(),
            strict=False,
        )
    ]


def _identities(*owners: Ids) -> set[int]:
    return {*np.unique(np.concatenate([column.ravel() for column in owners])).tolist()} - {-1}


def _nearest(identities: Ids, evidence: MethodScores, k: int) -> Vectors:
    """Distance to the nearest evidence of each identity ``(m, c)``; infinite without any."""
    nearest = np.full(identities.shape, np.inf, dtype=np.float32)
    for place in reversed(range(min(k, evidence.owners.shape[1]))):  # the nearest comes last
        owners, distances = evidence.owners[:, [place]], evidence.neighbours.distances[:, [place]]
        nearest = np.where(identities == owners, distances, nearest)
    return nearest


def _without_nan(distances: Vectors) -> Vectors:
    assert not np.isnan(distances).any(), "every candidate has a distance by now"
    return distances
