"""What is thought of every face: that it is its identity's, somebody else's, or nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.progress import Reporter
from engine.recognition.calibration.fitting import fit_soundly
from engine.recognition.calibration.leave_one_out import LeftOutSearches, in_pieces, search_own
from engine.recognition.logit import Flags, LogOdds, Numbers, probabilities
from engine.recognition.shortlist import NEIGHBOURS, LeftOut, Shortlist, shortlist
from engine.records.types import Ids, Vectors
from engine.review.review_faces import FaceNeighbours, ReviewFaces, search_mapped

FINE, ELSEWHERE, NOBODY = range(3)
"""What may be true of a face."""
_PRIORS = np.log([[0.99], [0.009], [0.001]])
"""Before it is looked at: 1 face in 100 is under a wrong name, 9 of 10 of these are of somebody
who is enrolled."""
LITTLE = 3.0
"""Log-odds, 1 to 20, by which two identities may differ and still be taken for one another."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was found for each face.

    Attributes:
        model: log-odds of a candidate among the faces as they came; None where the gallery is
            too small to learn it, and then nobody is doubted.
        own: log-odds of the own identity, minus infinity for a face alone, ``(n,)``.
        rows: other identities in question, -1 where a place is empty, ``(n, c)``.
        odds: their log-odds, ``(n, c)``.
        alone: True for a face that has nobody trusted beside it in its identity, ``(n,)``.
        identities: how many there are.
    """

    model: LogOdds | None
    own: Numbers
    rows: Ids
    odds: Numbers
    alone: Flags
    identities: int

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
        doubted, for there is nothing left to compare it with.

        The odds take each identity for one of K that a face might be of. The own one is not: its
        name was given before. So it counts K times against an identity that is likelier than
        nobody, and where vectors tell nobody apart, no name is doubted. Against nobody it stands
        as one against one.
        """
        rival = self.other + _PRIORS[ELSEWHERE] > _PRIORS[NOBODY]
        own = self.own + np.log(max(self.identities, 1)) * rival
        odds = np.stack([own, self.other, np.zeros(len(self.own))])
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
_LEARNED_FROM = 20_000
"""Faces that a map is learned from, at most."""
_FEWEST_IDENTITIES = 10
"""With fewer that have two faces, how one face under a wrong name differs would shape the map."""


@dataclass(frozen=True, eq=False)
class _View:
    """How some faces are compared with all.

    Attributes:
        which: rows of the faces that are judged by it.
        faces: all faces, mapped.
        nearest: of those that are judged.
    """

    which: Ids
    faces: ReviewFaces
    nearest: FaceNeighbours


@dataclass(frozen=True, eq=False)
class _Learned:
    """What was learned where faces are compared in one way.

    Attributes:
        views: each face is in one of them.
        probes: rows of the faces that were searched.
    """

    views: list[_View]
    probes: Ids
    searches: LeftOutSearches
    model: LogOdds

    @cached_property
    def likelihood(self) -> float:
        """Mean log-likelihood of what the searches are known to be."""
        mated, non_mated = self.searches.mated, self.searches.non_mated
        found = probabilities(self.model(mated.features, mated.filled))
        none = 1 - probabilities(self.model(non_mated.features, non_mated.filled)).sum(axis=1)
        truth = self.searches.truth()
        right = np.take_along_axis(found, np.maximum(truth, 0)[:, None], axis=1)[:, 0]
        right = np.where(truth >= 0, right, 1 - found.sum(axis=1))[~self.searches.alone]
        return float(np.log(np.maximum(np.concatenate([right, none]), 1e-9)).mean())


def judge(faces: ReviewFaces, nearest: FaceNeighbours, reporter: Reporter) -> Judgement:
    """Judge all faces: as they came or mapped by discriminants, whichever tells more of them.

    Raises:
        CancelledError: stopped by the reporter.
    """
    plain = _learn([_View(np.arange(len(faces)), faces, nearest)], reporter)
    if plain is None:
        return _silent(faces)
    mapped = _learn(_discriminated(faces, nearest, reporter), reporter)
    if mapped is None or mapped.likelihood <= plain.likelihood:
        return _judged(plain, reporter)
    return replace(_judged(mapped, reporter), model=plain.model)


def _discriminated(faces: ReviewFaces, nearest: FaceNeighbours, reporter: Reporter) -> list[_View]:
    """Views of the faces of one half of the identities each, mapped as the other half teaches.

    A face must not teach how it is compared: of few faces, one under a wrong name would widen its
    identity in just the direction in which it differs.
    """
    if np.count_nonzero(faces.counts > 1) < _FEWEST_IDENTITIES:
        return []
    random = np.random.default_rng(0)
    half = random.permutation(len(faces.identities)) % 2
    kept = random.permutation(len(faces)) < _LEARNED_FROM
    views = []
    for number in range(2):
        judged = half[faces.owners] == number
        if not judged.any() or not (kept & ~judged).any():
            return []
        mapped, which = faces.discriminated(kept & ~judged), np.flatnonzero(judged)
        views.append(_View(which, mapped, search_mapped(mapped, which, nearest, reporter)))
    return views


