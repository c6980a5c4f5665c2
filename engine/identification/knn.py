"""Identification by nearest faces, judged by the templates of their identities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from engine.distances import prepare
from engine.identification.calibration import UNCALIBRATED, Calibration
from engine.identification.logit import Numbers, probabilities
from engine.identification.shortlist import NEIGHBOURS, LeftOut, Shortlist, shortlist
from engine.identification.templates import Templates, TemplateTable
from engine.types import (
    Candidate,
    Distance,
    Evidence,
    Identification,
    Ids,
    Neighbours,
    Vectors,
)

_BLOCK = 1_000
"""Queries answered at once."""
_LEAST_CONFIDENCE = 0.8
"""Asked of a name where the gallery is too small to promise the FPIR. On the real faces it held
galleries of 3 to 40 people at 0.3 to 1.7 %, where the threshold alone named 2 to 49 % of strangers,
up to 1.7 times what it promised."""
_NOT_CALIBRATED = "This gallery is not calibrated, so nobody is named."


class Searcher(Protocol):
    """The part of an index that is needed here."""

    def search(self, queries: Vectors, k: int) -> Neighbours: ...


class Knn:
    """Names a query after its nearest faces and the templates of their identities.

    Candidates stand in the order of their calibrated log-odds, hence of their confidence; the
    verdict is "known" when the first exceeds the calibration's threshold.
    """

    name = "knn"

    def __init__(
        self,
        index: Searcher,
        templates: Templates,
        *,
        identity_of: Callable[[Ids], Ids],
        names: Callable[[Sequence[int]], Sequence[str]],
        calibration: Calibration | None,
        distance: Distance,
    ) -> None:
        """
        Args:
            identity_of: identity ids of face ids, of any shape.
            names: names of identity ids.
            calibration: None gives candidates without verdict and confidence.
        """
        self._index = index
        self._templates = templates
        self._identity_of = identity_of
        self._names = names
        self._calibration = calibration
        self._distance: Distance = distance

    def identify(
        self, queries: Vectors, *, k: int = 5, top: int = 5, fpir: float = 0.01
    ) -> list[Identification]:
        """Tells who each query ``(m, d)`` is.

        Args:
            k: how many nearest faces are shown as evidence; the judgement always rests on the
                ten nearest and on the templates.
            top: how many candidates, at most; more than come into question are not listed (the
                five nearest templates and the owners of the ten nearest faces).
            fpir: the share of strangers that may get a name, in (0, 1).
        """
        answers: list[Identification] = []
        for start in range(0, len(queries), _BLOCK):
            block = queries[start : start + _BLOCK]
            neighbours = self._index.search(block, max(k, NEIGHBOURS))
            answers += self._answer(block, neighbours, None, k, top, fpir)
        return answers

    def identify_enrolled(
        self,
        faces: Ids,
        identity_ids: Ids,
        vectors: Vectors,
        *,
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
    ) -> list[Identification]:
        """Tells who enrolled faces would be if they were not enrolled: each is left out.

        Args:
            faces, identity_ids, vectors: ids ``(m,)``, owners ``(m,)`` and embeddings ``(m, d)``.
        """
        answers: list[Identification] = []
        for start in range(0, len(faces), _BLOCK):
            part = slice(start, start + _BLOCK)
            found = self._index.search(vectors[part], max(k, NEIGHBOURS) + 1)
            neighbours = _without(found, faces[part])
            owners = identity_ids[part]
            answers += self._answer(vectors[part], neighbours, owners, k, top, fpir)
        return answers

    def _answer(
        self,
        queries: Vectors,
        neighbours: Neighbours,
        owners: Ids | None,
        k: int,
        top: int,
        fpir: float,
    ) -> list[Identification]:
        table = self._templates.table()
        identity_ids = self._identity_of(neighbours.ids)
        found = shortlist(
            prepare(queries, self._distance),
            table,
            table.rows(identity_ids),
            neighbours.distances,
            left_out=None if owners is None else LeftOut(table.rows(owners), "face"),
        )
        calibration = self._calibration or UNCALIBRATED
        scores = calibration.log_odds(found.features, found.filled)
        evidence = self._evidence(neighbours, identity_ids, k)
        candidates = self._candidates(found, scores, evidence, table, calibration.fitted, top)
        return self._judged(candidates, evidence, fpir)

    def _judged(
        self,
        candidates: list[tuple[Candidate, ...]],
        evidence: list[tuple[Evidence, ...]],
        fpir: float,
    ) -> list[Identification]:
        calibration = self._calibration or UNCALIBRATED
        threshold, promised = calibration.threshold(fpir), calibration.promised(fpir)
        least = _LEAST_CONFIDENCE if promised > fpir else 0.0
        note = calibration.note(fpir) if self._calibration else _NOT_CALIBRATED
        answers = []
        for offered, faces in zip(candidates, evidence, strict=True):
            first = offered[0] if offered else None
            known = first is not None and first.score > threshold and _sure(first, least)
            answers.append(
                Identification(
                    verdict="known" if known else "unknown",
                    name=first.name if first is not None and known else None,
                    confidence=first.confidence if first is not None else None,
                    method=self.name,
                    candidates=offered,
                    evidence=faces,
                    fpir=promised,
                    note=note,
                )
            )
        return answers

    def _evidence(
        self, neighbours: Neighbours, identity_ids: Ids, k: int
    ) -> list[tuple[Evidence, ...]]:
        shown, owners = neighbours.ids[:, :k], identity_ids[:, :k]
        names = self._names_by_id(owners)
        return [
            tuple(
                Evidence(face, owner, names[owner], distance)
                for face, owner, distance in zip(*row, strict=True)
            )
            for row in zip(
                shown.tolist(),
                owners.tolist(),
                neighbours.distances[:, :k].tolist(),
                strict=True,
            )
        ]

    def _candidates(
        self,
        found: Shortlist,
        scores: Numbers,
        evidence: list[tuple[Evidence, ...]],
        table: TemplateTable,
        fitted: bool,
        top: int,
    ) -> list[tuple[Candidate, ...]]:
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        rows = np.take_along_axis(found.rows, order, axis=1)
        owners = np.where(rows >= 0, table.ids[rows], -1) if len(table) else rows
        names = self._names_by_id(owners[rows >= 0])
        columns = [
            np.take_along_axis(column, order, axis=1).tolist()
            for column in (scores, probabilities(scores), -found.features[:, :, 0])
        ]
        answers = []
        for *line, faces in zip(owners.tolist(), *columns, evidence, strict=True):
            nearest = {face.identity_id: face.distance for face in reversed(faces)}
            answers.append(
                tuple(
                    Candidate(
                        owner,
                        names[owner],
                        score,
                        confidence if fitted else None,
                        nearest.get(owner, to_template),
                    )
                    for owner, score, confidence, to_template in zip(*line, strict=True)
                    if owner in names
                )
            )
        return answers

    def _names_by_id(self, identity_ids: Ids) -> dict[int, str]:
        unique = np.unique(identity_ids).tolist()
        return dict(zip(unique, self._names(unique), strict=True))


def _without(neighbours: Neighbours, faces: Ids) -> Neighbours:
    """The neighbours ``(m, k + 1)`` of enrolled faces without the face itself, ``(m, k)``."""
    itself = neighbours.ids == faces[:, None]
    order = np.argsort(itself, axis=1, kind="stable")[:, :-1]
    return Neighbours(
        np.take_along_axis(neighbours.ids, order, axis=1),
        np.take_along_axis(neighbours.distances, order, axis=1),
    )


def _sure(candidate: Candidate, least: float) -> bool:
    """Whether the confidence, where there is one, is enough."""
    return candidate.confidence is None or candidate.confidence >= least
