"""Cross-validation of a method on a gallery's own faces, to judge it and to calibrate it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from engine.models.arrays import BROKEN, damaged, read_npz
from engine.recognition.calibration.calibration import BY_TEMPLATE, Calibration
from engine.recognition.calibration.fitting import as_calibration, fit_scores
from engine.recognition.calibration.leave_one_out import LeftOutSearches
from engine.recognition.logit import Flags, LogOdds
from engine.recognition.probabilistic_lda import ProbabilisticLda, likelihoods_of
from engine.recognition.scores import joined_log_odds
from engine.recognition.shortlist import FEATURES, NEIGHBOURS, Shortlist, shortlist
from engine.recognition.templates import Templates
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare
from engine.utils.exact_neighbours import nearest
from engine.utils.files import write_atomically

TRIAL_FOLDS = 3
"""In each of them a third of the identities is not enrolled."""
_GROUPS = 5
"""In each fold a fifth of the faces of every enrolled identity is searched."""
TRIAL_FACES = 20_000
"""Faces that are searched at all, as non-mated and as mated, at most."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of the enrolled faces, of other faces of enrolled people, and of faces of others."""

    enrolled: Ids
    mated: Ids
    non_mated: Ids


def make_folds(faces: Ids, owners: Ids) -> list[Fold]:
    """Divide a gallery so that every face is non-mated once, and mated at most once.

    In a gallery of more than TRIAL_FACES faces only that many are searched; the other faces of
    identities that are not enrolled stay out with them, and the rest is enrolled.

    A gallery always gives the same folds, whatever the order of its faces, so that methods tried
    at different times can be compared.

    Args:
        faces, owners: face ids and identity ids ``(n,)``, two identities at least.
    """
    identities, row = np.unique(owners, return_inverse=True)
    away = _ranks(_scattered(identities)) % TRIAL_FOLDS
    turn = _ranks_within(row, _scattered(faces)) % _GROUPS
    searched = _ranks(_scattered(faces)) < TRIAL_FACES
    made = []
    for number in range(min(TRIAL_FOLDS, len(identities))):
        outside = away[row] == number
        mated = ~outside & (turn == number) & searched
        mated &= np.bincount(row, ~outside & ~mated, len(identities))[row] > 0
        enrolled = ~outside & ~mated
        parts = enrolled, mated, outside & searched
        made.append(Fold(*(np.flatnonzero(part) for part in parts)))
    return made


def _scattered(ids: Ids) -> Ids:
    """Numbers without any order that depend on each id alone (Knuth's multiplicative hash)."""
    return np.asarray((ids.astype(np.uint64) * np.uint64(2654435761)) % np.uint64(2**32), np.int64)


