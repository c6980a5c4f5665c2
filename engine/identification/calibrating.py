"""Fits the calibration: every sampled face is searched without itself and without its identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.distances import between, prepare
from engine.identification.agreement import widest_agreement
from engine.identification.calibration import BY_TEMPLATE, Calibration
from engine.identification.logit import LogOdds, Numbers, fit
from engine.identification.shortlist import (
    NEIGHBOURS,
    LeftOut,
    Shortlist,
    shortlist,
)
from engine.identification.templates import Templates, TemplateTable
from engine.progress import SILENT, Reporter
from engine.types import Distance, Ids, Vectors

PROBES = 5_000
"""Faces sampled at most; fewer where the gallery is large, to stay under WORK comparisons."""
WORK = 200_000_000
_FEWEST_PROBES = 1_000
_BLOCK = 4_000_000
_FOLDS = 5
_STAGE = "Calibrating"


def calibrate(
    ids: Ids,
    identity_ids: Ids,
    vectors: Vectors,
    distance: Distance,
    *,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> Calibration:
    """Learns from a gallery what its scores mean.

    Half of the queries are taken to be strangers: the faces searched without their own identity
    weigh as much as the faces searched without themselves. At most PROBES faces are searched,
    drawn evenly, each against the whole gallery.

    Args:
        ids, identity_ids: of each face, ``(n,)``; the order of the faces does not matter.
        vectors: as they came, ``(n, d)``.
        seed: of the sample and the folds; the same input and seed give the same calibration.

    Raises:
        CancelledError: stopped by the reporter.
    """
    order = np.argsort(ids, kind="stable")
    identity_ids, vectors = identity_ids[order], vectors[order]
    templates = Templates(vectors.shape[1], distance)
    templates.add(identity_ids, vectors)
    table = templates.table()
    faces, rows = prepare(vectors, distance), table.rows(identity_ids)
    random = np.random.default_rng(seed)
    probes = _sample(len(faces), random)
    agreement = widest_agreement(faces, rows, probes, distance, random)
    if len(table) < 2:
        return Calibration(len(table), BY_TEMPLATE, False, (), (), (), agreement)
    searches = _search(faces, rows, probes, table, reporter)
    folds = random.permutation(len(table)) % min(_FOLDS, len(table))
    calibration = _conclude(searches, folds[searches.own], agreement)
    reporter.progress(_STAGE, len(probes), len(probes))
    return calibration


@dataclass(frozen=True, eq=False)
class _Searches:
    """Each probe searched once without itself and once without its identity.

    Attributes:
        own: template row of the probes' identities, ``(m,)``.
        alone: True for probes that are the only face of their identity.
        mated, strangers: what came up in the two searches.
    """

    identities: int
    own: Ids
    alone: npt.NDArray[np.bool_]
    mated: Shortlist
    strangers: Shortlist


def _sample(count: int, random: np.random.Generator) -> Ids:
    wanted = min(PROBES, max(_FEWEST_PROBES, WORK // count))
    if count <= wanted:
        return np.arange(count, dtype=np.int64)
    return np.sort(random.choice(count, wanted, replace=False)).astype(np.int64)


def _search(
    faces: Vectors, rows: Ids, probes: Ids, table: TemplateTable, reporter: Reporter
) -> _Searches:
    block = max(1, _BLOCK // len(faces))
    mated, strangers = [], []
    for start in range(0, len(probes), block):
        reporter.progress(_STAGE, start, len(probes))
        chosen = probes[start : start + block]
        queries, own = faces[chosen], rows[chosen]
        distances = between(queries, faces, table.distance)
        distances[np.arange(len(chosen)), chosen] = np.inf
        nearest = _nearest(distances, rows)
        mated.append(shortlist(queries, table, *nearest, left_out=LeftOut(own, "face")))
        distances[rows[None, :] == own[:, None]] = np.inf
        nearest = _nearest(distances, rows)
        strangers.append(shortlist(queries, table, *nearest, left_out=LeftOut(own, "identity")))
    own = rows[probes]
    return _Searches(len(table), own, table.counts[own] < 2, _joined(mated), _joined(strangers))


def _nearest(distances: Vectors, rows: Ids) -> tuple[Ids, Vectors]:
    """Template rows and distances of the NEIGHBOURS nearest faces, -1 where there are fewer."""
    wanted = min(NEIGHBOURS, distances.shape[1])
    places = np.argpartition(distances, wanted - 1, axis=1)[:, :wanted]
    found = np.take_along_axis(distances, places, axis=1)
    return np.where(np.isfinite(found), rows[places], -1), found


def _joined(parts: list[Shortlist]) -> Shortlist:
    return Shortlist(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.features for part in parts]),
    )


def _conclude(searches: _Searches, fold: Ids, agreement: float | None) -> Calibration:
    """Fits the model, and scores each probe by a model that did not see its identity."""
    model = _fit(searches, np.full(len(fold), True))
    mated = np.full(len(fold), -np.inf)
    strangers = np.full(len(fold), -np.inf)
    for number in np.unique(fold):
        held_out = fold == number
        fold_model = _fit(searches, ~held_out, start=model) or model or BY_TEMPLATE
        mated[held_out] = _own_scores(searches, held_out, fold_model)
        found = searches.strangers
        scores = fold_model(found.features[held_out], found.filled[held_out])
        strangers[held_out] = scores.max(axis=1)
    order = np.argsort(-strangers, kind="stable")
    shared = np.bincount(searches.own, minlength=searches.identities)[searches.own]
    return Calibration(
        identities=searches.identities,
        log_odds=model or BY_TEMPLATE,
        fitted=model is not None,
        strangers=tuple(strangers[order].tolist()),
        shared=tuple(shared[order].tolist()),
        mated=tuple(np.sort(mated[~searches.alone]).tolist()),
        agreement=agreement,
    )


def _fit(
    searches: _Searches, chosen: npt.NDArray[np.bool_], start: LogOdds | None = None
) -> LogOdds | None:
    """The model of the chosen probes; None where none of them can be searched without itself."""
    pairs = chosen & ~searches.alone
    if not pairs.any():
        return None
    mated, strangers = searches.mated, searches.strangers
    sides = np.concatenate([np.full(pairs.sum(), 1.0), np.full(chosen.sum(), 0.0)])
    weights = np.where(sides > 0, 0.5 / pairs.sum(), 0.5 / chosen.sum()) * len(sides)
    own_place = _place_of_own(searches)
    return fit(
        np.concatenate([mated.features[pairs], strangers.features[chosen]]),
        np.concatenate([mated.filled[pairs], strangers.filled[chosen]]),
        np.concatenate([own_place[pairs], np.full(chosen.sum(), -1)]),
        weights,
        start,
    )


def _place_of_own(searches: _Searches) -> Ids:
    """Where the probes' own identity stands in their mated shortlist, -1 where it does not."""
    is_own = searches.mated.rows == searches.own[:, None]
    return np.where(is_own.any(axis=1), is_own.argmax(axis=1), -1)


def _own_scores(searches: _Searches, chosen: npt.NDArray[np.bool_], model: LogOdds) -> Numbers:
    """Score of the own identity where it comes first, else minus infinity."""
    mated = searches.mated
    scores = model(mated.features[chosen], mated.filled[chosen])
    first = scores.argmax(axis=1)
    right = first == _place_of_own(searches)[chosen]
    return np.where(right, scores.max(axis=1), -np.inf)
