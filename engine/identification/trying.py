"""Tries a method on a gallery's own faces, fold by fold, and learns its calibration from that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.identification.calibration import BY_TEMPLATE, Calibration
from engine.identification.folds import Fold
from engine.identification.learning import as_calibration, learn
from engine.identification.leaving_out import Searches
from engine.identification.logit import LogOdds
from engine.identification.shortlist import FEATURES, NEIGHBOURS, Shortlist, shortlist
from engine.identification.templates import Templates
from engine.identification.trials import Trials
from engine.records.types import Distance, Ids, Vectors
from engine.utils.distances import prepare
from engine.utils.exact_neighbours import nearest

Looker = Callable[[Vectors], Shortlist]
"""Queries ``(m, d)``, as they came, to a shortlist whose rows are identity ids."""
_BLOCK = 2_000_000
"""Distances to templates held in memory at once (8 MB)."""
_SEED = 0


def space_looker(
    faces: Vectors, owners: Ids, distance: Distance, transform: Callable[[Vectors], Vectors]
) -> Looker:
    """Looks queries up among enrolled faces ``(n, d)``, both brought into one space first."""
    enrolled = prepare(transform(faces), distance)
    templates = Templates(enrolled.shape[1], distance)
    templates.add(owners, enrolled)
    table = templates.table()
    rows = table.rows(owners)

    def look(queries: Vectors) -> Shortlist:
        parts = []
        wanted = prepare(transform(queries), distance)
        places, distances = nearest(wanted, enrolled, NEIGHBOURS, distance)
        block = max(1, _BLOCK // len(table))
        for start in range(0, max(len(wanted), 1), block):
            part = slice(start, start + block)
            found = shortlist(wanted[part], table, rows[places[part]], distances[part])
            identities = np.where(found.filled, table.ids[found.rows], -1)
            parts.append(Shortlist(identities, found.features))
        return Shortlist.joined(parts)

    return look


def try_out(
    faces: Ids,
    owners: Ids,
    vectors: Vectors,
    folds: Sequence[Fold],
    lookers: Sequence[Looker],
    *,
    features: tuple[str, ...] = FEATURES,
    unfitted: LogOdds = BY_TEMPLATE,
) -> tuple[Calibration, Trials]:
    """What a method's scores mean, and how it did, by searches that it had not seen.

    Args:
        faces, owners, vectors: of the gallery, ``(n,)``, ``(n,)``, ``(n, d)``.
        folds: at least one face in each part of any.
        lookers: of the method, one for each fold, knowing only the faces enrolled there.
        features, unfitted: of the lookers' shortlists.
    """
    identities = len(np.unique(owners))
    unmet = identities - min(len(np.unique(owners[fold.enrolled])) for fold in folds)
    asked = np.sort(np.concatenate([fold.strangers for fold in folds]))
    faces, owners, vectors = faces[asked], owners[asked], vectors[asked]
    asked_mated = [np.searchsorted(asked, fold.mated) for fold in folds]
    asked_strangers = [np.searchsorted(asked, fold.strangers) for fold in folds]
    mated = _gathered(len(faces), vectors, asked_mated, lookers)
    strangers = _gathered(len(faces), vectors, asked_strangers, lookers)
    searched = np.zeros(len(faces), dtype=bool)
    searched[np.concatenate(asked_mated)] = True
    searches = Searches(owners, ~searched, mated, strangers)
    learned = learn(searches, np.random.default_rng(_SEED), unfitted)
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
        strangers.rows,
        odds(strangers.features, strangers.filled).astype(np.float32),
        identities,
        unmet,
    )
    return calibration, trials


def _gathered(
    count: int, vectors: Vectors, asked: Sequence[Ids], lookers: Sequence[Looker]
) -> Shortlist:
    """A line for each face that is asked for; empty where it is in none of these folds."""
    found = [look(vectors[rows]) for rows, look in zip(asked, lookers, strict=True)]
    places = max(part.rows.shape[1] for part in found)
    identities = np.full((count, places), -1, dtype=np.int64)
    features = np.zeros((count, places, found[0].features.shape[2]))
    for rows, part in zip(asked, found, strict=True):
        width = part.rows.shape[1]
        identities[rows, :width] = part.rows
        features[rows, :width] = part.features
    return Shortlist(identities, features)
