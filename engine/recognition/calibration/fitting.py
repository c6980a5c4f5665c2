"""Fits a calibration to a gallery: what its scores mean, learned from its own faces."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.recognition.calibration.calibration import BY_TEMPLATE, Calibration, Claim
from engine.recognition.calibration.leave_one_out import LeftOutSearches
from engine.recognition.logit import RIDGE, Flags, LogOdds, Numbers, fit, probabilities
from engine.recognition.shortlist import FEATURES, Shortlist
from engine.records.types import Ids

BALANCE = 1 / 3
"""Where vectors are hard a model for queries of whom the gallery has most would name hardly anybody
else; with this much of the other kind rank-1 loses little and its mean over people gains much."""
_FOLDS = 10
_SURELY_ANOTHER = 0.9
_RIDGE_BESIDE_STRANGERS = 0.1
"""Thousands of strangers hold the weights of a small gallery: with a weight of 1 the calibration
error of 10 people with 5 faces was 3.2 %, with this one 1.4 %, and fewer of them were missed."""
_SURELY_ENROLLED = math.log(99)
"""Least log-odds of a claim on a cohort face. With it, and no lower than half of the mated scores,
none of 2,765 strangers was claimed in galleries of 30 to 188 people, and 60 to 90 % of the enrolled
people among them."""


@dataclass(frozen=True, eq=False)
class FittedScores:
    """A model of the log-odds, and what it says to each probe when it did not see its identity.

    Attributes:
        model: None where nothing could be fitted.
        mated: score of each probe searched without itself; minus infinity where another identity
            came first or there was no such search, ``(n,)``.
        non_mated: best score of each probe searched without its identity, ``(n,)``.
        sound: False for probes that look surely like another identity than their own.
        claim: tells cohort faces of enrolled people; None without a cohort.
    """

    model: LogOdds | None
    mated: Numbers
    non_mated: Numbers
    sound: Flags
    claim: Claim | None = None


def fit_scores(
    searches: LeftOutSearches,
    random: np.random.Generator,
    unfitted: LogOdds,
    check: Callable[[], None] = lambda: None,
    cohort: CohortFaces | None = None,
    balance: float = 0.0,
) -> FittedScores:
    """Fit the model, and score each probe by a model that did not see its identity.

    A non-mated search counts with that score or with the final model's, whichever is higher: where
    the scores say little, the models differ by more than the searches do.

    Args:
        random: deals the identities out to the folds.
        unfitted: scores where nothing can be learned.
        check: called now and then; what it raises ends the learning.
        cohort: strangers to learn from, rather than from the faces searched without their own
            identity: these are of people who are like the enrolled.
        balance: as of :func:`fit_soundly`.
    """
    model, sound = fit_soundly(searches, check, balance)
    strangers, claim = None, None
    if cohort is not None:
        strangers = cohort.found
        if model is not None:
            claim = _claim(searches.chosen(sound), model)
            strangers = strangers.chosen(~claim(strangers, cohort.people))
        model = _fit(searches.chosen(sound), model, strangers, balance) or model
    if model is None:
        return FittedScores(None, *_search_scores(searches, unfitted), sound)
    mated, non_mated = _search_scores(searches, model)
    identities = np.unique(searches.own)
    folds = random.permutation(len(identities)) % min(_FOLDS, len(identities))
    fold = folds[np.searchsorted(identities, searches.own)]
    for held_out in (fold == number for number in np.unique(fold)):
        check()
        seen = _fit(searches.chosen(sound & ~held_out), model, strangers, balance) or model
        mated[held_out], unseen = _search_scores(searches.chosen(held_out), seen)
        non_mated[held_out] = np.maximum(non_mated[held_out], unseen)
    return FittedScores(model, mated, non_mated, sound, claim)


def _claim(searches: LeftOutSearches, model: LogOdds) -> Claim:
    mated, _ = _search_scores(searches, model)
    found = mated[np.isfinite(mated)]
    usual = float(np.median(found)) if len(found) else math.inf
    return Claim(model, max(usual, _SURELY_ENROLLED))


def fit_soundly(
    searches: LeftOutSearches, check: Callable[[], None] = lambda: None, balance: float = 0.0
) -> tuple[LogOdds | None, Flags]:
    """The model of the probes that do not look surely like another identity, and which these are.

    None where no probe can be searched without itself.

    Args:
        balance: between an order of candidates for queries of whom the gallery has most, 0, and
            one for queries of everybody alike, 1. Probabilities are always those of the first.
    """
    model, sound = _fit(searches, balance=balance), np.ones(len(searches), dtype=bool)
    if model is not None:
        check()
        sound = ~_misnamed(searches, model)
        model = _fit(searches.chosen(sound), model, balance=balance) or model
    return model, sound


def as_calibration(
    learned: FittedScores,
    searches: LeftOutSearches,
    *,
    identities: int,
    unmet: int = 1,
    features: tuple[str, ...] = FEATURES,
    unfitted: LogOdds = BY_TEMPLATE,
    agreement: float | None = None,
) -> Calibration:
    """The calibration that follows from fitted scores.

    Args:
        identities: of the gallery.
        unmet: how many of them a stranger did not meet, its own among them.
    """
    sound = learned.sound & (identities > 1)  # alone, an identity leaves nobody to be met
    non_mated, own = learned.non_mated[sound], searches.own[sound]
    order = np.argsort(-non_mated, kind="stable")
    shared = np.bincount(own, minlength=1)[own]
    return Calibration(
        identities=identities,
        log_odds=learned.model or unfitted,
        fitted=learned.model is not None,
        non_mated=tuple(non_mated[order].tolist()),
        shared=tuple(shared[order].tolist()),
        mated=tuple(np.sort(learned.mated[learned.sound & ~searches.alone]).tolist()),
        agreement=agreement,
        features=features,
        unmet=unmet,
        claim=learned.claim,
    )


def _fit(
    searches: LeftOutSearches,
    start: LogOdds | None = None,
    strangers: Shortlist | None = None,
    balance: float = 0.0,
) -> LogOdds | None:
    """The model of these probes; None where none of them can be searched without itself.

    Args:
        strangers: searches of people who are not enrolled, rather than those of the probes
            without their own identity.
        balance: as of :func:`fit_soundly`.
    """
    pairs, non_mated = searches.chosen(~searches.alone), strangers or searches.non_mated
    if not len(pairs) or not non_mated.filled.any():
        return None
    own = None if strangers else searches.own
    joined = Shortlist.joined([pairs.mated, non_mated])
    truth = np.concatenate([pairs.truth(), np.full(len(non_mated), -1)])
    ridge = RIDGE if strangers is None else _RIDGE_BESIDE_STRANGERS

    def fitted(found: Shortlist, start: LogOdds | None, balance: float) -> LogOdds:
        shares = _shares(pairs.own, len(pairs), balance), _shares(own, len(non_mated), balance)
        weights = 0.5 * (len(pairs) + len(searches)) * np.concatenate(shares)
        return fit(found.features, found.filled, truth, weights, start, ridge)

    made = fitted(joined, start, balance)
    if not balance:
        return made
    odds = np.where(joined.filled, made(joined.features, joined.filled), 0.0)[:, :, None]
    return _scaled(made, fitted(Shortlist(joined.rows, odds), None, 0.0))


def _scaled(model: LogOdds, of_odds: LogOdds) -> LogOdds:
    """A model of the features from a model of another one's log-odds."""
    slope = of_odds.slopes[0]
    weights = tuple(slope * weight for weight in model.weights)
    return replace(model, weights=weights, intercept=slope * model.intercept + of_odds.offset)


