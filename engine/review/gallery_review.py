"""What looks wrong in a gallery, without what a person settled already."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from engine.errors import GalleryDamagedError, InputError
from engine.progress import SILENT, Reporter
from engine.recognition.logit import Flags, LogOdds, Numbers
from engine.recognition.shortlist import NEIGHBOURS, shortlist
from engine.records.findings import KINDS, Balance, Finding, Kind, Rate, Review
from engine.records.types import Evidence, Ids
from engine.review.judgement import ELSEWHERE, FINE, NOBODY, Judgement, judge
from engine.review.near_duplicates import duplicates
from engine.review.review_faces import Decided, ReviewFaces, Search, search
from engine.store import Store
from engine.utils.distances import prepare
from engine.utils.exact_neighbours import nearest

_SHOWN = 3
"""Nearest faces shown of each identity."""


def labels(
    faces: ReviewFaces, judgement: Judgement, merges: Collection[tuple[int, int]] = ()
) -> list[Finding]:
    """Faces that are likelier not their identity's, and likelier somebody else's than nobody's.

    Args:
        merges: rows of identities that may be one person: it is told once, not for every face.
    """
    found = []
    for face in _worst(faces, judgement.elsewhere, judgement.chances[[FINE, NOBODY]]):
        own, other = int(faces.owners[face]), int(judgement.suggestion[face])
        if (own, other) in merges or (other, own) in merges:
            continue
        shown = _nearest_to_face(faces, face, other) + _nearest_to_face(faces, face, own)
        score = float(judgement.chances[ELSEWHERE, face])
        found.append(faces.finding("labels", score, own, face, other, shown))
    return found


def outliers(faces: ReviewFaces, judgement: Judgement) -> list[Finding]:
    """Faces that are likelier not their identity's, and likelier nobody's than somebody else's."""
    found = []
    nobodys = judgement.doubted & ~judgement.elsewhere
    for face in _worst(faces, nobodys, judgement.chances[[FINE, ELSEWHERE]]):
        own = int(faces.owners[face])
        shown = _nearest_to_face(faces, face, own)
        score = float(judgement.chances[NOBODY, face])
        found.append(faces.finding("outliers", score, own, face, None, shown))
    return found


def _nearest_to_face(faces: ReviewFaces, face: int, identity: int) -> tuple[Evidence, ...]:
    return faces.nearest_of(identity, faces.rows[face], _SHOWN, without=face)


def _worst(faces: ReviewFaces, which: Flags, rest: Numbers) -> list[int]:
    """Rows of some faces but those confirmed, the highest chance first.

    The order is that of the rest to one, which tells apart even what rounds to one.
    """
    rows: Ids = np.flatnonzero(which & ~faces.confirmed)
    return [int(row) for row in rows[np.argsort(rest.sum(axis=0)[rows], kind="stable")]]


def merges(faces: ReviewFaces, judgement: Judgement) -> list[tuple[int, int, float]]:
    """Pairs of identities of which the smaller one's faces look like the larger one's.

    A face does when the other identity is likelier than a stranger, with the face's own identity
    left out of the question, and not much less likely than its own; it counts by that
    probability. The score is the share of faces that do, above one half.

    The larger one's faces are not asked: they look more like one another than like the few that
    went astray.

    Returns:
        rows of the identities, the smaller one first, and the score; highest first.
    """
    apart = {frozenset(pair) for pair in faces.decided.apart}
    alike = judgement.as_near & (judgement.odds > 0)
    weights = np.where(alike, 1 / (1 + np.exp(-np.maximum(judgement.odds, 0))), 0)
    found = [
        (identity, other, share)
        for identity, other, share in judgement.shares(faces, weights)
        if frozenset(faces.identities[[identity, other]].tolist()) not in apart
    ]
    return sorted(found, key=lambda pair: -pair[2])


def merge_findings(faces: ReviewFaces, pairs: list[tuple[int, int, float]]) -> list[Finding]:
    """Findings of pairs of identities; the one with more faces is to be kept."""
    return [
        faces.finding(
            "merges",
            score,
            identity,
            suggestion=other,
            evidence=_nearest_to_middle(faces, identity, other)
            + _nearest_to_middle(faces, other, identity),
        )
        for identity, other, score in pairs
    ]


