"""Unknown queries that are kept, clustered by who looks like one person, and named later, or kept
for good as strangers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from engine.avatars.appearance import Lens
from engine.cohorts.cohort_library import bundled_cohort
from engine.enrolment.enroller import Enroller, as_batch
from engine.formats.photo_files import read_photos
from engine.progress import SILENT, Reporter
from engine.recognition.recogniser import Recogniser
from engine.records import names as allowed
from engine.records.changes import Changed
from engine.records.types import Distance, FaceBatch, Identification, Ids, Vectors
from engine.records.unknowns import Cluster, Likeness, Unknown
from engine.store import Store
from engine.utils.distances import SquaresTable, between, prepare

AT_ONCE = 4_000
"""Vectors whose distances to one another are held at a time: 64 MB, and twice that at work."""
_BLOCK = 1_000  # rows that are held against all groups at a time
_FALSE_PAIRS = 1e-4
_SAME = 0.95
_DEVIATIONS = 3.0
_SAMPLE = 2_000  # enrolled faces that the limit is taken from
_ENOUGH_PEOPLE = 100
_COHORT = 1_000  # faces of a cohort that stand in where there are fewer
_EACH = 10  # of one identity, at most
_SEED = 20_070
_STAGE = "Grouping unknown faces"


def near_enough(owners: Ids, vectors: Vectors, distance: Distance) -> float | None:
    """The mean distance up to which two groups of vectors are one person, by enrolled faces.

    Args:
        owners: identity of each of :func:`measured` faces, ``(n,)``.
        vectors: as they came, ``(n, d)``.

    Returns:
        None where no two faces are enrolled.
    """
    rows = prepare(vectors, distance)
    upper = np.triu_indices(len(rows), 1)
    away = between(rows, rows, distance)[upper]
    same = owners[upper[0]] == owners[upper[1]]
    own = float(np.quantile(away[same], _SAME)) if same.any() else None
    if same.all():
        return own
    others = float(np.quantile(away[~same], _FALSE_PAIRS))
    few = _far_below(away[~same])  # of some people only, the nearest pair is no rare one
    others = min(others, few) if few > 0 else others
    return others if own is None or own >= others else (own + others) / 2


def usual(vectors: Vectors, distance: Distance) -> float:
    """The limit where nobody is enrolled: much nearer than vectors ``(n, d)`` usually are to one
    another, since most of them are of different people.
    """
    rows = prepare(vectors[:_SAMPLE], distance)
    away = between(rows, rows, distance)[np.triu_indices(len(rows), 1)]
    return max(_far_below(away), 0.0) if len(away) else 0.0


def cluster(
    vectors: Vectors,
    distance: Distance,
    limit: float,
    reporter: Reporter = SILENT,
    known: Sequence[Ids] = (),
) -> list[Ids]:
    """Vectors ``(n, d)`` that look like one person, as rows; every row is in one group.

    Beyond :data:`AT_ONCE` vectors the next ones join the group they are nearest to, where that is
    near enough, and are only then held against one another: memory stays bounded.

    Args:
        known: groups that are made already. They come first, in their order; the other rows join
            them in the same way.

    Raises:
        CancelledError: stopped by the reporter.
    """
    rows = prepare(vectors, distance)
    found = list(known)
    rest = np.setdiff1d(np.arange(len(rows)), np.concatenate([np.empty(0, np.int64), *known]))
    for start in range(0, len(rest), AT_ONCE):
        reporter.progress(_STAGE, start, len(rest))
        part = rest[start : start + AT_ONCE]
        nearest = _nearest_groups(rows, part, found, distance, limit)
        for group in np.unique(nearest[nearest >= 0]).tolist():
            found[group] = np.concatenate([found[group], part[nearest == group]])
        left = part[nearest < 0]
        labels = _linked(rows[left], distance, limit)
        order = np.argsort(labels, kind="stable")
        ends = np.cumsum(np.bincount(labels))[:-1]
        found += [left[members] for members in np.split(order, ends) if len(members)]
    reporter.progress(_STAGE, len(rest), len(rest))
    return found


def _far_below(away: Vectors) -> float:
    return float(away.mean() - _DEVIATIONS * away.std())


def measured(owners: Ids) -> Ids:
    """Rows ``(m,)`` of the faces, with owners ``(n,)``, that say how near is near enough: of whole
    identities, by chance but always the same, up to a number of faces.
    """
    order = np.random.default_rng(_SEED).permutation(len(owners))
    _, where = np.unique(owners, return_inverse=True)
    shuffled = np.random.default_rng(_SEED).permutation(where.max(initial=-1) + 1)[where]
    order = order[np.argsort(shuffled[order], kind="stable")]
    _, first, place = np.unique(shuffled[order], return_index=True, return_inverse=True)
    return np.asarray(order[np.arange(len(order)) - first[place] < _EACH][:_SAMPLE])


def _linked(rows: Vectors, distance: Distance, limit: float) -> Ids:
    """A label from 0 for each prepared row."""
    if len(rows) < 2:
        return np.zeros(len(rows), dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    linked = AgglomerativeClustering(
        n_clusters=None, distance_threshold=limit, metric=distance, linkage="average"
    )
    return np.asarray(linked.fit_predict(rows), dtype=np.int64)


def _nearest_groups(
    rows: Vectors, part: Ids, found: list[Ids], distance: Distance, limit: float
) -> Ids:
    """For some rows the group that is nearest, or -1 where none is near enough."""
    nearest = np.full(len(part), -1, dtype=np.int64)
    if not found:
        return nearest
    middles = np.stack([rows[members].mean(axis=0) for members in found])
    spread = np.array(
        [
            np.square(rows[members] - middle).sum(axis=1).mean()
            for members, middle in zip(found, middles, strict=True)
        ]
    )
    squares = SquaresTable(middles)
    for start in range(0, len(part), _BLOCK):
        block = rows[part[start : start + _BLOCK]]
        # mean over a group's members, from its mean alone; for euclidean that of the squares
        square = spread - squares.minus_squares(block)
        away = square / 2 if distance == "cosine" else np.sqrt(square)
        best = away.argmin(axis=1)
        close = away[np.arange(len(block)), best] <= limit
        nearest[start : start + _BLOCK][close] = best[close]
    return nearest


_COLLECTING = "keep-unknown"  # of settings
_AT_ONCE = 500  # queries that are identified between two looks at the reporter
_MEASURED = 200  # members of a cluster that its cohesion is taken from


class UnknownFaces:
    """The unknown queries of one gallery. Safe to use from several threads.

    A vector is kept once. What is enrolled, from here or elsewhere, leaves the shelf; undoing
    that puts it back. Ids are never given twice.
    """

    def __init__(
        self, store: Store, recogniser: Recogniser, enroller: Enroller, lens: Lens
    ) -> None:
        self._store = store
        self._recogniser = recogniser
        self._enroller = enroller
        self._lens = lens

    def add(self, queries: FaceBatch | Vectors, *, reporter: Reporter = SILENT) -> int:
        """Put queries ``(n, d)`` on the shelf; return how many were neither there nor enrolled.

        Not a step to be undone: a person did not do it, and :meth:`dismiss` takes it back.

        Raises:
            MismatchError: another dimension or network. EmbeddingError: a row is no embedding.
            GalleryReadOnlyError, CancelledError.
        """
        batch = as_batch(queries)
        self._enroller.network.check(batch)
        thumbnails, _ = read_photos(batch.photos, reporter)
        return self._store.unknowns.add(batch, thumbnails)

    def all(self) -> list[Unknown]:
        """All that is on the shelf, the oldest first."""
        return self._store.unknowns.all()

    def count(self) -> int:
        """How many are on the shelf."""
        return self._store.unknowns.count()

    def from_files(self, files: Sequence[str]) -> list[Unknown]:
        """Those that came from one of these files, named as they were then; the oldest first."""
        return self._store.unknowns.from_files(files)

    def thumbnail(self, unknown: int) -> bytes | None:
        """JPEG of a query, or None where it came without a photograph."""
        return self._store.unknowns.thumbnail(unknown)

    def traits(self, unknowns: Sequence[int]) -> Vectors:
        """Numbers to draw their portraits with, ``(n, 16)``, in the order asked."""
        return self._lens.traits(self._store.unknowns.vectors(unknowns)[1])

    @property
    def collecting(self) -> bool | None:
        """Whether unknown queries are to be kept in this gallery; None where nobody has said."""
        return {"1": True, "0": False}.get(self._store.settings.get(_COLLECTING) or "")

    def set_collecting(self, collecting: bool) -> None:
        """Remember with the gallery whether unknown queries are to be kept.

        Raises:
            GalleryReadOnlyError.
        """
        self._store.settings.set(_COLLECTING, str(int(collecting)))

    def clusters(
        self, known: Sequence[Sequence[int]] = (), *, reporter: Reporter = SILENT
    ) -> tuple[Cluster, ...]:
        """All that is on the shelf, by who looks like one person; the largest cluster first, of
        equals the one with the oldest query.

        See :mod:`engine.enrolment.unknown_faces` for how, and how well.

        Args:
            known: ids of the queries that were put together before. They stay together and come
                first, in their order; other queries join them where they are near enough.

        Raises:
            CancelledError: stopped by the reporter.
        """
        listed = {unknown.id: unknown for unknown in self._store.unknowns.all()}
        ids, vectors = self._store.unknowns.vectors(list(listed))
        if not len(ids):
            return ()
        limit, before = self._limit(vectors), _rows_of(known, ids)
        groups = cluster(vectors, self._store.distance, limit, reporter, before)
        answers = self._identified(vectors, reporter)
        found = [self._cluster(rows, ids, vectors, listed, answers) for rows in groups]
        new = sorted(found[len(before) :], key=lambda cluster: (-len(cluster), min(cluster.ids)))
        return (*found[: len(before)], *new)

    def name(self, unknowns: Sequence[int], name: str) -> Changed | None:
        """Enrol queries under a new or known name and take them off the shelf, as one step.

        That one of them was said not to be this person is overruled. None for no queries.

        Raises:
            UnknownIdentityError: one of them is not on the shelf. IdentityNameError: no name.
            MismatchError: made by another embedding network. GalleryReadOnlyError.
        """
        known = self._store.people.find(name)
        name = allowed.check_name(name) if known is None else known.name
        _, vectors = self._store.unknowns.vectors(unknowns)
        if len(vectors):
            self._enroller.network.check(as_batch(vectors))
        changed = self._recogniser.apply(lambda: self._store.unknowns.name(unknowns, name))
        if changed is not None:
            self._enroller.network.remember()
        return changed

    def dismiss(
        self,
        unknowns: Sequence[int],
        *,
        as_strangers: bool = False,
        known: Sequence[Sequence[int]] = (),
    ) -> Changed | None:
        """Take queries off the shelf, as one step. None for no queries.

        Args:
            as_strangers: keep them for good, as examples of people who are not enrolled. Beside a
                cohort of the gallery's network they set thresholds; the same vector comes to the
                shelf no more.
            known: as for :meth:`clusters`. A stranger is a person of their own, or one of a
                cluster, which counts as one person.

        Raises:
            UnknownIdentityError: one of them is not on the shelf. GalleryReadOnlyError.
        """
        shelf = self._store.unknowns
        if not as_strangers:
            return self._recogniser.apply(lambda: shelf.dismiss(unknowns))
        people = self._people(unknowns, known)
        return self._recogniser.apply(lambda: shelf.keep_as_strangers(people))

    def count_strangers(self) -> tuple[int, int]:
        """How many faces are kept as strangers, and of how many people."""
        people = self._store.unknowns.strangers()
        return len(people), len(set(people.values()))

    def forget_strangers(self) -> Changed | None:
        """Delete all strangers, as one step. None where there are none.

        Raises:
            GalleryReadOnlyError.
        """
        return self._recogniser.apply(self._store.unknowns.forget_strangers)

    # -- clusters ----------------------------------------------------------------------------

    def _limit(self, vectors: Vectors) -> float:
        """The mean distance up to which two groups of these are one person."""
        faces, owners = self._store.faces.membership()
        _, owners, enrolled = self._store.faces.vectors(faces[measured(owners)])
        cohort = None
        if len(np.unique(owners)) < _ENOUGH_PEOPLE and len(vectors):
            each = np.arange(len(vectors))
            cohort = self._recogniser.cohort or bundled_cohort(vectors, each, self._store.distance)
        if cohort is not None:  # a few people do not tell how near two different ones can be
            chosen = measured(cohort.people)[:_COHORT]
            owners = np.concatenate([owners, -1 - cohort.people[chosen]])
            enrolled = np.concatenate([enrolled, cohort.vectors[chosen]])
        limit = near_enough(owners, enrolled, self._store.distance)
        return usual(vectors, self._store.distance) if limit is None else limit

    def _people(self, unknowns: Sequence[int], known: Sequence[Sequence[int]]) -> dict[int, int]:
        """By the id of each query the least id of those that look like the same person."""
        people = {int(unknown): int(unknown) for unknown in unknowns}
        shelf = self._store.unknowns
        limit = self._limit(shelf.vectors([unknown.id for unknown in shelf.all()])[1])
        ids, vectors = shelf.vectors(list(people))
        for rows in cluster(vectors, self._store.distance, limit, known=_rows_of(known, ids)):
            people.update(dict.fromkeys(ids[rows].tolist(), int(ids[rows].min())))
        return people

    def _identified(self, vectors: Vectors, reporter: Reporter) -> list[Identification]:
        answers: list[Identification] = []
        for start in range(0, len(vectors), _AT_ONCE):
            reporter.progress("Comparing with enrolled people", start, len(vectors))
            answers += self._recogniser.identify(vectors[start : start + _AT_ONCE])
        return answers

    def _cluster(
        self,
        rows: Ids,
        ids: Ids,
        vectors: Vectors,
        listed: dict[int, Unknown],
        answers: list[Identification],
    ) -> Cluster:
        distance = self._store.distance
        members = prepare(vectors[rows], distance)
        middle = prepare(members.mean(axis=0)[None], distance)
        order = np.argsort(between(middle, members, distance)[0], kind="stable")
        near = members[order[:_MEASURED]]
        pairs = between(near, near, distance)[np.triu_indices(len(near), 1)]
        return Cluster(
            unknowns=tuple(listed[int(unknown)] for unknown in ids[rows[order]]),
            cohesion=float(pairs.mean()) if len(pairs) else 0.0,
            likeness=_likeness([answers[row] for row in rows.tolist()]),
        )


def _rows_of(groups: Sequence[Sequence[int]], ids: Ids) -> list[Ids]:
    """Groups of ids as rows of ``ids``; those that are not among them are left out."""
    row_of = {unknown: row for row, unknown in enumerate(ids.tolist())}
    left = ([row_of[unknown] for unknown in group if unknown in row_of] for group in groups)
    return [np.array(rows, dtype=np.int64) for rows in left if rows]


def _likeness(answers: Sequence[Identification]) -> Likeness | None:
    """Whom the queries of a cluster look like most, by the sum of their confidences; where there
    are none, whom most of them do.
    """
    votes: dict[int, float] = defaultdict(float)
    for answer in answers:
        for place, candidate in enumerate(answer.candidates):
            sure = candidate.confidence
            votes[candidate.identity_id] += sure if sure is not None else float(place == 0)
    if not votes:
        return None
    best = max(votes, key=lambda identity: votes[identity])
    own = [
        candidate
        for answer in answers
        for candidate in answer.candidates
        if candidate.identity_id == best
    ]
    calibrated = all(candidate.confidence is not None for candidate in own)
    return Likeness(
        identity_id=best,
        name=own[0].name,
        distance=float(np.mean([candidate.distance for candidate in own])),
        confidence=min(votes[best] / len(answers), 1.0) if calibrated else None,
        known=2 * sum(answer.name == own[0].name for answer in answers) > len(answers),
    )
