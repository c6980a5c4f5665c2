"""Searches a gallery for its own faces, each without itself and without its whole identity."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.progress import SILENT, Reporter
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.logit import Flags
from engine.recognition.probabilistic_lda import ProbabilisticLda, likelihoods_of
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

_PARTS, _SMALL_PARTS = 5, 20
_FACES_PER_DIMENSION = 12

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


Judge = tuple[Flags, ProbabilisticLda | None]
"""Some of the probes ``(m,)``, and the discriminant analysis that judges templates for them."""


@dataclass(frozen=True)
class Judges:
    """Discriminant analyses that have not seen what is left out; none where nothing judges.

    A face that had taught how it is judged would seem nearer to its own identity, and farther from
    others, than a query is.

    Attributes:
        of_faces: for probes that are left out themselves; each is in one of them.
        of_identities: for probes of which the whole identity is left out.
    """

    of_faces: Sequence[Judge] = ()
    of_identities: Sequence[Judge] = ()


NO_JUDGES = Judges()


def cross_fitted(
    faces: Vectors, owners: Ids, parts: Ids, probes: Flags, reporter: Reporter
) -> list[Judge]:
    """Discriminant analyses, each learned from all faces ``(n, d)`` but one part of them, for the
    probes in that part.

    Args:
        owners, parts: identity of each face, and the number of the part that it is in, ``(n,)``.
        probes: which of the faces are probes, ``(n,)``.
    """
    made: list[Judge] = []
    for part in np.unique(parts):
        reporter.check()
        others = parts != part
        lda = ProbabilisticLda.learned(faces[others], owners[others])
        made.append((parts[probes] == part, lda))
    return made


def parts_of(count: int, faces: Vectors, random: np.random.Generator) -> Ids:
    """Numbers of parts for so many faces, or identities, at random.

    Where faces ``(n, d)`` are few the parts are small: what is learned without a large one would
    say less than what is learned from all.
    """
    many = len(faces) >= _FACES_PER_DIMENSION * faces.shape[1]
    return np.asarray(random.permutation(count) % (_PARTS if many else _SMALL_PARTS))


@dataclass(frozen=True, eq=False)
class LeftOutNeighbours:
    """The nearest faces of every probe, without itself and without its identity.

    Attributes:
        own, queries: template row of each probe's identity, and its prepared vector.
        table: templates of all identities.
        everything, others: nearest faces, labelled by template rows.
    """

    own: Ids
    queries: Vectors
    table: TemplateTable
    everything: ExactNeighbours
    others: ExactNeighbours

    def searches(self, reporter: Reporter, judges: Judges = NO_JUDGES) -> LeftOutSearches:
        """What comes up for the probes.

        Args:
            judges: of templates.

        Raises:
            CancelledError: stopped by the reporter.
        """
        return LeftOutSearches(
            self.own,
            self.table.counts[self.own] < 2,
            self._shortlists(self.everything, "face", judges.of_faces, reporter),
            self._shortlists(self.others, "identity", judges.of_identities, reporter),
        )

    def _shortlists(
        self,
        kept: ExactNeighbours,
        what: Literal["face", "identity"],
        judges: Sequence[Judge],
        reporter: Reporter,
    ) -> Shortlist:
        table, distances = self.table, kept.distances(self.table.distance)
        labels = np.where(np.isfinite(kept.closeness), kept.labels, -1)
        step, order, parts = max(1, _TEMPLATES_AT_ONCE // len(table)), [], []
        for which, lda in judges or [(np.ones(len(self.own), dtype=bool), None)]:
            likelihoods = likelihoods_of(lda, table)
            rows = np.flatnonzero(which)
            for start in range(0, len(rows), step):
                reporter.check()
                part = rows[start : start + step]
                parts.append(
                    shortlist(
                        self.queries[part],
                        table,
                        labels[part],
                        distances[part],
                        left_out=LeftOut(self.own[part], what),
                        likelihoods=likelihoods,
                    )
                )
                order.append(part)
        joined, back = Shortlist.joined(parts), np.argsort(np.concatenate(order))
        return Shortlist(joined.rows[back], joined.features[back])


def search_own(
    probes: Piece,
    gallery: Iterable[Piece],
    count: int,
    table: TemplateTable,
    reporter: Reporter,
    stage: str,
) -> LeftOutNeighbours:
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
    return LeftOutNeighbours(own, queries, table, everything, other_faces)


def _pairs_of_equals(queries: Ids, faces: Ids) -> tuple[Ids, Ids]:
    """Rows and columns where a query ``(m,)`` and a face ``(n,)`` have the same number."""
    order = np.argsort(faces, kind="stable")
    first = np.searchsorted(faces, queries, side="left", sorter=order)
    count = np.searchsorted(faces, queries, side="right", sorter=order) - first
    row = np.repeat(np.arange(len(queries)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, order[first[row] + place]


def _judges_of(
    faces: Vectors, owners: Ids, probes: Flags, calibration: Calibration, reporter: Reporter
) -> Judges:
    """Judges of faces that are left out, where the calibration has one."""
    if calibration.lda is None:
        return NO_JUDGES
    parts = parts_of(len(faces), faces, np.random.default_rng(_SEED))
    judges = cross_fitted(faces, owners, parts, probes, reporter)
    return Judges(judges, judges)


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
    ).searches(reporter, _judges_of(faces, owners, left_out, calibration, reporter))
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
    ).searches(reporter, _judges_of(faces[kept], owners[kept], probes[kept], calibration, reporter))
    odds = calibration.log_odds(searches.mated.features, searches.mated.filled)
    rows = np.arange(len(odds))
    first = odds.argmax(axis=1)
    named = (searches.truth() == first) & (odds[rows, first] > threshold)
    return 1.0 - float(named.mean())
