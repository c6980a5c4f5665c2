"""Every face judged without itself: its own identity's, somebody else's, or nobody's.

A wrong label harms twice: the face itself, and all that are compared with it. So the faces are
judged in rounds, and those whose label is doubted vouch for nobody in the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.identification.learning import fit_soundly
from engine.identification.leaving_out import search_own
from engine.identification.logit import Flags, LogOdds, Numbers
from engine.identification.shortlist import NEIGHBOURS, LeftOut, Shortlist, shortlist
from engine.identification.templates import TemplateTable
from engine.progress import Reporter
from engine.review.faces import Faces
from engine.review.nearest import Nearest
from engine.types import Ids, Vectors

FINE, ELSEWHERE, NOBODY = range(3)
"""What may be true of a face."""
_PRIORS = np.log([[0.99], [0.009], [0.001]])
"""Before it is looked at: 1 face in 100 is under a wrong name, 9 of 10 of these are of somebody
who is enrolled. With more for the others, vectors that tell nobody apart put half of a gallery
under suspicion."""
_ROUNDS = 3
_PROBES = 2_000
"""Faces that the odds are learned from, at most; all of them are judged."""
_BLOCK = 2_000_000
_STAGE = "Judging every face without itself"


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was found for each face.

    Attributes:
        model: log-odds of a candidate; None where the gallery is too small to learn it, and
            then nobody is doubted.
        own: log-odds of the own identity, minus infinity for its only face, ``(n,)``.
        rows: other identities in question, -1 where a place is empty, ``(n, c)``.
        odds: their log-odds, ``(n, c)``.
        alone: True for the only face of an identity, ``(n,)``.
    """

    model: LogOdds | None
    own: Numbers
    rows: Ids
    odds: Numbers
    alone: Flags

    @cached_property
    def other(self) -> Numbers:
        """Log-odds of the best other identity, ``(n,)``."""
        return np.asarray(self.odds.max(axis=1, initial=-np.inf))

    @cached_property
    def suggestion(self) -> Ids:
        """Row of that identity, -1 where there is none, ``(n,)``."""
        if not self.rows.shape[1]:
            return np.full(len(self.own), -1, dtype=np.int64)
        return np.take_along_axis(self.rows, self.odds.argmax(axis=1)[:, None], axis=1)[:, 0]

    @cached_property
    def chances(self) -> Numbers:
        """Probability of FINE, ELSEWHERE and NOBODY, ``(3, n)``; of a face alone nothing is
        doubted, for there is nothing left to compare it with."""
        odds = np.stack([self.own, self.other, np.zeros(len(self.own))])
        odds[1:, self.alone] = -np.inf
        odds[0, self.alone] = 0.0
        shares = np.exp(odds + _PRIORS - (odds + _PRIORS).max(axis=0))
        return np.asarray(shares / shares.sum(axis=0))


def judge(faces: Faces, nearest: Nearest, reporter: Reporter) -> Judgement:
    """Judges all faces.

    Raises:
        CancelledError: stopped by the reporter.
    """
    trusted = np.ones(len(faces), dtype=bool)
    table = faces.table(trusted)
    model = _learned(faces, table, reporter)
    if model is None:
        return _silent(faces)
    for number in range(_ROUNDS):
        reporter.progress(_STAGE, number, _ROUNDS)
        judgement = _judged(faces, nearest, trusted, model, reporter)
        doubted = (judgement.chances[FINE] < 0.5) & ~faces.confirmed
        before, trusted = trusted, _somebody_left(faces, ~doubted)
        if np.array_equal(before, trusted):
            break
    reporter.progress(_STAGE, _ROUNDS, _ROUNDS)
    return judgement


def _learned(faces: Faces, table: TemplateTable, reporter: Reporter) -> LogOdds | None:
    if len(table) < 2:
        return None
    probes = np.random.default_rng(0).permutation(len(faces))[:_PROBES]
    searches = search_own(faces.rows, faces.owners, probes, table, reporter, "Learning the odds")
    return fit_soundly(searches)[0]


def _silent(faces: Faces) -> Judgement:
    count = len(faces)
    nothing = np.empty((count, 0))
    return Judgement(
        None, np.zeros(count), nothing.astype(np.int64), nothing, np.ones(count, dtype=bool)
    )


def _somebody_left(faces: Faces, trusted: Flags) -> Flags:
    """The same, but an identity of which all faces are doubted keeps them."""
    left = np.bincount(faces.owners, trusted, len(faces.identities))
    return np.asarray(trusted | (left[faces.owners] == 0))


def _judged(
    faces: Faces, nearest: Nearest, trusted: Flags, model: LogOdds, reporter: Reporter
) -> Judgement:
    """One round: against the templates and the neighbours that are trusted."""
    table = faces.table(trusted)
    parts, block = [], max(1, _BLOCK // max(len(table), 500))
    for start in range(0, len(faces), block):
        reporter.check()
        part = np.arange(start, min(start + block, len(faces)))
        parts.append(_candidates(faces, nearest, part, trusted, table))
    found = Shortlist.joined(parts)
    odds = model(found.features, found.filled)
    mine = found.rows == faces.owners[:, None]
    own = np.where(mine, odds, -np.inf).max(axis=1)
    others = np.where(mine, -np.inf, odds)
    _strike_refused(faces, found.rows, others)
    alone = faces.counts[faces.owners] < 2
    return Judgement(model, own, np.where(mine, -1, found.rows), others, alone)


def _candidates(
    faces: Faces, nearest: Nearest, part: Ids, trusted: Flags, table: TemplateTable
) -> Shortlist:
    """Shortlists of some faces; a face that is trusted is left out of its identity."""
    owners, distances = _neighbours(faces, nearest, part, trusted)
    own, rows = faces.owners[part], faces.rows[part]
    counted = trusted[part]
    found: list[Shortlist] = []
    for which, left_out in ((counted, LeftOut(own[counted], "face")), (~counted, None)):
        found.append(
            shortlist(rows[which], table, owners[which], distances[which], left_out=left_out)
        )
    order = np.argsort(np.r_[np.flatnonzero(counted), np.flatnonzero(~counted)])
    joined = Shortlist.joined(found)
    return Shortlist(joined.rows[order], joined.features[order])


def _neighbours(faces: Faces, nearest: Nearest, part: Ids, trusted: Flags) -> tuple[Ids, Vectors]:
    """Owners and distances of the nearest trusted faces, and at the end the own identity.

    The own identity always comes into question; it counts there as far as the last neighbour.
    """
    rows, distances = nearest.rows[part], nearest.distances[part]
    order = np.argsort(~trusted[rows], axis=1, kind="stable")[:, :NEIGHBOURS]
    rows = np.take_along_axis(rows, order, axis=1)
    distances = np.take_along_axis(distances, order, axis=1)
    kept = trusted[rows]
    last = np.where(kept, distances, 0.0).max(axis=1, keepdims=True, initial=0.0)
    owners = np.hstack([np.where(kept, faces.owners[rows], -1), faces.owners[part][:, None]])
    return owners, np.hstack([distances, last]).astype(np.float32)


def _strike_refused(faces: Faces, rows: Ids, odds: Numbers) -> None:
    """Takes away, in place, the candidates that a person said the face is not."""
    for face, identity in faces.decided.refused:
        at, who = np.searchsorted(faces.ids, face), np.searchsorted(faces.identities, identity)
        if at < len(faces) and faces.ids[at] == face and who < len(faces.identities):
            odds[at, (rows[at] == who) & (faces.identities[who] == identity)] = -np.inf
