"""Searches a gallery for its own faces, each without itself and without its whole identity."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.progress import SILENT, Reporter
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.logit import Flags
from engine.recognition.shortlist import NEIGHBOURS, LeftOut, Shortlist, shortlist
from engine.recognition.templates import Templates, TemplateTable
from engine.records.changes import Recognition
from engine.records.types import Distance, Ids, Vectors
from engine.utils.exact_neighbours import ASKED_AT_ONCE, AT_ONCE, ExactNeighbours, closeness

PROBES = 10_000
"""Faces searched at most. On 90,000 faces an FPIR of 1 % came, in four draws, to 0.82-1.12 % from
so many, 0.42-1.26 % from 1,000 and 0.82-1.10 % from 20,000."""
_TEMPLATES_AT_ONCE = 4_000_000
"""Distances of probes to templates held in memory at once (16 MB)."""

Piece = tuple[Ids, Ids, Vectors]
"""Some faces of a gallery: ids ``(n,)``, template rows ``(n,)``, prepared vectors ``(n, d)``."""


@dataclass(frozen=True, eq=False)
class LeftOutSearches:
    """Every probe searched twice.

    Attributes:
        own: template row of each probe's identity, ``(m,)``.
        alone: True for a probe that is the only face of its identity, ``(m,)``.
        mated: what came up without the probe itself.
        non_mated: what came up without its identity, as if it were not enrolled.
    """

    own: Ids
    alone: Flags
    mated: Shortlist
    non_mated: Shortlist

    def __len__(self) -> int:
        return len(self.own)

    def chosen(self, which: Flags) -> LeftOutSearches:
        """Some of the probes."""
        return LeftOutSearches(
            self.own[which],
            self.alone[which],
            self.mated.chosen(which),
            self.non_mated.chosen(which),
        )

    def truth(self) -> Ids:
        """Place of the own identity in the mated shortlist, -1 where it did not come up."""
        is_own = self.mated.rows == self.own[:, None]
        return np.where(is_own.any(axis=1), is_own.argmax(axis=1), -1)


def sample(count: int, random: np.random.Generator) -> Ids:
    """Rows of the faces to be searched, ascending; all of them in an ordinary gallery."""
    if count <= PROBES:
        return np.arange(count, dtype=np.int64)
    return np.sort(random.choice(count, PROBES, replace=False)).astype(np.int64)


def in_pieces(ids: Ids, owners: Ids, faces: Vectors) -> Iterator[Piece]:
    """Faces that are in memory, as :func:`search_own` takes them."""
    for start in range(0, len(faces), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        yield ids[part], owners[part], faces[part]


def search_own(
    probes: Piece,
    gallery: Iterable[Piece],
    count: int,
    table: TemplateTable,
    reporter: Reporter,
    stage: str,
) -> LeftOutSearches:
    """Search some faces of a gallery among all, which are never in memory at once.

    Args:
        probes: the faces to be searched.
        gallery: all faces, the probes among them, in the order of their ids.
        count: how many these are.

    Raises:
        CancelledError: stopped by the reporter.
    """
    _, own, queries = probes
    own_faces = ExactNeighbours(len(own), NEIGHBOURS)
    other_faces = ExactNeighbours(len(own), NEIGHBOURS)
    done = 0
    for piece in gallery:
        reporter.progress(stage, min(done, count), count)
        for start in range(0, len(own), ASKED_AT_ONCE):
            reporter.check()
            part = slice(start, start + ASKED_AT_ONCE)
            near = closeness(queries[part], piece[2], table.distance)
            near[_pairs_of_equals(probes[0][part], piece[0])] = -np.inf
            row, column = _pairs_of_equals(own[part], piece[1])
            own_faces.offer_pairs(start + row, near[row, column], piece[1][column])
            near[row, column] = -np.inf
            other_faces.offer(start, near, piece[1])
        done += len(piece[0])
    everything = own_faces.with_others(other_faces)
    return LeftOutSearches(
        own,
        table.counts[own] < 2,
        _shortlists(queries, table, everything, LeftOut(own, "face"), reporter),
        _shortlists(queries, table, other_faces, LeftOut(own, "identity"), reporter),
    )


def _pairs_of_equals(queries: Ids, faces: Ids) -> tuple[Ids, Ids]:
    """Rows and columns where a query ``(m,)`` and a face ``(n,)`` have the same number."""
    order = np.argsort(faces, kind="stable")
    first = np.searchsorted(faces, queries, side="left", sorter=order)
    count = np.searchsorted(faces, queries, side="right", sorter=order) - first
    row = np.repeat(np.arange(len(queries)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, order[first[row] + place]


def _shortlists(
    queries: Vectors,
    table: TemplateTable,
    kept: ExactNeighbours,
    left_out: LeftOut,
    reporter: Reporter,
) -> Shortlist:
    distances = kept.distances(table.distance)
    labels = np.where(np.isfinite(kept.closeness), kept.labels, -1)
    parts = []
    step = max(1, _TEMPLATES_AT_ONCE // len(table))
    for start in range(0, len(queries), step):
        reporter.check()
        part = slice(start, start + step)
        without = LeftOut(left_out.rows[part], left_out.what)
        parts.append(
            shortlist(queries[part], table, labels[part], distances[part], left_out=without)
        )
    return Shortlist.joined(parts)


def recognised_when_left_out(
    faces: Vectors,
    owners: Ids,
    left_out: Flags,
    calibration: Calibration,
    distance: Distance,
    reporter: Reporter = SILENT,
) -> Recognition:
    """Count the faces that are recognised when each is left out of the gallery.

    Args:
        faces: all of a gallery, prepared, ``(n, d)``.
        owners: a number for the identity of each, ``(n,)``.
        left_out: which faces to leave out and recognise, ``(n,)``.
        calibration: says which candidate comes first.

    Raises:
        CancelledError: stopped by the reporter.
    """
    templates = Templates(faces.shape[1], distance)
    templates.add(owners, faces)
    table = templates.table()
    ids, rows, probes = np.arange(len(faces)), table.rows(owners), np.flatnonzero(left_out)
    searches = search_own(
        (probes, rows[probes], faces[probes]),
        in_pieces(ids, rows, faces),
        len(faces),
        table,
        reporter,
        "Comparing faces",
    )
    odds = calibration.log_odds(searches.mated.features, searches.mated.filled)
    first = np.where(searches.mated.filled, odds, -np.inf).argmax(axis=1)
    right = (searches.truth() == first) & ~searches.alone
    return Recognition(int(right.sum()), int((~searches.alone).sum()))


_FEWEST_PROBES = 100
_SEED = 0


def gain_of_one_more(
    faces: Vectors,
    owners: Ids,
    calibration: Calibration,
    threshold: float,
    distance: Distance,
    reporter: Reporter = SILENT,
) -> float | None:
    """Share of its FNIR that a gallery keeps once each person has one more face; None where too
    few faces tell.

    Faces are searched for among the others, and among these without one more face of each
    identity. What the last face wins is carried on by a power of the number of faces.

    Args:
        faces: prepared, ``(n, d)``.
        owners: identity of each, ``(n,)``.
        threshold: score that the first candidate must exceed.

    Raises:
        CancelledError: stopped by the reporter.
    """
    random = np.random.default_rng(_SEED)
    order = random.permutation(len(faces))
    _, first = np.unique(owners[order], return_index=True)
    _, place, count = np.unique(owners, return_inverse=True, return_counts=True)
    spared = np.zeros(len(faces), dtype=bool)
    spared[order[first]] = True
    probes = ~spared & (count[place] > 2)
    if probes.sum() < _FEWEST_PROBES:
        return None
    rule = calibration, threshold, distance, reporter
    fewer = _fnir(faces, owners, probes, probes | ~spared, *rule)
    now = _fnir(faces, owners, probes, np.ones_like(spared), *rule)
    if not now or not fewer:
        return None
    counted = count[place][probes]
    power = math.log(fewer / now) / np.log((counted - 1) / (counted - 2)).mean()
    return float(min(np.exp(-power * np.log((counted + 1) / counted).mean()), 1.0))


def _fnir(
    faces: Vectors,
    owners: Ids,
    probes: Flags,
    enrolled: Flags,
    calibration: Calibration,
    threshold: float,
    distance: Distance,
    reporter: Reporter,
) -> float:
    """Share of probes, each left out in turn of the enrolled faces, that are not named."""
    templates = Templates(faces.shape[1], distance)
    templates.add(owners[enrolled], faces[enrolled])
    table = templates.table()
    kept, asked = np.flatnonzero(enrolled), np.flatnonzero(probes)
    searches = search_own(
        (asked, table.rows(owners[asked]), faces[asked]),
        in_pieces(kept, table.rows(owners[kept]), faces[kept]),
        len(kept),
        table,
        reporter,
        "Comparing faces",
    )
    odds = calibration.log_odds(searches.mated.features, searches.mated.filled)
    rows = np.arange(len(odds))
    first = odds.argmax(axis=1)
    named = (searches.truth() == first) & (odds[rows, first] > threshold)
    return 1.0 - float(named.mean())
