"""Fits a calibration to a gallery: what its scores mean, learned from its own faces."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.progress import SILENT, Reporter
from engine.recognition.agreement import pairs_of, widest
from engine.recognition.calibration.calibration import BY_TEMPLATE, Calibration, Claim
from engine.recognition.calibration.leave_one_out import LeftOutSearches, Piece, sample, search_own
from engine.recognition.logit import RIDGE, Flags, LogOdds, Numbers, fit, probabilities
from engine.recognition.shortlist import FEATURES, Shortlist
from engine.recognition.templates import Templates, TemplateTable
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare
from engine.utils.exact_neighbours import AT_ONCE

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
    """
    model, sound = fit_soundly(searches, check)
    strangers, claim = None, None
    if cohort is not None:
        strangers = cohort.found
        if model is not None:
            claim = _claim(searches.chosen(sound), model)
            strangers = strangers.chosen(~claim(strangers, cohort.people))
        model = _fit(searches.chosen(sound), start=model, strangers=strangers) or model
    if model is None:
        return FittedScores(None, *_search_scores(searches, unfitted), sound)
    mated, non_mated = _search_scores(searches, model)
    identities = np.unique(searches.own)
    folds = random.permutation(len(identities)) % min(_FOLDS, len(identities))
    fold = folds[np.searchsorted(identities, searches.own)]
    for held_out in (fold == number for number in np.unique(fold)):
        check()
        seen = _fit(searches.chosen(sound & ~held_out), start=model, strangers=strangers) or model
        mated[held_out], unseen = _search_scores(searches.chosen(held_out), seen)
        non_mated[held_out] = np.maximum(non_mated[held_out], unseen)
    return FittedScores(model, mated, non_mated, sound, claim)


def _claim(searches: LeftOutSearches, model: LogOdds) -> Claim:
    mated, _ = _search_scores(searches, model)
    found = mated[np.isfinite(mated)]
    usual = float(np.median(found)) if len(found) else math.inf
    return Claim(model, max(usual, _SURELY_ENROLLED))


def fit_soundly(
    searches: LeftOutSearches, check: Callable[[], None] = lambda: None
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
    searches: LeftOutSearches, start: LogOdds | None = None, strangers: Shortlist | None = None
) -> LogOdds | None:
    """The model of these probes; None where none of them can be searched without itself.

    Args:
        strangers: searches of people who are not enrolled, rather than those of the probes
            without their own identity.
    """
    pairs, non_mated = searches.chosen(~searches.alone), strangers or searches.non_mated
    if not len(pairs) or not non_mated.filled.any():
        return None
    count = len(pairs) + len(searches)
    weights = np.repeat(
        [0.5 * count / len(pairs), 0.5 * count / len(non_mated)], [len(pairs), len(non_mated)]
    )
    joined = Shortlist.joined([pairs.mated, non_mated])
    truth = np.concatenate([pairs.truth(), np.full(len(non_mated), -1)])
    ridge = RIDGE if strangers is None else _RIDGE_BESIDE_STRANGERS
    return fit(joined.features, joined.filled, truth, weights, start, ridge)


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


Fetch = Callable[[Ids | None], Iterable[tuple[Ids, Ids, Vectors]]]
"""Face ids, or None for all, to ids, identity ids and vectors as they came, some at a time."""
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
    """Calibrate from faces in memory, see :func:`calibrate_from`.

    Args:
        ids, identity_ids: of each face, ``(n,)``; the order of the faces does not matter.
        vectors: as they came, ``(n, d)``.
    """
    order = np.argsort(ids, kind="stable")
    faces, owners, rows = ids[order], identity_ids[order], vectors[order]
    templates = Templates(vectors.shape[1], distance)
    templates.add(owners, rows)

    def fetch(wanted: Ids | None) -> Iterator[tuple[Ids, Ids, Vectors]]:
        chosen = np.arange(len(faces)) if wanted is None else np.searchsorted(faces, wanted)
        for start in range(0, len(chosen), AT_ONCE):
            part = chosen[start : start + AT_ONCE]
            yield faces[part], owners[part], rows[part]

    return calibrate_from(faces, owners, fetch, templates.table(), seed=seed, reporter=reporter)


def calibrate_from(
    ids: Ids,
    identity_ids: Ids,
    fetch: Fetch,
    table: TemplateTable,
    *,
    cohort: CohortFaces | None = None,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> Calibration:
    """Learn from a gallery what its scores mean.

    Half of the queries are taken to be non-mated: the faces of the cohort, or without one those
    searched without their own identity, weigh as much as the faces searched without themselves.
    Of more than 10,000 faces an even sample is searched, each against all: the more faces there
    are, the nearer a stranger's best one is, so that a threshold fitted against a part of the
    gallery would not keep its promise.

    Args:
        ids, identity_ids: of each face, ``(n,)``, ascending by id.
        table: templates of all identities.
        cohort: searched in the same gallery; None where there is none.
        seed: of the sample and the folds; the same gallery and seed give the same calibration.

    Raises:
        CancelledError: stopped by the reporter.
    """
    random = np.random.default_rng(seed)
    rows = sample(len(ids), random)
    first, second = pairs_of(identity_ids, rows, random)
    needed = np.union1d(ids[rows], ids[second])
    known, owners, faces = _joined_pieces(_pieces(fetch(needed), table), table)
    agreement = widest(*_both(known, faces, ids[first], ids[second]), table.distance)
    nothing = Calibration(len(table), BY_TEMPLATE, False, (), (), (), agreement)
    if len(table) < (1 if cohort else 2) or not len(known):
        return nothing
    is_probe = np.isin(known, ids[rows])
    probes = known[is_probe], owners[is_probe], faces[is_probe]
    pieces = _pieces(fetch(None), table)
    searches = search_own(probes, pieces, len(ids), table, reporter, _STAGE)
    learned = fit_scores(searches, random, BY_TEMPLATE, reporter.check, cohort)
    reporter.progress(_STAGE, len(ids), len(ids))
    made = as_calibration(learned, searches, identities=len(table), agreement=agreement)
    return replace(made, faces=len(ids)) if len(rows) < len(ids) else made


def _pieces(parts: Iterable[tuple[Ids, Ids, Vectors]], table: TemplateTable) -> Iterator[Piece]:
    """Faces of those that have a template: a reader may see others come meanwhile."""
    for ids, identity_ids, vectors in parts:
        owners = table.rows(identity_ids)
        known = owners >= 0
        yield ids[known], owners[known], prepare(vectors[known], table.distance)


def _joined_pieces(pieces: Iterable[Piece], table: TemplateTable) -> Piece:
    parts = list(pieces)
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), table.means[:0]
    ids, owners, faces = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ids, owners, faces


def _both(known: Ids, faces: Vectors, first: Ids, second: Ids) -> tuple[Vectors, Vectors]:
    """The vectors of pairs of faces, given by their ids, that are both known (ascending)."""
    known_pairs = np.isin(first, known) & np.isin(second, known)
    left, right = (
        np.searchsorted(known, first[known_pairs]),
        np.searchsorted(known, second[known_pairs]),
    )
    return faces[left], faces[right]
