"""Fits a calibration to a gallery: what its scores mean, learned from its own faces."""

from __future__ import annotations

import numpy as np

from engine.distances import prepare
from engine.identification.agreement import widest_agreement
from engine.identification.calibration import BY_TEMPLATE, Calibration
from engine.identification.leaving_out import Searches, sample, search_own
from engine.identification.logit import Flags, LogOdds, Numbers, fit, probabilities
from engine.identification.templates import Templates
from engine.progress import SILENT, Reporter
from engine.types import Distance, Ids, Vectors

_FOLDS = 10
_STAGE = "Calibrating"
_SURELY_ANOTHER = 0.9


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
    weigh as much as the faces searched without themselves. Of more than 5,000 faces (fewer in
    galleries above 40,000, never under 1,000) an even sample is searched, against all.

    Args:
        ids, identity_ids: of each face, ``(n,)``; the order of the faces does not matter.
        vectors: as they came, ``(n, d)``.
        seed: of the sample and the folds; the same gallery and seed give the same calibration.

    Raises:
        CancelledError: stopped by the reporter.
    """
    order = np.argsort(ids, kind="stable")
    faces = prepare(vectors[order], distance)
    templates = Templates(vectors.shape[1], distance)
    templates.add(identity_ids[order], vectors[order])
    table = templates.table()
    owners = table.rows(identity_ids[order])
    random = np.random.default_rng(seed)
    probes = sample(len(faces), random)
    agreement = widest_agreement(faces, owners, probes, distance, random)
    if len(table) < 2:
        return Calibration(len(table), BY_TEMPLATE, False, (), (), (), agreement)
    searches = search_own(faces, owners, probes, table, reporter, _STAGE)
    folds = random.permutation(len(table)) % min(_FOLDS, len(table))
    calibration = _learned(searches, len(table), folds, agreement)
    reporter.progress(_STAGE, len(probes), len(probes))
    return calibration


def _learned(
    searches: Searches, identities: int, folds: Ids, agreement: float | None
) -> Calibration:
    """Fits the model, and scores each probe by a model that did not see its identity.

    A stranger counts with that score or the final model's, whichever is higher: where the scores
    say little, the models differ by more than the strangers do.
    """
    model = _fit(searches)
    if model is not None:
        searches = searches.chosen(~_misnamed(searches, model))
        model = _fit(searches, start=model)
    mated, strangers = _scores(searches, model or BY_TEMPLATE)
    if model is not None:
        fold = folds[searches.own]
        for held_out in (fold == number for number in np.unique(fold)):
            fold_model = _fit(searches.chosen(~held_out), start=model) or model
            mated[held_out], unseen = _scores(searches.chosen(held_out), fold_model)
            strangers[held_out] = np.maximum(strangers[held_out], unseen)
    order = np.argsort(-strangers, kind="stable")
    shared = np.bincount(searches.own, minlength=identities)[searches.own]
    return Calibration(
        identities=identities,
        log_odds=model or BY_TEMPLATE,
        fitted=model is not None,
        strangers=tuple(strangers[order].tolist()),
        shared=tuple(shared[order].tolist()),
        mated=tuple(np.sort(mated[~searches.alone]).tolist()),
        agreement=agreement,
    )


def _fit(searches: Searches, start: LogOdds | None = None) -> LogOdds | None:
    """The model of these probes; None where none of them can be searched without itself."""
    strangers, pairs = searches.strangers, searches.chosen(~searches.alone)
    if not len(pairs):
        return None
    count = len(pairs) + len(searches)
    shares = [0.5 * count / len(pairs)] * len(pairs) + [0.5 * count / len(searches)] * len(searches)
    return fit(
        np.concatenate([pairs.mated.features, strangers.features]),
        np.concatenate([pairs.mated.filled, strangers.filled]),
        np.concatenate([pairs.truth(), np.full(len(searches), -1)]),
        np.array(shares),
        start,
    )


def _misnamed(searches: Searches, model: LogOdds) -> Flags:
    """Probes that look surely like another identity than their own.

    One face in a hundred under a wrong name would pass for a stranger that cannot be told from
    an enrolled person, and no threshold could keep the promise and still name anybody.
    """
    mated = searches.mated
    shares = probabilities(model(mated.features, mated.filled))
    first = shares.argmax(axis=1)
    another = (first != searches.truth()) & (shares.max(axis=1) > _SURELY_ANOTHER)
    return np.asarray(another & ~searches.alone)


def _scores(searches: Searches, model: LogOdds) -> tuple[Numbers, Numbers]:
    """Scores of the mated searches (minus infinity where another came first) and the strangers'."""
    mated, strangers = searches.mated, searches.strangers
    own = model(mated.features, mated.filled)
    right = own.argmax(axis=1) == searches.truth()
    best = np.where(right, own.max(axis=1), -np.inf)
    return best, model(strangers.features, strangers.filled).max(axis=1)