def _ranks(values: Ids) -> Ids:
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _ranks_within(groups: Ids, values: Ids) -> Ids:
    """Rank of each value among those of its group."""
    order = np.lexsort((values, groups))
    ordered = groups[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - start
    return ranks


@dataclass(frozen=True, eq=False)
class Trials:
    """Non-mated searches of faces, and mated searches of some of them, by models that never saw
    them: of all faces of a gallery, or of a sample where it is large.

    Attributes:
        faces, own: face ids and identity ids, ``(n,)``.
        searched: whether there is a mated search of the face, ``(n,)``.
        mated, mated_odds: identity ids and log-odds of what came up without the face, ``(n, c)``;
            -1 and minus infinity where empty.
        non_mated, non_mated_odds: what came up without its whole identity.
        identities: of the gallery.
        unmet: how many of them a non-mated search did not meet, its own among them.
    """

    faces: Ids
    own: Ids
    searched: Flags
    mated: Ids
    mated_odds: Vectors
    non_mated: Ids
    non_mated_odds: Vectors
    identities: int
    unmet: int

    def of(self, faces: Ids) -> Trials:
        """Trials of some faces, in the given order."""
        order = np.argsort(self.faces)
        rows = order[np.searchsorted(self.faces[order], faces)]
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    def save(self, path: Path) -> None:
        """Write an ``.npz`` without pickled objects, whole or not at all."""
        arrays: dict[str, Any] = {
            in_file: getattr(self, name) for name, (in_file, _) in _COLUMNS.items()
        }
        arrays |= {"identities": self.identities, "unmet": self.unmet}
        write_atomically(path, lambda stream: np.savez(stream, **arrays))

    @classmethod
    def load(cls, path: Path) -> Trials:
        """Read what :meth:`save` wrote. Raises ModelError: absent or damaged."""
        try:
            arrays = read_npz(path)
            trials = cls(
                **{name: arrays[in_file] for name, (in_file, _) in _COLUMNS.items()},
                identities=int(arrays["identities"]),
                unmet=int(arrays["unmet"]),
            )
            trials._check()
            return trials
        except BROKEN as error:
            raise damaged(path, "The searches of a model", error) from error

    def _check(self) -> None:
        """Raise ValueError where the parts do not fit one another."""
        sound = (
            all(getattr(self, name).dtype == dtype for name, (_, dtype) in _COLUMNS.items())
            and all(len(getattr(self, name)) == len(self.faces) for name in _COLUMNS)
            and self.faces.ndim == self.own.ndim == self.searched.ndim == 1
            and self.mated.ndim == self.non_mated.ndim == 2
            and self.mated.shape == self.mated_odds.shape
            and self.non_mated.shape == self.non_mated_odds.shape
            and not np.isnan(self.mated_odds).any()
            and not np.isnan(self.non_mated_odds).any()
            and 0 < self.unmet < self.identities
        )
        if not sound:
            raise ValueError("its parts do not fit")


_COLUMNS: Mapping[str, tuple[str, type[np.generic]]] = {
    "faces": ("faces", np.int64),
    "own": ("own", np.int64),
    "searched": ("searched", np.bool_),
    "mated": ("mated", np.int64),
    "mated_odds": ("mated_odds", np.float32),
    "non_mated": ("strangers", np.int64),
    "non_mated_odds": ("stranger_odds", np.float32),
}
"""Fields with a line for each face: their names in a file, and their types."""


def same_gallery(trials: Trials, other: Trials) -> bool:
    """Whether both were tried on the same gallery: the same faces under the same identities.

    With fewer people to be taken for, any method looks better.
    """
    order, other_order = np.argsort(trials.faces), np.argsort(other.faces)
    return (
        trials.identities == other.identities
        and np.array_equal(trials.faces[order], other.faces[other_order])
        and np.array_equal(trials.own[order], other.own[other_order])
    )


def in_common(trials: Sequence[Trials]) -> list[Trials]:
    """Trials of methods tried at different times, cut to the searches that all of them made.

    These are the faces that all of them know under the same identity, in one order, and of their
    mated searches those that all of them made.
    """
    faces = reduce(np.intersect1d, [tried.faces for tried in trials])
    cut = [tried.of(faces) for tried in trials]
    same_gallery = np.logical_and.reduce([tried.own == cut[0].own for tried in cut])
    searched = np.logical_and.reduce([tried.searched for tried in cut])[same_gallery]
    return [replace(tried.of(faces[same_gallery]), searched=searched) for tried in cut]


def as_searches(trials: Sequence[Trials]) -> LeftOutSearches:
    """Trials of several methods, of the same faces in the same order, as one to learn from.

    There is one feature for each method: its log-odds. Identities stand for themselves.
    """
    first = trials[0]
    searched = np.logical_and.reduce([tried.searched for tried in trials])
    return LeftOutSearches(
        first.own,
        ~searched,
        joined_log_odds([(tried.mated, tried.mated_odds.astype(np.float64)) for tried in trials]),
        joined_log_odds(
            [(tried.non_mated, tried.non_mated_odds.astype(np.float64)) for tried in trials]
        ),
    )


Searcher = Callable[[Vectors], Shortlist]
"""Queries ``(m, d)``, as they came, to a shortlist whose rows are identity ids."""
_BLOCK = 2_000_000
"""Distances to templates held in memory at once (8 MB)."""
_SEED = 0


def space_searcher(
    faces: Vectors,
    owners: Ids,
    distance: Distance,
    transform: Callable[[Vectors], Vectors],
    *,
    likely: bool = False,
) -> Searcher:
    """A search among enrolled faces ``(n, d)``, with all vectors mapped into one space.

    Args:
        likely: judges templates by a discriminant analysis of these faces too.
    """
    enrolled = prepare(transform(faces), distance)
    templates = Templates(enrolled.shape[1], distance)
    templates.add(owners, enrolled)
    table = templates.table()
    rows = table.rows(owners)
    likelihoods = likelihoods_of(
        ProbabilisticLda.learned(enrolled, owners) if likely else None, table
    )

    def search(queries: Vectors) -> Shortlist:
        parts = []
        wanted = prepare(transform(queries), distance)
        places, distances = nearest(wanted, enrolled, NEIGHBOURS, distance)
        block = max(1, _BLOCK // len(table))
        for start in range(0, max(len(wanted), 1), block):
            part = slice(start, start + block)
            known = rows[places[part]], distances[part]
            found = shortlist(wanted[part], table, *known, likelihoods=likelihoods)
            identities = np.where(found.filled, table.ids[found.rows], -1)
            parts.append(Shortlist(identities, found.features))
        return Shortlist.joined(parts)

    return search


def cross_validate(
    faces: Ids,
    owners: Ids,
    vectors: Vectors,
    folds: Sequence[Fold],
    searchers: Sequence[Searcher],
    *,
    features: tuple[str, ...] = FEATURES,
    unfitted: LogOdds = BY_TEMPLATE,
    balance: float = 0.0,
) -> tuple[Calibration, Trials]:
    """Learn what a method's scores mean, and how well it does, from faces it has not seen.

    Args:
        faces, owners, vectors: of the gallery, ``(n,)``, ``(n,)``, ``(n, d)``.
        folds: at least one face in each part of any.
        searchers: of the method, one for each fold, knowing only the faces enrolled there.
        features, unfitted: of the searchers' shortlists.
        balance: as of :func:`engine.recognition.calibration.fitting.fit_soundly`.
    """
    identities = len(np.unique(owners))
    unmet = identities - min(len(np.unique(owners[fold.enrolled])) for fold in folds)
    searched_rows = np.sort(np.concatenate([fold.non_mated for fold in folds]))
    faces, owners, vectors = faces[searched_rows], owners[searched_rows], vectors[searched_rows]
    mated_rows = [np.searchsorted(searched_rows, fold.mated) for fold in folds]
    non_mated_rows = [np.searchsorted(searched_rows, fold.non_mated) for fold in folds]
    mated = _all_shortlists(len(faces), vectors, mated_rows, searchers)
    non_mated = _all_shortlists(len(faces), vectors, non_mated_rows, searchers)
    searched = np.zeros(len(faces), dtype=bool)
    searched[np.concatenate(mated_rows)] = True
    searches = LeftOutSearches(owners, ~searched, mated, non_mated)
    random = np.random.default_rng(_SEED)
    learned = fit_scores(searches, random, unfitted, balance=balance)
    calibration = as_calibration(
        learned,
        searches,
        identities=identities,
        unmet=unmet,
        features=features,
        unfitted=unfitted,
    )
    odds = calibration.log_odds
    trials = Trials(
        faces,
        owners,
        searched,
        mated.rows,
        odds(mated.features, mated.filled).astype(np.float32),
        non_mated.rows,
        odds(non_mated.features, non_mated.filled).astype(np.float32),
        identities,
        unmet,
    )
    return calibration, trials


def _all_shortlists(
    count: int, vectors: Vectors, rows_by_fold: Sequence[Ids], searchers: Sequence[Searcher]
) -> Shortlist:
    """A line for each searched face; empty where it is in none of these folds."""
    found = [search(vectors[rows]) for rows, search in zip(rows_by_fold, searchers, strict=True)]
    places = max(part.rows.shape[1] for part in found)
    identities = np.full((count, places), -1, dtype=np.int64)
    features = np.zeros((count, places, found[0].features.shape[2]))
    for rows, part in zip(rows_by_fold, found, strict=True):
        width = part.rows.shape[1]
        identities[rows, :width] = part.rows
        features[rows, :width] = part.features
    return Shortlist(identities, features)
