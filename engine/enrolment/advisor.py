"""Advice on faces before they are enrolled, one by one and as groups."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePath

import numpy as np

from engine.progress import SILENT, Reporter
from engine.recognition.agreement import disagreeing, widest_agreement
from engine.recognition.recogniser import Recogniser
from engine.records.advice import Advice
from engine.records.domains import checked, parsed
from engine.records.types import FaceBatch, Identification, Ids, Neighbours, Rows, Vectors
from engine.review.near_duplicates import exactly, limits_of, nearest_own, twins
from engine.store import Store
from engine.store.encoding import repeated
from engine.utils.distances import prepare

_NAME = "index/near_duplicates.json"
_STALE = 0.02
"""Share of faces that may come, or be taken back, before it is learned anew. Others that go leave
the distances among those that stay as they are."""


@dataclass(frozen=True)
class _Kept:
    """Distances up to which two faces are near-duplicates, and the same vector, and the last
    face that there was when they were learned.
    """

    limit: float
    same: float
    last: int


class MeasureKeeper:
    """Learns, loads and saves it; derived, so losing it costs a thousand searches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: _Kept | None = None

    def current(self, learn: Callable[[], tuple[float, float]]) -> tuple[float, float]:
        """Distances up to which two faces are near-duplicates, and the same vector."""
        last = self._store.faces.last_id()  # counting a million takes 10 ms
        kept = self._kept or self._loaded()
        if kept is None or abs(last - kept.last) > _STALE * kept.last:
            kept = _Kept(*learn(), last)
            self._store.derived.write(_NAME, json.dumps(asdict(kept)))
        self._kept = kept
        return kept.limit, kept.same

    def _loaded(self) -> _Kept | None:
        try:
            return checked(_Kept(**parsed(self._store.derived.read(_NAME) or "")))
        except (ValueError, TypeError):
            return None  # absent or damaged


STAGE = "Comparing with the gallery"
ROWS_AT_ONCE = 1_000
_NEAREST = 5  # enrolled faces looked at for a near-duplicate


@dataclass(frozen=True, eq=False)
class Met:
    """Of rows ``(n, d)``.

    Attributes:
        like: whom each is taken for, ``n`` names; None where for nobody.
        near: rows that are near-duplicates of an enrolled face, and whose.
    """

    like: list[str | None] = field(default_factory=list)
    near: dict[int, str] = field(default_factory=dict)


def meet(
    store: Store, recogniser: Recogniser, vectors: Rows, limit: float, reporter: Reporter
) -> Met:
    """Search the gallery for each row of ``(n, d)``, once for both questions.

    Args:
        limit: distance up to which two faces are near-duplicates.

    Raises:
        CancelledError: through the reporter.
    """
    met = Met()
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        reporter.progress(STAGE, start, len(vectors))
        part = vectors[start : start + ROWS_AT_ONCE]
        answers = recogniser.identify(part, k=_NEAREST, top=1)
        met.like.extend(answer.name for answer in answers)
        found, owners = _neighbours(recogniser, part, answers)
        near = _nearly_enrolled(store, part, found, owners, limit)
        met.near.update((start + row, owner) for row, owner in near.items())
    reporter.progress(STAGE, len(vectors), len(vectors))
    return met


def _neighbours(
    recogniser: Recogniser, vectors: Vectors, answers: Sequence[Identification]
) -> tuple[Neighbours, Ids]:
    """Nearest faces of each query: the evidence of its answer, searched for where that is of a
    learned space. Empty places have the id -1.
    """
    if any(
        {"triplet", "knn"} & set(answer.method.split(" + ")) == {"triplet"} for answer in answers
    ):
        return recogniser.neighbours(vectors, _NEAREST)
    faces = np.full((2, len(answers), _NEAREST), -1, dtype=np.int64)
    distances = np.full((len(answers), _NEAREST), np.inf, dtype=np.float32)
    for row, answer in enumerate(answers):
        there = slice(len(answer.evidence))
        faces[0, row, there] = [face.face for face in answer.evidence]
        faces[1, row, there] = [face.identity_id for face in answer.evidence]
        distances[row, there] = [face.distance for face in answer.evidence]
    return Neighbours(faces[0], distances), faces[1]


