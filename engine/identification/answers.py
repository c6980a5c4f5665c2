"""From what a method sees to an answer for a person: candidates, evidence and a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.identification.calibration import UNCALIBRATED, Calibration
from engine.identification.logit import probabilities
from engine.identification.look import Look
from engine.types import Candidate, Evidence, Identification, Ids, Vectors

Names = Callable[[Sequence[int]], Sequence[str]]
_LEAST_CONFIDENCE = 0.8
"""Asked of a name where the gallery is too small to promise the FPIR. On the real faces it held
galleries of 3 to 40 people at 0.3 to 1.7 %, where the threshold alone named 2 to 49 % of strangers,
up to 1.7 times what it promised."""
_NOT_CALIBRATED = "This gallery is not calibrated, so nobody is named."


def answers(
    look: Look,
    ground: Look,
    calibration: Calibration | None,
    names: Names,
    *,
    method: str,
    k: int,
    top: int,
    fpir: float,
) -> list[Identification]:
    """Tells who each query of a look is.

    Args:
        ground: the look whose neighbours are the evidence.
        names: names of identity ids.
        k: how many of the nearest faces are shown.
        top: how many candidates, at most.
        fpir: the share of strangers that may get a name.
    """
    evidence = _evidence(ground, names, k)
    candidates = _candidates(look, evidence, calibration, names, top)
    return _judged(candidates, evidence, calibration, method, fpir)


def named(candidate: Candidate | None, calibration: Calibration | None, fpir: float) -> bool:
    """Whether the first candidate is sure enough to be named."""
    if candidate is None or calibration is None:
        return False
    least = _LEAST_CONFIDENCE if calibration.promised(fpir) > fpir else 0.0
    sure = candidate.confidence is None or candidate.confidence >= least
    return sure and candidate.score > calibration.threshold(fpir)


def _judged(
    candidates: list[tuple[Candidate, ...]],
    evidence: list[tuple[Evidence, ...]],
    calibration: Calibration | None,
    method: str,
    fpir: float,
) -> list[Identification]:
    promised = (calibration or UNCALIBRATED).promised(fpir)
    note = calibration.note(fpir) if calibration else _NOT_CALIBRATED
    made = []
    for offered, faces in zip(candidates, evidence, strict=True):
        first = offered[0] if offered else None
        known = named(first, calibration, fpir)
        made.append(
            Identification(
                verdict="known" if known else "unknown",
                name=first.name if first is not None and known else None,
                confidence=first.confidence if first is not None else None,
                method=method,
                candidates=offered,
                evidence=faces,
                fpir=promised,
                note=note,
            )
        )
    return made


def _evidence(ground: Look, names: Names, k: int) -> list[tuple[Evidence, ...]]:
    shown, owners = ground.neighbours.ids[:, :k], ground.owners[:, :k]
    by_id = _by_id(owners, names)
    distances = ground.neighbours.distances[:, :k]
    return [
        tuple(
            Evidence(face, owner, by_id[owner], distance)
            for face, owner, distance in zip(*row, strict=True)
        )
        for row in zip(shown.tolist(), owners.tolist(), distances.tolist(), strict=True)
    ]


def _candidates(
    look: Look,
    evidence: list[tuple[Evidence, ...]],
    calibration: Calibration | None,
    names: Names,
    top: int,
) -> list[tuple[Candidate, ...]]:
    order = np.argsort(-look.log_odds, axis=1, kind="stable")[:, :top]
    owners = np.take_along_axis(look.identities, order, axis=1)
    by_id = _by_id(owners[owners >= 0], names)
    fitted = calibration is not None and calibration.fitted
    columns = [
        np.take_along_axis(column, order, axis=1).tolist()
        for column in (look.log_odds, probabilities(look.log_odds), _known(look.distances))
    ]
    made = []
    for *line, faces in zip(owners.tolist(), *columns, evidence, strict=True):
        nearest = {face.identity_id: face.distance for face in reversed(faces)}
        made.append(
            tuple(
                Candidate(
                    owner,
                    by_id[owner],
                    score,
                    confidence if fitted else None,
                    nearest.get(owner, to_template),
                )
                for owner, score, confidence, to_template in zip(*line, strict=True)
                if owner in by_id
            )
        )
    return made


def _known(distances: Vectors) -> Vectors:
    assert not np.isnan(distances).any(), "every candidate has a distance by now"
    return distances


def _by_id(identity_ids: Ids, names: Names) -> dict[int, str]:
    unique = np.unique(identity_ids).tolist()
    return dict(zip(unique, names(unique), strict=True))
