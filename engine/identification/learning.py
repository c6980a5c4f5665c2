"""Learns a calibration from searches whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.identification.calibration import BY_TEMPLATE, Calibration
from engine.identification.leaving_out import Searches
from engine.identification.logit import Flags, LogOdds, Numbers, fit, probabilities
from engine.identification.shortlist import FEATURES

_FOLDS = 10
_SURELY_ANOTHER = 0.9


@dataclass(frozen=True, eq=False)
class Learned:
    """A model of the log-odds, and what it says to each probe when it did not see its identity.

    Attributes:
        model: None where nothing could be fitted.
        mated: score of each probe searched without itself; minus infinity where another identity
            came first or there was no such search, ``(n,)``.
        strangers: best score of each probe searched without its identity, ``(n,)``.
        sound: False for probes that look surely like another identity than their own.
    """

    model: LogOdds | None
    mated: Numbers
    strangers: Numbers
    sound: Flags


def learn(
    searches: Searches,
    random: np.random.Generator,
    unfitted: LogOdds,
    check: Callable[[], None] = lambda: None,
) -> Learned:
    """Fits the model, and scores each probe by a model that did not see its identity.

    A stranger counts with that score or the final model's, whichever is higher: where the scores
    say little, the models differ by more than the strangers do.

    Args:
        random: deals the identities out to the folds.
        unfitted: scores where nothing can be learned.
        check: called now and then; what it raises ends the learning.
    """
    model, sound = fit_soundly(searches, check)
    if model is None:
        return Learned(None, *_scores(searches, unfitted), sound)
    mated, strangers = _scores(searches, model)
    identities = np.unique(searches.own)
    folds = random.permutation(len(identities)) % min(_FOLDS, len(identities))
    fold = folds[np.searchsorted(identities, searches.own)]
    for held_out in (fold == number for number in np.unique(fold)):
        check()
        seen = _fit(searches.chosen(sound & ~held_out), start=model) or model
        mated[held_out], unseen = _scores(searches.chosen(held_out), seen)
        strangers[held_out] = np.maximum(strangers[held_out], unseen)
    return Learned(model, mated, strangers, sound)


def fit_soundly(
    searches: Searches, check: Callable[[], None] = lambda: None
) -> tuple[LogOdds | None, Flags]:
    """The model of the probes that do not look surely like another identity, and which these are.

    None where no probe can be searched without itself.
    """
    model, sound = _fit(searches), np.ones(len(searches), dtype=bool)
    if model is not None:
        check()
        sound = ~_misnamed(searches, model)
        model = _fit(searches.chosen(sound), start=model) or model
    return model, sound


def as_calibration(
    learned: Learned,
    searches: Searches,
    *,
    identities: int,
    unmet: int = 1,
    features: tuple[str, ...] = FEATURES,
    unfitted: LogOdds = BY_TEMPLATE,
    agreement: float | None = None,
) -> Calibration:
    """What was learned, as it is kept.

    Args:
        identities: of the gallery.
        unmet: how many of them a stranger did not meet, its own among them.
    """
    sound = learned.sound
    strangers, own = learned.strangers[sound], searches.own[sound]
    order = np.argsort(-strangers, kind="stable")
    shared = np.bincount(own, minlength=1)[own]
    return Calibration(
        identities=identities,
        log_odds=learned.model or unfitted,
        fitted=learned.model is not None,
        strangers=tuple(strangers[order].tolist()),
        shared=tuple(shared[order].tolist()),
        mated=tuple(np.sort(learned.mated[sound & ~searches.alone]).tolist()),
        agreement=agreement,
        features=features,
        unmet=unmet,
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
    right = (own.argmax(axis=1) == searches.truth()) & ~searches.alone
    found = np.where(right, own.max(axis=1), -np.inf)
    return found, model(strangers.features, strangers.filled).max(axis=1)
