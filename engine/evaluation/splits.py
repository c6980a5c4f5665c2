"""Who is enrolled, who asks and who is a stranger: the splits behind closed and open sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.errors import TrainingError
from engine.records.types import Ids

QUERY_SHARE = 0.2
NEVER_ENROLLED = 1 / 3
SEARCHES = 5_000
"""Searches of each kind (mated or not, to calibrate or to judge) in a repeat, at most: a share of
1 % of so many has an interval of 0.3 percentage points to either side."""

_CLOSED_LEAST = 2
_OPEN_LEAST = 6
_OPEN_LEAST_MATED = 4


@dataclass(frozen=True, eq=False)
class ClosedSplit:
    """Rows to train on and rows to ask with, disjoint; every identity asked for is trained on.

    Attributes:
        askable: how many could ask, before a sample of them was drawn.
    """

    enrolled: Ids
    queries: Ids
    askable: int

    @property
    def asked(self) -> int:
        return len(self.queries)


@dataclass(frozen=True, eq=False)
class OpenSplit:
    """Rows by what they serve for, all disjoint.

    ``calibration`` and ``test`` share no identity: neither among the mated queries (whose other
    faces are enrolled) nor among the non-mated (none of whose faces is). So whatever a method
    learns from the calibration half about a person does not help it in the test half.

    Attributes:
        askable: how many could ask in all four, before samples of them were drawn.
    """

    enrolled: Ids
    mated_calibration: Ids
    mated_test: Ids
    non_mated_calibration: Ids
    non_mated_test: Ids
    askable: int

    @property
    def asked(self) -> int:
        mated = len(self.mated_calibration) + len(self.mated_test)
        return mated + len(self.non_mated_calibration) + len(self.non_mated_test)


def closed_splits(
    labels: Ids, repeats: int, seed: int, share: float = QUERY_SHARE
) -> Iterator[ClosedSplit]:
    """Random splits, stratified by identity.

    Of an identity's ``n`` faces ``share * n`` ask, rounded, but at least one and never all; a
    single face is only trained on.

    Where more than :data:`SEARCHES` faces would ask, so many of them do, by chance; the others
    are not enrolled in their stead.

    Args:
        labels: identity of each face ``(n,)``.

    Raises:
        TrainingError: fewer than two identities with two faces.
    """
    check_closed(labels)
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat])
        enrolled, queries = _enrolled_and_queries(np.arange(len(labels)), labels, random, share)
        yield ClosedSplit(enrolled, _some(queries, random), len(queries))


def open_splits(
    labels: Ids, repeats: int, seed: int, share: float = QUERY_SHARE
) -> Iterator[OpenSplit]:
    """Random splits in which a third of the identities is never enrolled.

    The third is drawn from identities with one face and with more alike. The others are split as
    in :func:`closed_splits`; mated and non-mated identities are each halved at random.

    Raises:
        TrainingError: fewer than six identities, or fewer than four with two faces.
    """
    check_open(labels)
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat, 1])
        outside = _outsiders(labels, random)
        inside = np.flatnonzero(~np.isin(labels, outside))
        enrolled, queries = _enrolled_and_queries(inside, labels, random, share)
        mated_identities = random.permutation(np.unique(labels[queries]))
        non_mated = np.flatnonzero(np.isin(labels, outside))
        parts = (*_halves(queries, labels, mated_identities), *_halves(non_mated, labels, outside))
        mated, mated_test, others, others_test = (_some(part, random) for part in parts)
        askable = sum(map(len, parts))
        yield OpenSplit(enrolled, mated, mated_test, others, others_test, askable)


def check_closed(labels: Ids) -> None:
    """Raises TrainingError where a closed-set evaluation is impossible."""
    counts = np.unique(labels, return_counts=True)[1]
    if (counts >= 2).sum() < _CLOSED_LEAST:
        raise TrainingError(
            "This gallery is too small to evaluate",
            remedy="At least two people need two faces each. Enroll more faces.",
        )


def check_open(labels: Ids) -> None:
    """Raises TrainingError where an open-set evaluation is impossible."""
    counts = np.unique(labels, return_counts=True)[1]
    if len(counts) < _OPEN_LEAST or (counts >= 2).sum() < _OPEN_LEAST_MATED:
        raise TrainingError(
            "This gallery is too small to evaluate how it treats strangers",
            remedy="At least six people are needed, four of them with two faces or more. Enroll "
            "more.",
        )


def _enrolled_and_queries(
    rows: Ids, labels: Ids, random: np.random.Generator, share: float
) -> tuple[Ids, Ids]:
    """Some faces of each identity to enroll, the others to ask with; both ascending."""
    shuffled = random.permutation(rows)
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    turn = np.arange(len(order)) - np.repeat(starts, counts)
    wanted = np.maximum(np.floor(share * counts + 0.5).astype(np.int64), 1)
    asks = turn < np.repeat(np.minimum(wanted, counts - 1), counts)
    return np.sort(order[~asks]), np.sort(order[asks])


def _some(rows: Ids, random: np.random.Generator) -> Ids:
    """At most :data:`SEARCHES` rows, drawn at random, ascending."""
    if len(rows) <= SEARCHES:
        return rows
    return np.sort(random.choice(rows, SEARCHES, replace=False))


def _outsiders(labels: Ids, random: np.random.Generator) -> Ids:
    """A third of the identities, in random order."""
    identities, counts = np.unique(labels, return_counts=True)
    several = random.permutation(identities[counts >= 2])
    single = random.permutation(identities[counts == 1])
    taken = round(len(several) * NEVER_ENROLLED)
    rest = min(round(len(identities) * NEVER_ENROLLED) - taken, len(single))
    return random.permutation(np.concatenate([several[:taken], single[:rest]]))


def _halves(rows: Ids, labels: Ids, identities: Ids) -> tuple[Ids, Ids]:
    """The rows of the first half of these identities, and of the second, which may be larger."""
    first = np.isin(labels[rows], identities[: len(identities) // 2])
    return rows[first], rows[~first]
