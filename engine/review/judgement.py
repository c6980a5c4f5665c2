"""What is thought of every face: that it is its identity's, somebody else's, or nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.progress import Reporter
from engine.recognition.calibration.fitting import fit_soundly
from engine.recognition.calibration.leave_one_out import LeftOutSearches, in_pieces, search_own
from engine.recognition.logit import Flags, LogOdds, Numbers
from engine.recognition.shortlist import NEIGHBOURS, LeftOut, Shortlist, shortlist
from engine.records.types import Ids, Vectors
from engine.review.review_faces import FaceNeighbours, ReviewFaces

FINE, ELSEWHERE, NOBODY = range(3)
"""What may be true of a face."""
_PRIORS = np.log([[0.99], [0.009], [0.001]])
"""Before it is looked at: 1 face in 100 is under a wrong name, 9 of 10 of these are of somebody
who is enrolled. With more for the others, vectors that tell nobody apart put half of a gallery
under suspicion."""
LITTLE = 3.0
"""Log-odds, 1 to 20, by which two identities may differ and still be taken for one another."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was found for each face.

    Attributes:
        model: log-odds of a candidate; None where the gallery is too small to learn it, and
            then nobody is doubted.
        own: log-odds of the own identity, minus infinity for a face alone, ``(n,)``.
        rows: other identities in question, -1 where a place is empty, ``(n, c)``.
        odds: their log-odds, ``(n, c)``.
        alone: True for a face that has nobody trusted beside it in its identity, ``(n,)``.
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

    @property
    def doubted(self) -> Flags:
        """Faces that are likelier not their identity's, ``(n,)``."""
        return np.asarray(self.chances[FINE] < 0.5)

    @property
    def elsewhere(self) -> Flags:
        """Doubted faces that are likelier somebody else's than nobody's, ``(n,)``."""
        return np.asarray(self.doubted & (self.chances[ELSEWHERE] > self.chances[NOBODY]))

    def shares(
        self, faces: ReviewFaces, weights: Numbers | Flags
    ) -> Iterator[tuple[int, int, float]]:
        """How much of an identity looks like another one.

        Args:
            weights: how much each face does like each candidate, in [0, 1], ``(n, c)``.

        Yields:
            rows of two identities, the one with fewer faces (or else the later) first, and the
            mean weight of its faces for the other; only where that is above one half.
        """
        face, place = np.nonzero(weights)
        pairs, pair = np.unique(
            np.stack([faces.owners[face], self.rows[face, place]], axis=1),
            axis=0,
            return_inverse=True,
        )
        sums = np.bincount(pair.ravel(), weights[face, place], len(pairs))
        means = sums / faces.counts[pairs[:, 0]]
        for (identity, other), mean in zip(pairs.tolist(), means.tolist(), strict=True):
            if mean > 0.5 and (faces.counts[identity], -identity) < (faces.counts[other], -other):
                yield identity, other, mean

    @cached_property
    def as_near(self) -> Flags:
        """Where a candidate is not much less likely than the own identity, ``(n, c)``."""
        return np.asarray((self.rows >= 0) & (self.odds > self.own[:, None] - LITTLE))


_ROUNDS = 3
_PROBES = 2_000
"""Faces that the odds are learned from, at most; all of them are judged."""
_BLOCK = 2_000_000
"""Distances to templates held in memory at once, or as many faces as if there were _DENSE."""
_DENSE = 500
_STAGE = "Reviewing every face"


def judge(faces: ReviewFaces, nearest: FaceNeighbours, reporter: Reporter) -> Judgement:
    """Judge all faces.

    Raises:
        CancelledError: stopped by the reporter.
    """
    trusted = np.ones(len(faces), dtype=bool)
    probes = np.random.default_rng(0).permutation(len(faces))[:_PROBES]
    searches = _searched(faces, probes, reporter)
    model = None if searches is None else fit_soundly(searches)[0]
    if searches is None or model is None:
        return _silent(faces)
    for number in range(_ROUNDS):
        reporter.progress(_STAGE, number, _ROUNDS)
        found = _candidates(faces, nearest, trusted, reporter)
        judgement = _weighed(faces, found, trusted, model)
        if number == 0:
            model = _learned_anew(faces, searches, probes, judgement) or model
            judgement = _weighed(faces, found, trusted, model)
        before, trusted = trusted, _trusted(faces, judgement)
        if np.array_equal(before, trusted):
            break
    reporter.progress(_STAGE, _ROUNDS, _ROUNDS)
    return judgement


def _searched(faces: ReviewFaces, probes: Ids, reporter: Reporter) -> LeftOutSearches | None:
    """Faces searched without themselves and without their identity, to learn from."""
    table = faces.table(np.ones(len(faces), dtype=bool))
    if len(table) < 2:
        return None
    ids = np.arange(len(faces))
    return search_own(
        (probes, faces.owners[probes], faces.rows[probes]),
        in_pieces(ids, faces.owners, faces.rows),
        len(faces),
        table,
        reporter,
        "Estimating probabilities",
    )


