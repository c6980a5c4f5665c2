"""Rows that train: stratified splits, class balance, and batches of P identities with K faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.records.types import Ids


def holdout(labels: Ids, share: float, random: np.random.Generator) -> tuple[Ids, Ids]:
    """Split faces, stratified by identity, so that every identity keeps at least one.

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
    """Split faces by whole identities: none is on both sides.

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


_FEW = 1_000
"""Of 10,000 identities an epoch's keys took 106 MB and most of the epoch's time."""


@dataclass(frozen=True, eq=False)
class Draw:
    """The batches of an epoch, ``s`` steps of ``P * K`` faces and ``P`` or no further negatives.

    Attributes:
        rows: ``(s, m)``; the K faces of an identity stand after one another, then come the
            further negatives.
        labels: of the faces, ``(s, P * K)``.
        not_labels: the identity that each further negative is not, ``(s, m - P * K)``; -1 where
            it stands for none.
    """

    rows: Ids
    labels: Ids
    not_labels: Ids

    @property
    def steps(self) -> int:
        return len(self.rows)

    def part(self, begin: int, end: int) -> Draw:
        """The steps from ``begin`` to before ``end``."""
        return Draw(self.rows[begin:end], self.labels[begin:end], self.not_labels[begin:end])


class Pool:
    """The faces to draw batches from."""

    def __init__(
        self,
        rows: Ids,
        labels: Ids,
        identities: int,
        faces: int,
        rejected: tuple[Ids, Ids] | None = None,
    ) -> None:
        """
        Args:
            rows: ``(n,)``; a balanced pool names some several times.
            labels: the identity of each, ``(n,)``.
            identities: P, or as many as there are.
            faces: K.
            rejected: further rows ``(r,)``, and for each the label that it is not, ``(r,)``.
        """
        order = np.argsort(labels, kind="stable")
        self._rows, self._group = rows[order], np.unique(labels, return_inverse=True)[1][order]
        self._labels, self._first, self._sizes = np.unique(
            labels[order], return_index=True, return_counts=True
        )
        self._identities, self._faces = min(identities, len(self._labels)), faces
        self._rejected = rejected if rejected is not None and len(rejected[0]) else None

    @property
    def steps(self) -> int:
        """Of an epoch: as many as show each row once on average."""
        return max(1, round(len(self._rows) / (self._identities * self._faces)))

    def draw(self, random: np.random.Generator) -> Draw:
        """The batches of an epoch.

        The identities of a batch differ; each comes with a chance as the size of its pool. The
        faces of one take turns: all are shown before one is shown again.
        """
        chosen = self._chosen(random)
        labels = self._labels[chosen]
        rows = self._turns(chosen.ravel(), random).reshape(len(chosen), -1)
        further, not_labels = self._further(labels, random)
        return Draw(
            np.concatenate([rows, further], axis=1),
            np.repeat(labels, self._faces, axis=1),
            not_labels,
        )

    def _chosen(self, random: np.random.Generator) -> Ids:
        """Places of the identities of each batch, ``(s, P)``.

        A key for each step and identity is quick for few of them. For many, one after another is
        drawn in proportion to its size and repeats are passed over, which comes to the same.
        """
        count = self._identities
        if len(self._sizes) <= _FEW:
            keys = random.exponential(size=(self.steps, len(self._sizes))) / self._sizes
            return np.argsort(keys, axis=1)[:, :count]
        ends, drawn = np.cumsum(self._sizes), np.empty((self.steps, 0), np.int64)
        fresh = np.zeros(drawn.shape, dtype=bool)
        while (fresh.sum(axis=1) < count).any():
            more = random.integers(ends[-1], size=(self.steps, count))
            drawn = np.hstack([drawn, np.searchsorted(ends, more, side="right")])
            fresh = _first(drawn)
        fresh &= np.cumsum(fresh, axis=1) <= count
        return drawn[fresh].reshape(-1, count)

    def _turns(self, chosen: Ids, random: np.random.Generator) -> Ids:
        """K rows for each of the chosen identities, ``(c, K)``."""
        shuffled = self._rows[np.argsort(self._group + random.random(len(self._group)))]
        order = np.argsort(chosen, kind="stable")
        _, first, counts = np.unique(chosen[order], return_index=True, return_counts=True)
        turn = np.empty_like(chosen)
        turn[order] = np.arange(len(chosen)) - np.repeat(first, counts)
        places = turn[:, None] * self._faces + np.arange(self._faces)
        return shuffled[self._first[chosen, None] + places % self._sizes[chosen, None]]

    def _further(self, labels: Ids, random: np.random.Generator) -> tuple[Ids, Ids]:
        """For each identity of a batch one face that it was said not to be, if there is any."""
        if self._rejected is None:
            empty = np.empty((len(labels), 0), dtype=np.int64)
            return empty, empty
        refused, not_label = self._rejected
        rows, not_labels = np.zeros_like(labels), np.full_like(labels, -1)
        for label in np.unique(not_label):
            places = labels == label
            rows[places] = random.choice(refused[not_label == label], np.count_nonzero(places))
            not_labels[places] = label
        return rows, not_labels


def _first(drawn: Ids) -> npt.NDArray[np.bool_]:
    """Whether each entry is the first of its value in its row, ``(s, m)``."""
    order = np.argsort(drawn, axis=1, kind="stable")
    ordered = np.take_along_axis(drawn, order, axis=1)
    first = np.ones(drawn.shape, dtype=bool)
    np.put_along_axis(first, order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    return first
