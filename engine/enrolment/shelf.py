"""The shelf of a gallery: unknown queries that are kept, put together by who looks like one person
and named or dismissed many at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from engine.enrolment import clustering
from engine.enrolment.enroller import Enroller, as_batch, thumbnails_of
from engine.portraits.lens import Lens
from engine.progress import SILENT, Reporter
from engine.recognition.recogniser import Recogniser
from engine.records import names as allowed
from engine.records.changes import Changed
from engine.records.unknowns import Cluster, Likeness, Unknown
from engine.store import Store
from engine.tools.distances import between, prepare
from engine.types import FaceBatch, Identification, Ids, Vectors

_KEEPING = "keep-unknown"  # of settings
_AT_ONCE = 500  # queries that are identified between two looks at the reporter
_MEASURED = 200  # members of a cluster that its cohesion is taken from


class Shelf:
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

    def keep(self, queries: FaceBatch | Vectors, *, reporter: Reporter = SILENT) -> int:
        """Puts queries on the shelf; returns how many were neither there nor enrolled.

        Not a step to be undone: a person did not do it, and :meth:`dismiss` takes it back.

        Raises:
            MismatchError: another dimension or network. EmbeddingError: a row is no embedding.
            GalleryReadOnlyError, CancelledError.
        """
        batch = as_batch(queries)
        self._enroller.network.check(batch)
        thumbnails, _ = thumbnails_of(batch, reporter)
        return self._store.unknowns.add(batch, thumbnails)

    def unknowns(self) -> list[Unknown]:
        """All that is on the shelf, the oldest first."""
        return self._store.unknowns.all()

    def count(self) -> int:
        """How many are on the shelf."""
        return self._store.unknowns.count()

    def from_files(self, files: Sequence[str]) -> list[Unknown]:
        """Those that came from one of these files, named as they were then; the oldest first."""
        return self._store.unknowns.from_files(files)

    def photo(self, unknown: int) -> bytes | None:
        """JPEG of a query, or None where it came without a photograph."""
        return self._store.unknowns.thumbnail(unknown)

    def traits(self, unknowns: Sequence[int]) -> Vectors:
        """Numbers to draw their portraits with, ``(n, 16)``, in the order asked."""
        return self._lens.traits(self._store.unknowns.vectors(unknowns)[1])

    @property
    def keeping(self) -> bool | None:
        """Whether unknown queries are to be kept in this gallery; None where nobody has said."""
        return {"1": True, "0": False}.get(self._store.settings.get(_KEEPING) or "")

    def set_keeping(self, keeping: bool) -> None:
        """Remembers with the gallery whether unknown queries are to be kept.

        Raises:
            GalleryReadOnlyError.
        """
        self._store.settings.set(_KEEPING, str(int(keeping)))

    def clusters(
        self, known: Sequence[Sequence[int]] = (), *, reporter: Reporter = SILENT
    ) -> tuple[Cluster, ...]:
        """All that is on the shelf, by who looks like one person; the largest cluster first, of
        equals the one with the oldest query.

        See :mod:`engine.enrolment.clustering` for how, and how well.

        Args:
            known: ids of the queries that were put together before. They stay together and come
                first, in their order; other queries join them where they are near enough.

        Raises:
            CancelledError: stopped by the reporter.
        """
        listed = {one.id: one for one in self._store.unknowns.all()}
        ids, vectors = self._store.unknowns.vectors(list(listed))
        if not len(ids):
            return ()
        faces, owners = self._store.faces.membership()
        _, owners, enrolled = self._store.faces.vectors(faces[clustering.measured(owners)])
        limit = clustering.near_enough(owners, enrolled, self._store.distance)
        if limit is None:
            limit = clustering.usual(vectors, self._store.distance)
        row_of = {int(one): row for row, one in enumerate(ids)}
        left = ([row_of[one] for one in group if one in row_of] for group in known)
        before = [np.array(rows, dtype=np.int64) for rows in left if rows]
        groups = clustering.groups(vectors, self._store.distance, limit, reporter, before)
        answers = self._identified(vectors, reporter)
        found = [self._cluster(rows, ids, vectors, listed, answers) for rows in groups]
        new = sorted(found[len(before) :], key=lambda one: (-len(one), min(one.ids)))
        return (*found[: len(before)], *new)

    def name(self, unknowns: Sequence[int], name: str) -> Changed | None:
        """Enrols queries under a new or known name and takes them off the shelf, as one step.

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
        key = allowed.name_key(name)
        changed = self._recogniser.apply(lambda: self._store.unknowns.name(unknowns, name, key))
        if changed is not None:
            self._enroller.network.remember()
        return changed

    def dismiss(self, unknowns: Sequence[int]) -> Changed | None:
        """Takes queries off the shelf, as one step. None for no queries.

        Raises:
            UnknownIdentityError: one of them is not on the shelf. GalleryReadOnlyError.
        """
        return self._recogniser.apply(lambda: self._store.unknowns.dismiss(unknowns))

    # -- clusters ----------------------------------------------------------------------------

    def _identified(self, vectors: Vectors, reporter: Reporter) -> list[Identification]:
        answers: list[Identification] = []
        for start in range(0, len(vectors), _AT_ONCE):
            reporter.progress("Comparing with who is enrolled", start, len(vectors))
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
            unknowns=tuple(listed[int(one)] for one in ids[rows[order]]),
            cohesion=float(pairs.mean()) if len(pairs) else 0.0,
            likeness=_likeness([answers[row] for row in rows.tolist()]),
        )


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
    own = [one for answer in answers for one in answer.candidates if one.identity_id == best]
    calibrated = all(one.confidence is not None for one in own)
    return Likeness(
        identity_id=best,
        name=own[0].name,
        distance=float(np.mean([one.distance for one in own])),
        confidence=min(votes[best] / len(answers), 1.0) if calibrated else None,
        known=2 * sum(answer.name == own[0].name for answer in answers) > len(answers),
    )