def _learn(views: list[_View], reporter: Reporter) -> _Learned | None:
    """The odds of a candidate; None where the faces are too few to learn them."""
    if not views:
        return None
    count = len(views[0].faces)
    chosen = np.zeros(count, dtype=bool)
    chosen[np.random.default_rng(0).permutation(count)[:_PROBES]] = True
    probes = [view.which[chosen[view.which]] for view in views]
    parts = [
        _searched(view.faces, some, reporter)
        for view, some in zip(views, probes, strict=True)
        if len(some)
    ]
    searched = [part for part in parts if part is not None]
    if not searched:
        return None
    searches = _joined(searched)
    model = fit_soundly(searches)[0]
    return None if model is None else _Learned(views, np.concatenate(probes), searches, model)


def _joined(parts: list[LeftOutSearches]) -> LeftOutSearches:
    return LeftOutSearches(
        np.concatenate([part.own for part in parts]),
        np.concatenate([part.alone for part in parts]),
        Shortlist.joined([part.mated for part in parts]),
        Shortlist.joined([part.non_mated for part in parts]),
    )


def _judged(learned: _Learned, reporter: Reporter) -> Judgement:
    faces, model = learned.views[0].faces, learned.model
    trusted = np.ones(len(faces), dtype=bool)
    for number in range(_ROUNDS):
        reporter.progress(_STAGE, number, _ROUNDS)
        found = _candidates(learned.views, trusted, reporter)
        judgement = _weighed(faces, found, trusted, model)
        if number == 0:
            model = _learned_anew(faces, learned, judgement) or model
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
    ).searches(reporter)


def _learned_anew(faces: ReviewFaces, learned: _Learned, judgement: Judgement) -> LogOdds | None:
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
    searches = learned.searches
    sound = ~np.isin(searches.own, twice) & ~strayed[learned.probes]
    return judgement.model if sound.all() else fit_soundly(searches.chosen(sound))[0]


def _silent(faces: ReviewFaces) -> Judgement:
    count = len(faces)
    nothing = np.empty((count, 0))
    return Judgement(
        None,
        np.zeros(count),
        nothing.astype(np.int64),
        nothing,
        np.ones(count, dtype=bool),
        len(faces.identities),
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
    return Judgement(
        model, own, np.where(mine, -1, found.rows), others, alone, len(faces.identities)
    )


def _candidates(views: list[_View], trusted: Flags, reporter: Reporter) -> Shortlist:
    """Each face against the templates and neighbours that are trusted; one that is itself trusted
    is left out of its identity."""
    parts, order = [], []
    for view in views:
        faces = view.faces
        table = faces.table(trusted)
        block = max(1, _BLOCK // max(len(table), _DENSE))
        counted_in = trusted[view.which]
        for places in (np.flatnonzero(counted_in), np.flatnonzero(~counted_in)):
            for start in range(0, len(places), block):
                reporter.check()
                part = places[start : start + block]
                rows = view.which[part]
                own = LeftOut(faces.owners[rows], "face") if counted_in[part[0]] else None
                known = _neighbours(view, part, trusted)
                parts.append(shortlist(faces.rows[rows], table, *known, left_out=own))
                order.append(rows)
    back = np.argsort(np.concatenate(order))
    joined = Shortlist.joined(parts)
    return Shortlist(joined.rows[back], joined.features[back])


def _neighbours(view: _View, part: Ids, trusted: Flags) -> tuple[Ids, Vectors]:
    """Owners and distances of the nearest trusted faces, and at the end the own identity.

    The own identity always comes into question; it counts there as far as the last neighbour.
    """
    faces, nearest = view.faces, view.nearest
    rows, distances = nearest.rows[part], nearest.distances[part]
    usable = trusted[rows] & (rows >= 0)
    order = np.argsort(~usable, axis=1, kind="stable")[:, :NEIGHBOURS]
    rows = np.take_along_axis(rows, order, axis=1)
    distances = np.take_along_axis(distances, order, axis=1)
    kept = np.take_along_axis(usable, order, axis=1)
    last = np.where(kept, distances, 0.0).max(axis=1, keepdims=True, initial=0.0)
    owners = np.hstack(
        [np.where(kept, faces.owners[rows], -1), faces.owners[view.which[part]][:, None]]
    )
    return owners, np.hstack([distances, last]).astype(np.float32)


def _strike_refused(faces: ReviewFaces, rows: Ids, odds: Numbers) -> None:
    """Take away, in place, the candidates that a person said the face is not."""
    for face, identity in faces.decided.refused:
        at, who = np.searchsorted(faces.ids, face), np.searchsorted(faces.identities, identity)
        if at < len(faces) and faces.ids[at] == face and who < len(faces.identities):
            odds[at, (rows[at] == who) & (faces.identities[who] == identity)] = -np.inf