def _nearest_to_middle(faces: ReviewFaces, identity: int, other: int) -> tuple[Evidence, ...]:
    """The faces of the one that are nearest to the middle of the other."""
    middle = faces.rows[faces.members(other)].mean(axis=0)
    return faces.nearest_of(identity, prepare(middle[None], faces.distance)[0], _SHOWN)


ASSUMED = 3
"""Faces that are taken to be enough where it cannot be measured."""
_NUMBERS = (1, 2, 3, 4, 5, 6, 8, 10)
_WORTH = 0.02
_FEWEST_PROBES = 50
_PROBES = 1_000
_EACH = 10
"""Faces of one identity that are asked with, so that a few large ones do not decide."""
_BLOCK = 2_000_000
"""Distances to templates held in memory at once (8 MB)."""
_STAGE = "Measuring how many faces are enough"


def balance(faces: ReviewFaces, judgement: Judgement, reporter: Reporter) -> Balance:
    """Faces per identity, and how many are enough.

    Enough is the smallest number with which at most 2 faces in 100 fewer are recognised than with
    the most that could be measured. Where not even ASSUMED can be, or most faces are recognised
    with no number of them, it is that.

    Raises:
        CancelledError: stopped by the reporter.
    """
    rates = [] if judgement.model is None else _rates(faces, judgement, judgement.model, reporter)
    order = np.argsort(-faces.counts, kind="stable")
    return Balance(
        tuple(faces.counts[order].tolist()),
        tuple(faces.identities[order].tolist()),
        _enough(rates),
        tuple(rates),
    )


def few(faces: ReviewFaces, enough: int) -> list[Finding]:
    """Identities with fewer faces than are enough, those with the fewest first."""
    short = np.flatnonzero(faces.counts < enough)
    return [
        faces.finding("few", 1 - float(faces.counts[row]) / enough, int(row))
        for row in short[np.argsort(faces.counts[short], kind="stable")]
    ]


def _rates(
    faces: ReviewFaces, judgement: Judgement, model: LogOdds, reporter: Reporter
) -> list[Rate]:
    sound, rates = ~judgement.doubted, []
    for step, number in enumerate(_NUMBERS):
        reporter.progress(_STAGE, step, len(_NUMBERS))
        rate = _rate(faces, sound, model, number, reporter)
        if rate is None:
            break
        rates.append(rate)
    reporter.progress(_STAGE, len(_NUMBERS), len(_NUMBERS))
    return rates


def _enough(rates: list[Rate]) -> int:
    best = max((rate.recognised for rate in rates), default=0.0)
    if best < 0.5 or rates[-1].faces < ASSUMED:
        return ASSUMED
    return next(rate.faces for rate in rates if rate.recognised >= best - _WORTH)