def _nearly_enrolled(
    store: Store, vectors: Vectors, near: Neighbours, owners: Ids, limit: float
) -> dict[int, str]:
    """Rows that are near-duplicates of one of these neighbours, and whose."""
    row, place = np.nonzero(near.distances <= 2 * limit)  # they are rounded to float32
    faces, whose = near.ids[row, place], owners[row, place]
    ids, _, enrolled = store.faces.vectors(np.unique(faces))
    there = np.isin(faces, ids)  # nobody took it out meanwhile
    row, faces, whose = row[there], faces[there], whose[there]
    others = prepare(enrolled, store.distance)[np.searchsorted(ids, faces)]
    close = exactly(prepare(vectors, store.distance)[row], others, store.distance) <= limit
    known = store.people.names(np.unique(whose).tolist())
    found: dict[int, str] = {}
    for at, owner in zip(row[close].tolist(), whose[close].tolist(), strict=True):
        if owner in known:
            found.setdefault(at, known[owner])
    return found


_PROBES = 1_000  # enrolled faces that the measure of near-duplicates is learned from
_AROUND = 31  # neighbours among which each of them finds its nearest own one, itself included
_NAMES_AT_ONCE = 100  # names between two words on how far it is
_BESIDE = 100  # enrolled faces of an identity that new ones are compared with

Held = Sequence[frozenset[str]]


class EnrolmentAdvisor:
    """Advises on enrolments into one gallery; changes nothing."""

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._store = store
        self._recogniser = recogniser
        self._measure = MeasureKeeper(store)

    def advise(self, batch: FaceBatch, held: Held, reporter: Reporter = SILENT) -> list[Advice]:
        """Everything to know about faces, each under the name that it is to get.

        Args:
            batch: every row named.
            held: for each row the identities that have this very vector.

        Raises:
            CancelledError: through the reporter.
        """
        if not len(batch):
            return []
        groups = _groups(batch)
        limit = self._limit(batch, groups)
        met = meet(self._store, self._recogniser, batch.vectors, limit, reporter)
        return [
            *self._about_names(groups),
            *_about_copies(batch, held),
            *self._about_near_ones(batch, groups, held, limit, met.near, reporter),
            *_about_likeness(batch, held, met.like),
            *self._about_agreement(batch, groups, reporter),
        ]

    def holders(self, vectors: Rows, reporter: Reporter = SILENT) -> list[frozenset[str]]:
        """For each row of ``(n, d)`` the identities that have this vector. Raise CancelledError."""
        held: list[frozenset[str]] = []
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            reporter.progress("Looking for enrolled faces", start, len(vectors))
            found = self._store.faces.find_exact(vectors[start : start + ROWS_AT_ONCE])
            held += [frozenset(name for _, name in faces) for faces in found]
        return held

    def prepare(self) -> None:
        """Learn the measure of near-duplicates, where it is missing or old: a thousand searches
        that the first enrolment would have to wait for.
        """
        self._measure.current(self._learned)

    # -- names -------------------------------------------------------------------------------

    def _about_names(self, groups: dict[str, Ids]) -> list[Advice]:
        """Of names that nobody has, and that look like somebody's."""
        found = self._store.people.lookalikes(list(groups))
        return [
            Advice("name", tuple(groups[name].tolist()), other, name)
            for name, other in found.items()
        ]

    # -- the same picture --------------------------------------------------------------------

    def _about_near_ones(
        self,
        batch: FaceBatch,
        groups: dict[str, Ids],
        held: Held,
        limit: float,
        near: Mapping[int, str],
        reporter: Reporter,
    ) -> list[Advice]:
        """Args: near: rows that are near-duplicates of enrolled faces, and whose."""
        distance = self._store.distance
        said: dict[int, Advice] = {}
        for _, members in _each(groups, "Comparing the faces of each name", reporter):
            rows = prepare(batch.vectors[members], distance)
            for late, early in twins(rows, distance, limit, reporter).items():
                row, first = int(members[late]), int(members[early])
                name, twin = batch.names[row] or "", _label(batch, first)
                said[row] = Advice("near-duplicate", (row,), None, name, twin=twin)
        for row, owner in near.items():
            said[row] = Advice("near-duplicate", (row,), owner, batch.names[row] or "")
        return [said[row] for row in sorted(said) if not held[row]]

    def _limit(self, batch: FaceBatch, groups: dict[str, Ids]) -> float:
        """Distance up to which two faces are near-duplicates: learned from the enrolled faces,
        or where they are too few from those on their way in.
        """
        limit, same = self._measure.current(self._learned)
        if limit > same:
            return limit
        distance = self._store.distance
        rows = prepare(batch.vectors[:], distance)
        owners = _numbered(groups, len(rows))
        return limits_of(nearest_own(rows, owners, distance), rows, distance)[0]

    def _learned(self) -> tuple[float, float]:
        faces, owners, vectors = self._store.faces.vectors(self._store.faces.evenly_spaced(_PROBES))
        near, theirs = self._recogniser.neighbours(vectors, _AROUND)
        own = (theirs == owners[:, None]) & (near.ids != faces[:, None])
        found = own.any(axis=1)
        nearest = near.distances[found, own[found].argmax(axis=1)] if found.any() else _NONE
        rows = prepare(vectors, self._store.distance)
        return limits_of(nearest, rows, self._store.distance)

    # -- nobody ------------------------------------------------------------------------------

    def _about_agreement(
        self, batch: FaceBatch, groups: dict[str, Ids], reporter: Reporter
    ) -> list[Advice]:
        widest = self._recogniser.calibration().agreement
        if widest is None:
            widest = self._agreement_of(batch.vectors[:], groups)
        if widest is None:
            return []
        said = []
        for name, rows in _each(groups, "Looking for outliers", reporter):
            beside = self._enrolled(name)
            vectors = batch.vectors[rows]
            for odd in disagreeing(vectors, self._store.distance, widest, beside):
                said.append(Advice("odd", (int(rows[odd]),), name, name))
        return said

    def _agreement_of(self, vectors: Vectors, groups: dict[str, Ids]) -> float | None:
        """The measure of a gallery that is too small to have one, from the faces themselves."""
        owners = _numbered(groups, len(vectors))
        faces = prepare(vectors, self._store.distance)
        random = np.random.default_rng(0)
        probes = np.arange(len(faces))
        return widest_agreement(faces, owners, probes, self._store.distance, random)

    def _enrolled(self, name: str) -> Vectors | None:
        """An even choice of the enrolled faces of an identity; None where nobody has the name."""
        identity = self._store.people.find(name)
        if identity is None:
            return None
        return self._store.faces.vectors(_even(self._store.faces.ids_of([identity.id]), _BESIDE))[2]


