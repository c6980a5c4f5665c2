"""Identities with too few faces, and how many are enough: measured on the gallery itself."""

from __future__ import annotations

import numpy as np

from engine.identification.logit import Flags, LogOdds
from engine.identification.shortlist import NEIGHBOURS, shortlist
from engine.progress import Reporter
from engine.records.findings import Balance, Finding, Rate
from engine.records.types import Ids
from engine.review.faces import Faces
from engine.review.judgement import Judgement
from engine.utils.exact_neighbours import nearest

ASSUMED = 3
"""Faces that are taken to be enough where it cannot be measured."""
_NUMBERS = (1, 2, 3, 4, 5, 6, 8, 10)
_WORTH = 0.02
_FEWEST_PROBES = 50
_PROBES = 1_000
_EACH = 10
"""Faces of one identity that are asked with, so that a few large ones do not decide."""
_BLOCK = 2_000_000
"""Distances to templates held in memory at once (8 MB)."""
_STAGE = "Measuring how many faces are enough"


def balance(faces: Faces, judgement: Judgement, reporter: Reporter) -> Balance:
    """Faces per identity, and how many are enough.

    Enough is the smallest number with which at most 2 faces in 100 fewer are recognised than with
    the most that could be measured. Where not even ASSUMED can be, or most faces are recognised
    with no number of them, it is that.

    Raises:
        CancelledError: stopped by the reporter.
    """
    rates = [] if judgement.model is None else _rates(faces, judgement, judgement.model, reporter)
    order = np.argsort(-faces.counts, kind="stable")
    return Balance(
        tuple(faces.counts[order].tolist()),
        tuple(faces.identities[order].tolist()),
        _enough(rates),
        tuple(rates),
    )


def few(faces: Faces, enough: int) -> list[Finding]:
    """Identities with fewer faces than are enough, those with the fewest first."""
    short = np.flatnonzero(faces.counts < enough)
    return [
        faces.finding("few", 1 - float(faces.counts[row]) / enough, int(row))
        for row in short[np.argsort(faces.counts[short], kind="stable")]
    ]


def _rates(faces: Faces, judgement: Judgement, model: LogOdds, reporter: Reporter) -> list[Rate]:
    sound, rates = ~judgement.doubted, []
    for step, number in enumerate(_NUMBERS):
        reporter.progress(_STAGE, step, len(_NUMBERS))
        rate = _rate(faces, sound, model, number, reporter)
        if rate is None:
            break
        rates.append(rate)
    reporter.progress(_STAGE, len(_NUMBERS), len(_NUMBERS))
    return rates


def _enough(rates: list[Rate]) -> int:
    best = max((rate.recognised for rate in rates), default=0.0)
    if best < 0.5 or rates[-1].faces < ASSUMED:
        return ASSUMED
    return next(rate.faces for rate in rates if rate.recognised >= best - _WORTH)


def _rate(
    faces: Faces, sound: Flags, model: LogOdds, number: int, reporter: Reporter
) -> Rate | None:
    """Of the faces that are not drawn, those recognised in a gallery of so many of each identity.

    Recognised: the own identity comes first and is likelier than that it is a stranger. None
    where under 50 faces are left to ask with.
    """
    enrolled, probes = _drawn(faces, sound, number)
    if len(probes) < _FEWEST_PROBES:
        return None
    table, owners = faces.table(enrolled), faces.owners[enrolled]
    places, distances = nearest(
        faces.rows[probes],
        faces.rows[enrolled],
        NEIGHBOURS,
        faces.distance,
        check=lambda done: reporter.check(),
    )
    recognised, block = 0, max(1, _BLOCK // len(table))
    for start in range(0, len(probes), block):
        reporter.check()
        part = slice(start, start + block)
        rows = probes[part]
        found = shortlist(faces.rows[rows], table, owners[places[part]], distances[part])
        odds = model(found.features, found.filled)
        first = np.take_along_axis(found.rows, odds.argmax(axis=1)[:, None], axis=1)[:, 0]
        recognised += int(((first == faces.owners[rows]) & (odds.max(axis=1) > 0)).sum())
    return Rate(number, recognised / len(probes), len(probes))


def _drawn(faces: Faces, sound: Flags, number: int) -> tuple[Flags, Ids]:
    """Which faces are enrolled, ``number`` of each identity or all, and which are asked with."""
    random = np.random.default_rng(number)
    shuffled = random.permutation(len(faces))
    order = shuffled[np.argsort(faces.owners[shuffled], kind="stable")]
    turn = np.empty(len(faces), dtype=np.int64)
    turn[order] = np.arange(len(faces)) - np.repeat(
        np.cumsum(faces.counts) - faces.counts, faces.counts
    )
    asked = np.flatnonzero(sound & (turn >= number) & (turn < number + _EACH))
    return turn < number, random.permutation(asked)[:_PROBES]
