"""Searches a gallery for its own faces, each without itself and without its whole identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.distances import between
from engine.identification.logit import Flags
from engine.identification.shortlist import NEIGHBOURS, LeftOut, Shortlist, shortlist
from engine.identification.templates import TemplateTable
from engine.progress import Reporter
from engine.types import Ids, Vectors

PROBES = 5_000
"""Faces searched at most; in large galleries fewer, about WORK comparisons in all."""
WORK = 200_000_000
_FEWEST_PROBES = 1_000
_BLOCK = 2_000_000
"""Distances held in memory at once (8 MB)."""


@dataclass(frozen=True, eq=False)
class Searches:
    """Every probe searched twice.

    Attributes:
        own: template row of each probe's identity, ``(m,)``.
        alone: True for a probe that is the only face of its identity, ``(m,)``.
        mated: what came up without the probe itself.
        strangers: what came up without its identity, as if it were not enrolled.
    """

    own: Ids
    alone: Flags
    mated: Shortlist
    strangers: Shortlist

    def __len__(self) -> int:
        return len(self.own)

    def chosen(self, which: Flags) -> Searches:
        """Some of the probes."""
        return Searches(
            self.own[which],
            self.alone[which],
            self.mated.chosen(which),
            self.strangers.chosen(which),
        )

    def truth(self) -> Ids:
        """Place of the own identity in the mated shortlist, -1 where it did not come up."""
        is_own = self.mated.rows == self.own[:, None]
        return np.where(is_own.any(axis=1), is_own.argmax(axis=1), -1)


def sample(count: int, random: np.random.Generator) -> Ids:
    """Rows of the faces to be searched, ascending; all of them in an ordinary gallery."""
    wanted = min(PROBES, max(_FEWEST_PROBES, WORK // max(count, 1)))
    if count <= wanted:
        return np.arange(count, dtype=np.int64)
    return np.sort(random.choice(count, wanted, replace=False)).astype(np.int64)


def search_own(
    faces: Vectors, owners: Ids, probes: Ids, table: TemplateTable, reporter: Reporter, stage: str
) -> Searches:
    """Searches the probes among all faces.

    Args:
        faces: prepared, ``(n, d)``.
        owners: template row of each face, ``(n,)``.
        probes: rows of ``faces``, ``(m,)``.

    Raises:
        CancelledError: stopped by the reporter.
    """
    block = max(1, _BLOCK // len(faces))
    mated, strangers = [], []
    for start in range(0, len(probes), block):
        reporter.progress(stage, start, len(probes))
        rows = probes[start : start + block]
        queries, own = faces[rows], owners[rows]
        distances = between(queries, faces, table.distance)
        distances[np.arange(len(rows)), rows] = np.inf
        nearest = nearest_owners(distances, owners)
        mated.append(shortlist(queries, table, *nearest, left_out=LeftOut(own, "face")))
        distances[owners[None, :] == own[:, None]] = np.inf
        nearest = nearest_owners(distances, owners)
        strangers.append(shortlist(queries, table, *nearest, left_out=LeftOut(own, "identity")))
    own = owners[probes]
    alone = table.counts[own] < 2
    return Searches(own, alone, Shortlist.joined(mated), Shortlist.joined(strangers))


def nearest_owners(distances: Vectors, owners: Ids) -> tuple[Ids, Vectors]:
    """Owners and distances of the nearest faces in no order, -1 and infinity beyond the last."""
    wanted = min(NEIGHBOURS, distances.shape[1])
    places = np.argpartition(distances, wanted - 1, axis=1)[:, :wanted]
    found = np.take_along_axis(distances, places, axis=1)
    return np.where(np.isfinite(found), owners[places], -1), found