_NONE = np.empty(0, dtype=np.float32)


def _about_copies(batch: FaceBatch, held: Held) -> list[Advice]:
    """Of vectors that somebody has, or that come under another name before."""
    said = []
    for row, holders in enumerate(held):
        name = batch.names[row] or ""
        said += [Advice("enrolled", (row,), holder, name) for holder in sorted(holders)]
    for rows in repeated(batch.vectors):
        before: set[str] = set()
        for row in rows:
            name = batch.names[row] or ""
            for other in sorted(before - held[row] - {name}):
                said.append(Advice("enrolled", (row,), other, name, here=True))
            before.add(name)
    return said


def _about_likeness(batch: FaceBatch, held: Held, like: Sequence[str | None]) -> list[Advice]:
    """Of rows that are taken for somebody else."""
    return [
        Advice("looks-like", (row,), other, name or "")
        for row, (other, name) in enumerate(zip(like, batch.names, strict=True))
        if other is not None and other != name and not held[row]
    ]


def _even(ids: Ids, most: int) -> Ids:
    """At most so many of them, from the whole range."""
    return ids[np.unique(np.linspace(0, max(len(ids) - 1, 0), most).astype(np.int64))[: len(ids)]]


def _each(groups: dict[str, Ids], stage: str, reporter: Reporter) -> Iterator[tuple[str, Ids]]:
    """Each name and its rows, while the reporter is told how many rows are done."""
    done, total = 0, sum(map(len, groups.values()))
    for number, (name, rows) in enumerate(groups.items()):
        reporter.check()
        if number % _NAMES_AT_ONCE == 0:
            reporter.progress(stage, done, total)
        yield name, rows
        done += len(rows)
    reporter.progress(stage, total, total)


def _groups(batch: FaceBatch) -> dict[str, Ids]:
    """The rows of each name, in the order in which the names come up."""
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(batch.names):
        rows.setdefault(name or "", []).append(row)
    return {name: np.array(members, dtype=np.int64) for name, members in rows.items()}


def _numbered(groups: dict[str, Ids], count: int) -> Ids:
    owners = np.empty(count, dtype=np.int64)
    for number, members in enumerate(groups.values()):
        owners[members] = number
    return owners


def _label(batch: FaceBatch, row: int) -> str:
    """File and, where it has several, the number of the row."""
    file, number = batch.files[row], batch.rows[row]
    several = number or file in batch.files[row + 1 : row + 2]
    return PurePath(file).name + f" row {number + 1}" * bool(several)
