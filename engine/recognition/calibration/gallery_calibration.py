"""Calibrates a gallery: what its scores mean, and what its templates are judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from engine.progress import SILENT, Reporter
from engine.recognition.agreement import pairs_of, widest
from engine.recognition.calibration.calibration import BY_LIKELIHOOD, BY_TEMPLATE, Calibration
from engine.recognition.calibration.fitting import (
    BALANCE,
    CohortFaces,
    FittedScores,
    as_calibration,
    fit_scores,
)
from engine.recognition.calibration.gains import TrialFigures, beats
from engine.recognition.calibration.leave_one_out import (
    Judges,
    LeftOutNeighbours,
    LeftOutSearches,
    Piece,
    cross_fitted,
    parts_of,
    sample,
    search_own,
)
from engine.recognition.logit import Flags
from engine.recognition.probabilistic_lda import ProbabilisticLda, can_learn
from engine.recognition.shortlist import WITH_LIKELIHOOD
from engine.recognition.templates import Templates, TemplateTable
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare
from engine.utils.exact_neighbours import AT_ONCE

Fetch = Callable[[Ids | None], Iterable[tuple[Ids, Ids, Vectors]]]
"""Face ids, or None for all, to ids, identity ids and vectors as they came, some at a time."""
SearchedCohort = Callable[[ProbabilisticLda | None], CohortFaces]
"""The faces of a cohort, judged by a discriminant analysis too or not."""
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
    cohort: SearchedCohort | None = None,
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
    near = search_own(probes, pieces, len(ids), table, reporter, _STAGE)
    searches = near.searches(reporter)
    learned = fit_scores(searches, random, BY_TEMPLATE, reporter.check, cohort and cohort(None))
    reporter.progress(_STAGE, len(ids), len(ids))
    made = as_calibration(learned, searches, identities=len(table), agreement=agreement)
    plain = _figures(made, learned, searches)
    if plain.is_hard and can_learn(owners, len(table)):
        made = (
            _with_likelihoods(near, (owners, faces, is_probe), plain, random, cohort, reporter)
            or made
        )
    return replace(made, faces=len(ids)) if len(rows) < len(ids) else made


def _with_likelihoods(
    near: LeftOutNeighbours,
    known: tuple[Ids, Vectors, Flags],
    plain: TrialFigures,
    random: np.random.Generator,
    cohort: SearchedCohort | None,
    reporter: Reporter,
) -> Calibration | None:
    """The calibration where templates are also judged by a discriminant analysis; None where that
    is not better beyond noise.

    Args:
        known: template rows and faces that the analysis is learned from, and which are probes.
        plain: how faces did without it.
    """
    owners, faces, probes = known
    by_face = parts_of(len(faces), faces, random)
    by_identity = parts_of(len(near.table), faces, random)[owners]
    judges = Judges(
        cross_fitted(faces, owners, by_face, probes, reporter),
        cross_fitted(faces, owners, by_identity, probes, reporter),
    )
    lda = ProbabilisticLda.learned(faces, owners)
    searches = near.searches(reporter, judges)
    strangers = cohort(lda) if cohort else None
    learned = fit_scores(searches, random, BY_LIKELIHOOD, reporter.check, strangers, BALANCE)
    made = as_calibration(
        learned,
        searches,
        identities=len(near.table),
        features=WITH_LIKELIHOOD,
        unfitted=BY_LIKELIHOOD,
        agreement=plain.calibration.agreement,
    )
    made = replace(made, lda=lda)
    return made if beats(_figures(made, learned, searches), plain) else None


def _figures(
    calibration: Calibration, learned: FittedScores, searches: LeftOutSearches
) -> TrialFigures:
    searched = ~searches.alone
    return TrialFigures.of(calibration, learned.mated[searched], searches.own[searched])


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