def _learned_anew(
    faces: ReviewFaces, searches: LeftOutSearches, probes: Ids, judgement: Judgement
) -> LogOdds | None:
    """The odds learned without what would teach that a perfect likeness can be a stranger's:
    persons under two names, and faces that look far more like another identity than their own.

    Where not even half of the faces look most like their own, these vectors tell nobody apart,
    and without what contradicts them the odds would only seem better than they are.
    """
    if np.mean(judgement.own >= judgement.other) < 0.5:
        return judgement.model
    known = judgement.as_near & np.isfinite(judgement.own)[:, None]
    twice = [pair[:2] for pair in judgement.shares(faces, known)]
    strayed = (judgement.other > 0) & (judgement.other > judgement.own + LITTLE) & ~judgement.alone
    sound = ~np.isin(searches.own, twice) & ~strayed[probes]
    return judgement.model if sound.all() else fit_soundly(searches.chosen(sound))[0]


def _silent(faces: ReviewFaces) -> Judgement:
    count = len(faces)
    nothing = np.empty((count, 0))
    return Judgement(
        None, np.zeros(count), nothing.astype(np.int64), nothing, np.ones(count, dtype=bool)
    )


def _trusted(faces: ReviewFaces, judgement: Judgement) -> Flags:
    """Faces that are confirmed or not doubted.

    An identity of which all are doubted keeps those that do not look like somebody else, or all:
    of two faces that differ, each is doubted for the other's sake.
    """
    trusted = ~judgement.doubted | faces.confirmed
    for kept in (~judgement.elsewhere, True):
        trusted |= (_left(faces, trusted) == 0) & kept
    return trusted


def _left(faces: ReviewFaces, trusted: Flags) -> Ids:
    """How many faces of each one's identity are trusted, ``(n,)``."""
    return np.bincount(faces.owners[trusted], minlength=len(faces.identities))[faces.owners]


def _weighed(faces: ReviewFaces, found: Shortlist, trusted: Flags, model: LogOdds) -> Judgement:
    odds = model(found.features, found.filled)
    mine = found.rows == faces.owners[:, None]
    own = np.where(mine, odds, -np.inf).max(axis=1)
    others = np.where(mine, -np.inf, odds)
    _strike_refused(faces, found.rows, others)
    alone = trusted & (_left(faces, trusted) < 2)
    return Judgement(model, own, np.where(mine, -1, found.rows), others, alone)


def _candidates(
    faces: ReviewFaces, nearest: FaceNeighbours, trusted: Flags, reporter: Reporter
) -> Shortlist:
    """Each face against the templates and neighbours that are trusted; one that is itself trusted
    is left out of its identity."""
    table = faces.table(trusted)
    block = max(1, _BLOCK // max(len(table), _DENSE))
    parts, order = [], []
    for counted in (trusted, ~trusted):
        rows = np.flatnonzero(counted)
        order.append(rows)
        for start in range(0, len(rows), block):
            reporter.check()
            part = rows[start : start + block]
            own = LeftOut(faces.owners[part], "face") if counted is trusted else None
            known = _neighbours(faces, nearest, part, trusted)
            parts.append(shortlist(faces.rows[part], table, *known, left_out=own))
    back = np.argsort(np.concatenate(order))
    joined = Shortlist.joined(parts)
    return Shortlist(joined.rows[back], joined.features[back])


def _neighbours(
    faces: ReviewFaces, nearest: FaceNeighbours, part: Ids, trusted: Flags
) -> tuple[Ids, Vectors]:
    """Owners and distances of the nearest trusted faces, and at the end the own identity.

    The own identity always comes into question; it counts there as far as the last neighbour.
    """
    rows, distances = nearest.rows[part], nearest.distances[part]
    usable = trusted[rows] & (rows >= 0)
    order = np.argsort(~usable, axis=1, kind="stable")[:, :NEIGHBOURS]
    rows = np.take_along_axis(rows, order, axis=1)
    distances = np.take_along_axis(distances, order, axis=1)
    kept = np.take_along_axis(usable, order, axis=1)
    last = np.where(kept, distances, 0.0).max(axis=1, keepdims=True, initial=0.0)
    owners = np.hstack([np.where(kept, faces.owners[rows], -1), faces.owners[part][:, None]])
    return owners, np.hstack([distances, last]).astype(np.float32)


def _strike_refused(faces: ReviewFaces, rows: Ids, odds: Numbers) -> None:
    """Take away, in place, the candidates that a person said the face is not."""
    for face, identity in faces.decided.refused:
        at, who = np.searchsorted(faces.ids, face), np.searchsorted(faces.identities, identity)
        if at < len(faces) and faces.ids[at] == face and who < len(faces.identities):
            odds[at, (rows[at] == who) & (faces.identities[who] == identity)] = -np.inf