def _rate(
    faces: ReviewFaces, sound: Flags, model: LogOdds, number: int, reporter: Reporter
) -> Rate | None:
    """Share of other faces recognised in a gallery of so many faces of each identity.

    Recognised: the own identity comes first and is likelier than that it is a stranger. None
    where under 50 faces are left to ask with.
    """
    enrolled, probes = _drawn(faces, sound, number)
    if len(probes) < _FEWEST_PROBES:
        return None
    table, owners = faces.table(enrolled), faces.owners[enrolled]
    places, distances = nearest(
        faces.rows[probes],
        faces.rows[enrolled],
        NEIGHBOURS,
        faces.distance,
        check=lambda done: reporter.check(),
    )
    recognised, block = 0, max(1, _BLOCK // len(table))
    for start in range(0, len(probes), block):
        reporter.check()
        part = slice(start, start + block)
        rows = probes[part]
        found = shortlist(faces.rows[rows], table, owners[places[part]], distances[part])
        odds = model(found.features, found.filled)
        first = np.take_along_axis(found.rows, odds.argmax(axis=1)[:, None], axis=1)[:, 0]
        recognised += int(((first == faces.owners[rows]) & (odds.max(axis=1) > 0)).sum())
    return Rate(number, recognised / len(probes), len(probes))


def _drawn(faces: ReviewFaces, sound: Flags, number: int) -> tuple[Flags, Ids]:
    """Which faces are enrolled, ``number`` of each identity or all, and which are asked with."""
    random = np.random.default_rng(number)
    shuffled = random.permutation(len(faces))
    order = shuffled[np.argsort(faces.owners[shuffled], kind="stable")]
    turn = np.empty(len(faces), dtype=np.int64)
    turn[order] = np.arange(len(faces)) - np.repeat(
        np.cumsum(faces.counts) - faces.counts, faces.counts
    )
    probes = np.flatnonzero(sound & (turn >= number) & (turn < number + _EACH))
    return turn < number, random.permutation(probes)[:_PROBES]


def review(
    faces: ReviewFaces,
    kinds: Collection[Kind] = KINDS,
    *,
    index: Search | None = None,
    reporter: Reporter = SILENT,
) -> Review:
    """Find what looks wrong among faces.

    Args:
        index: of the gallery, for more faces than can be compared with one another.

    Raises:
        CancelledError: stopped by the reporter.
    """
    if not len(faces):
        return Review((), Balance((), (), 0) if "few" in kinds else None)
    nearest = search(faces, reporter, index)
    found: dict[Kind, list[Finding]] = {}
    if "duplicates" in kinds:
        found["duplicates"] = duplicates(faces, nearest)
    balanced = None
    if set(kinds) - {"duplicates"}:
        judgement = judge(faces, nearest, reporter)
        pairs = merges(faces, judgement)
        found["labels"] = labels(faces, judgement, {pair[:2] for pair in pairs})
        found["outliers"] = outliers(faces, judgement)
        found["merges"] = merge_findings(faces, pairs)
    if "few" in kinds:
        balanced = balance(faces, judgement, reporter)
        found["few"] = few(faces, balanced.enough)
    shown = [finding for kind in KINDS if kind in kinds for finding in found[kind]]
    return Review(tuple(shown), balanced)


def review_store(
    store: Store,
    kinds: Collection[Kind] = KINDS,
    *,
    index: Search | None = None,
    reporter: Reporter = SILENT,
) -> Review:
    """Find what looks wrong, worst first (:meth:`engine.gallery.Gallery.review`).

    What a person decided does not come up again.

    Args:
        index: finds neighbours in a gallery too large to compare all faces with all.
    """
    if unknown := set(kinds) - set(KINDS):
        raise InputError(
            f"There is no kind “{min(unknown)}”", remedy=f"Kinds are {', '.join(KINDS)}."
        )
    return review(_faces(store, reporter), kinds, index=index, reporter=reporter)


def _faces(store: Store, reporter: Reporter) -> ReviewFaces:
    """All faces of one moment, though another process may be writing the store.

    Raises:
        GalleryDamagedError: a face belongs to nobody. CancelledError: stopped by the reporter.
    """
    while True:
        change = store.history.last_change()
        ids, owners = store.faces.membership()
        rows = np.empty((len(ids), store.dimension), dtype=np.float32)
        refused: set[tuple[int, int]] = set()
        done = 0
        for faces, _, vectors in store.faces.vector_batches():
            reporter.progress("Reading faces", done, len(ids))
            rows[done : done + len(faces)] = prepare(vectors, store.distance)[: len(rows) - done]
            done += len(faces)
            for face, identities in zip(
                faces.tolist(), store.decisions.rejections(vectors), strict=True
            ):
                refused.update((face, identity) for identity in identities)
        decided = Decided(
            confirmed=frozenset(store.decisions.confirmed().tolist()),
            ignored=frozenset(store.decisions.ignored().tolist()),
            refused=frozenset(refused),
            apart=store.decisions.cannot_link(),
        )
        names = {identity.id: identity.name for identity in store.people.all()}
        if store.history.last_change() == change:
            _require_names(store, owners, names)
            return ReviewFaces.of(ids, owners, rows, store.distance, names, decided)


def _require_names(store: Store, owners: Ids, names: Mapping[int, str]) -> None:
    nobody = set(np.unique(owners).tolist()) - names.keys()
    if nobody:
        raise GalleryDamagedError(
            f"There are faces of {len(nobody):,} people who are not in the database",
            file=store.folder,
            remedy="`face-gallery check` lists them. Restore an earlier copy of the gallery.",
        )
