"""Parts of a gallery that take turns at being strangers and at being asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.records.types import Ids

FOLDS = 3
"""In each a third of the identities is not enrolled."""
_GROUPS = 5
"""In each a fifth of the faces of every enrolled identity is asked for."""
ASKED = 20_000
"""Faces that are asked for at all, as strangers and as enrolled, at most."""


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of the faces that are enrolled, asked for though enrolled people's, and strangers'."""

    enrolled: Ids
    mated: Ids
    strangers: Ids


def folds(faces: Ids, owners: Ids) -> list[Fold]:
    """Deals a gallery out so that every face is a stranger once and mated at most once.

    In a gallery of more than ASKED faces, so many of them are; the others of the identities that
    are strangers stay away with them, and the rest is enrolled.

    The same gallery gives the same folds, whatever the order of its faces: two methods that were
    tried on it at different times were tried alike.

    Args:
        faces, owners: face ids and identity ids ``(n,)``, two identities at least.
    """
    identities, row = np.unique(owners, return_inverse=True)
    away = _ranks(_scattered(identities)) % FOLDS
    turn = _ranks_within(row, _scattered(faces)) % _GROUPS
    asked = _ranks(_scattered(faces)) < ASKED
    made = []
    for number in range(min(FOLDS, len(identities))):
        stranger = away[row] == number
        mated = ~stranger & (turn == number) & asked
        mated &= np.bincount(row, ~stranger & ~mated, len(identities))[row] > 0
        enrolled = ~stranger & ~mated
        parts = enrolled, mated, stranger & asked
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
