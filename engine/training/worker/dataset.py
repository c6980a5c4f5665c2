"""Which rows train and which ones watch: stratified splits first, class balance afterwards."""

from __future__ import annotations

import numpy as np

from engine.records.types import Ids


def holdout(labels: Ids, share: float, random: np.random.Generator) -> tuple[Ids, Ids]:
    """Splits faces, stratified by identity, so that every identity keeps at least one.

    Systematic sampling over the faces in order of their identity: each identity gives up its
    share to within one face. An identity with a single face keeps it.

    Args:
        labels: a number for the identity of each face, ``(n,)``.
        share: of the faces to hold out, in (0, 0.5]; at least one is held where any can be.

    Returns:
        Rows kept and rows held out, each ascending.
    """
    _, group, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = _by_class(group, random)
    order = order[counts[group[order]] > 1]
    if not len(order):
        return np.arange(len(labels)), order
    count = max(1, int(share * len(order)))
    places = (np.arange(count) + random.random()) * (len(order) / count)
    return _parted(order[places.astype(np.int64)], len(labels))


def holdout_classes(labels: Ids, share: float, random: np.random.Generator) -> tuple[Ids, Ids]:
    """Splits faces by whole identities: none is on both sides.

    Only identities with two faces or more are held out. Two of them at least, and two identities
    stay; where that cannot be, nothing is held out.

    Args:
        labels: a number for the identity of each face, ``(n,)``.
        share: of the identities to hold out, in (0, 1).

    Returns:
        Rows kept and rows held out, each ascending.
    """
    classes, counts = np.unique(labels, return_counts=True)
    several = classes[counts > 1]
    count = min(max(2, round(share * len(classes))), len(several), len(classes) - 2)
    if count < 2:
        return np.arange(len(labels)), np.arange(0)
    held = random.choice(several, count, replace=False)
    return _parted(np.flatnonzero(np.isin(labels, held)), len(labels))


def balance(labels: Ids, per_identity: int, random: np.random.Generator) -> Ids:
    """Rows that show every identity ``per_identity`` times, for the training part of a split.

    Of an identity with more faces that many are drawn, each once; of one with fewer all are
    taken, and the rest is drawn from them again. 0 leaves the faces as they are.

    Args:
        labels: a number for the identity of each face, ``(n,)``.
    """
    if per_identity == 0:
        return np.arange(len(labels))
    _, group, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = _by_class(group, random)
    drawn = [
        faces[:per_identity]
        if len(faces) >= per_identity
        else np.concatenate([faces, random.choice(faces, per_identity - len(faces))])
        for faces in np.split(order, np.cumsum(counts)[:-1])
    ]
    return np.concatenate(drawn)


def _by_class(group: Ids, random: np.random.Generator) -> Ids:
    """All rows, class after class, in random order within each."""
    order = random.permutation(len(group))
    return order[np.argsort(group[order], kind="stable")]


def _parted(held: Ids, total: int) -> tuple[Ids, Ids]:
    out = np.zeros(total, dtype=bool)
    out[held] = True
    return np.flatnonzero(~out), np.flatnonzero(out)