def _shares(own: Ids | None, count: int, balance: float) -> Numbers:
    """How much each of so many searches counts, of 1 altogether.

    Args:
        own: identity of each; None where all count alike.
    """
    if own is None or not balance:
        return np.full(count, 1 / count)
    weights = np.bincount(own)[own] ** -balance
    return np.asarray(weights / weights.sum())


def _misnamed(searches: LeftOutSearches, model: LogOdds) -> Flags:
    """Probes that look surely like another identity than their own.

    One face in a hundred under a wrong name would pass for a stranger that cannot be told from
    an enrolled person, and no threshold could keep the promise and still name anybody.
    """
    mated = searches.mated
    shares = probabilities(model(mated.features, mated.filled))
    first = shares.argmax(axis=1)
    another = (first != searches.truth()) & (shares.max(axis=1) > _SURELY_ANOTHER)
    return np.asarray(another & ~searches.alone)


def _search_scores(searches: LeftOutSearches, model: LogOdds) -> tuple[Numbers, Numbers]:
    """Scores of the mated searches (minus infinity where another came first) and the strangers'."""
    mated, non_mated = searches.mated, searches.non_mated
    own = model(mated.features, mated.filled)
    right = (own.argmax(axis=1) == searches.truth()) & ~searches.alone
    found = np.where(right, own.max(axis=1), -np.inf)
    return found, model(non_mated.features, non_mated.filled).max(axis=1)


@dataclass(frozen=True, eq=False)
class CohortFaces:
    """What comes up for the faces of a cohort, and whose they are.

    Attributes:
        found: shortlists whose rows are identity ids, ``(n, c)``.
        people: a number for the person of each face, ``(n,)``.
    """

    found: Shortlist
    people: Ids
