"""Searches of a gallery's own faces by a method that had not seen them: the ground to judge it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ModelError
from engine.files import write_atomically
from engine.identification.fusion import joined
from engine.identification.leaving_out import Searches
from engine.identification.logit import Flags
from engine.types import Ids, Vectors


@dataclass(frozen=True, eq=False)
class Trials:
    """Every face searched as a stranger, and some of them as enrolled, by models without it.

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
        write_atomically(path, lambda stream: np.savez_compressed(stream, **arrays))

    @classmethod
    def load(cls, path: Path) -> Trials:
        """The other way.

        Raises:
            ModelError: absent or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                trials = cls(
                    faces=arrays["faces"],
                    own=arrays["own"],
                    searched=arrays["searched"],
                    mated=arrays["mated"],
                    mated_odds=arrays["mated_odds"],
                    strangers=arrays["strangers"],
                    stranger_odds=arrays["stranger_odds"],
                    identities=int(arrays["identities"]),
                    unmet=int(arrays["unmet"]),
                )
            trials._check()
            return trials
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"The searches of a model cannot be read ({error})",
                file=path,
                remedy="Delete this version and train it again.",
            ) from error

    def _check(self) -> None:
        """Raises ValueError where the parts do not fit one another."""
        sound = (
            len({len(getattr(self, name)) for name in _LINES}) == 1
            and self.mated.shape == self.mated_odds.shape
            and self.strangers.shape == self.stranger_odds.shape
            and self.searched.dtype == bool
            and 0 < self.unmet < self.identities
        )
        if not sound:
            raise ValueError("its parts do not fit")


_LINES = (
    "faces",
    "own",
    "searched",
    "mated",
    "mated_odds",
    "strangers",
    "stranger_odds",
)
"""What has a line for each face."""


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
