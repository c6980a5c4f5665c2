"""Searches of a gallery's own faces by a method that had not seen them: the ground to judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from engine.identification.fusion import joined
from engine.identification.leaving_out import Searches
from engine.identification.logit import Flags
from engine.models.arrays import BROKEN, damaged, read_npz
from engine.records.types import Ids, Vectors
from engine.utils.files import write_atomically


@dataclass(frozen=True, eq=False)
class Trials:
    """Faces searched as strangers, and some of them as enrolled, by models without them: all of a
    gallery, or a sample where it is large.

    Attributes:
        faces, own: face ids and identity ids, ``(n,)``.
        searched: whether there is a mated search of the face, ``(n,)``.
        mated, mated_odds: identity ids and log-odds of what came up without the face, ``(n, c)``;
            -1 and minus infinity where empty.
        strangers, stranger_odds: without its whole identity.
        identities: of the gallery.
        unmet: how many of them a stranger did not meet, its own among them.
    """

    faces: Ids
    own: Ids
    searched: Flags
    mated: Ids
    mated_odds: Vectors
    strangers: Ids
    stranger_odds: Vectors
    identities: int
    unmet: int

    def of(self, faces: Ids) -> Trials:
        """Those of some faces, all of them here, in the order asked."""
        order = np.argsort(self.faces)
        rows = order[np.searchsorted(self.faces[order], faces)]
        return Trials(
            self.faces[rows],
            self.own[rows],
            self.searched[rows],
            self.mated[rows],
            self.mated_odds[rows],
            self.strangers[rows],
            self.stranger_odds[rows],
            self.identities,
            self.unmet,
        )

    def save(self, path: Path) -> None:
        """Writes an ``.npz`` without pickled objects, whole or not at all."""
        arrays: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        write_atomically(path, lambda stream: np.savez(stream, **arrays))

    @classmethod
    def load(cls, path: Path) -> Trials:
        """The other way.

        Raises:
            ModelError: absent or damaged.
        """
        try:
            arrays = read_npz(path)
            trials = cls(
                **{name: arrays[name] for name in _LINES},
                identities=int(arrays["identities"]),
                unmet=int(arrays["unmet"]),
            )
            trials._check()
            return trials
        except BROKEN as error:
            raise damaged(path, "The searches of a model", error) from error

    def _check(self) -> None:
        """Raises ValueError where the parts do not fit one another."""
        sound = (
            all(getattr(self, name).dtype == dtype for name, dtype in _LINES.items())
            and all(len(getattr(self, name)) == len(self.faces) for name in _LINES)
            and self.faces.ndim == self.own.ndim == self.searched.ndim == 1
            and self.mated.ndim == self.strangers.ndim == 2
            and self.mated.shape == self.mated_odds.shape
            and self.strangers.shape == self.stranger_odds.shape
            and not np.isnan(self.mated_odds).any()
            and not np.isnan(self.stranger_odds).any()
            and 0 < self.unmet < self.identities
        )
        if not sound:
            raise ValueError("its parts do not fit")


_LINES: Mapping[str, type[np.generic]] = {
    "faces": np.int64,
    "own": np.int64,
    "searched": np.bool_,
    "mated": np.int64,
    "mated_odds": np.float32,
    "strangers": np.int64,
    "stranger_odds": np.float32,
}
"""What has a line for each face."""


def alike(ours: Trials, theirs: Trials) -> bool:
    """Whether both were tried on the same gallery: the same faces under the same identities.

    With fewer people to be taken for, any method looks better.
    """
    mine, other = np.argsort(ours.faces), np.argsort(theirs.faces)
    return (
        ours.identities == theirs.identities
        and np.array_equal(ours.faces[mine], theirs.faces[other])
        and np.array_equal(ours.own[mine], theirs.own[other])
    )


def on_common_ground(trials: Sequence[Trials]) -> list[Trials]:
    """Trials of methods that were tried at different times, cut to what all of them were asked.

    These are the faces that all of them know under the same identity, in one order, and of their
    mated searches those that all of them made.
    """
    faces = reduce(np.intersect1d, [one.faces for one in trials])
    cut = [one.of(faces) for one in trials]
    alike = np.logical_and.reduce([one.own == cut[0].own for one in cut])
    searched = np.logical_and.reduce([one.searched for one in cut])[alike]
    return [replace(one.of(faces[alike]), searched=searched) for one in cut]


def as_searches(trials: Sequence[Trials]) -> Searches:
    """Trials of several methods, of the same faces in the same order, as one to learn from.

    There is one feature for each method: its log-odds. Identities stand for themselves.
    """
    first = trials[0]
    searched = np.logical_and.reduce([one.searched for one in trials])
    return Searches(
        first.own,
        ~searched,
        joined([(one.mated, one.mated_odds.astype(np.float64)) for one in trials]),
        joined([(one.strangers, one.stranger_odds.astype(np.float64)) for one in trials]),
    )
