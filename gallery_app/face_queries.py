"""Queries and their answers: one at a time for the panel, in columns for a list of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from engine.progress import SILENT, Reporter
from engine.records.detections import ENROLLED_SIDE, DetectedFace
from engine.records.names import search_key
from engine.records.types import (
    Candidate,
    FaceBatch,
    Identification,
    Ids,
    Rejection,
    VectorRecord,
    Vectors,
)


@dataclass(frozen=True)
class FaceQuery:
    """One embedding to identify: a row of a file, or an enrolled face with itself left out.

    Attributes:
        vector: ``(d,)``.
        label: what the person reads, such as ``query_0007.npy`` or ``table.npz row 12``.
        row: row in that file, from 0.
        photo: the photograph beside it, or the face in a photograph that it was made of.
        face: id of the enrolled face it is, None for a real query.
        enrolled_as: name of the identity of that face.
        record: what the gallery holds about this very vector.
        answer: None until it is identified.
        chosen: id of the candidate that a person chose; None for the first.
        made: ids of the faces that were enrolled with it from here; undo may have taken them back.
    """

    vector: Vectors
    label: str
    file: str
    row: int = 0
    photo: Path | DetectedFace | None = None
    face: int | None = None
    enrolled_as: str = ""
    answer: Identification | None = None
    chosen: int | None = None
    record: VectorRecord = field(default_factory=VectorRecord)
    made: tuple[int, ...] = ()

    @property
    def added_faces(self) -> tuple[int, ...]:
        """Faces that were enrolled with it from here and still are, to take them back."""
        return tuple(face for face, _ in self.record.faces if face in self.made)

    @property
    def added_to(self) -> str:
        """Whose face it is by now, though it came as a query; "" for nobody's."""
        if self.face is not None:
            return ""
        names = dict(self.record.faces)
        return next((names[face] for face in (*self.added_faces, *names)), "")

    @property
    def rejected(self) -> tuple[tuple[int, str], ...]:
        """Id and name of the identities that it was said not to be, in that order."""
        return self.record.rejected

    @property
    def candidate(self) -> Candidate | None:
        """Whom pictures, evidence and buttons are about: the chosen candidate, else the first."""
        offered = self.answer.candidates if self.answer is not None else ()
        chosen = (candidate for candidate in offered if candidate.identity_id == self.chosen)
        return next(chosen, offered[0] if offered else None)

    @property
    def is_open_question(self) -> bool:
        """Answered, and the face is not in the gallery yet."""
        return self.answer is not None and self.face is None and not self.added_to

    @property
    def is_rejectable(self) -> bool:
        """Somebody is offered for it whom it may not be."""
        return self.candidate is not None and not self.added_to


Standing = Literal["known", "unsure", "unknown", "enrolled"]
STANDINGS: tuple[Standing, ...] = ("known", "unsure", "unknown", "enrolled")
KNOWN, UNSURE, UNKNOWN, ENROLLED = range(len(STANDINGS))
SURE_NAME = 0.95
SURE_STRANGER = 0.1
"""Between these two confidences an answer is unsure. Of 961 known faces and 480 strangers, asked of
110 people, 6 % of the answers were, and in them 9 of the 10 strangers who got a name and half of
the 33 known faces that got none."""
_CHECK = 1_000  # answers read between two looks at whether to go on
_AT_HAND = 64  # queries with their answers that are kept, beside the lists they are made from


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """What a list shows of the answers to ``n`` queries, in columns.

    Attributes:
        standings: int8 ``(n,)``, places in ``STANDINGS``.
        known: bool ``(n,)``, whether the verdict is "known".
        confidences: float32 ``(n,)`` of the first candidate; NaN where none is stated.
        names: of people, in the order in which they are listed.
        people: int32 ``(n,)``, places in ``names``: who it is, or else the closest match; -1 for
            nobody.
        files: names of files without folders, in the order in which they were read.
        places: int32 ``(n,)``, places in ``files``.
        rows: int64 ``(n,)``, row in the file, from 0.
        small: bool ``(n,)``, faces of a photograph that are so small that none is enrolled unasked.
        name_keys, file_keys: what a search looks through.
    """

    standings: npt.NDArray[np.int8]
    known: npt.NDArray[np.bool_]
    confidences: Vectors
    names: Sequence[str]
    people: npt.NDArray[np.int32]
    files: Sequence[str]
    places: npt.NDArray[np.int32]
    rows: Ids
    small: npt.NDArray[np.bool_]
    name_keys: Sequence[str]
    file_keys: Sequence[str]

    def __len__(self) -> int:
        return len(self.standings)

    @classmethod
    def of(
        cls,
        asked: Sequence[FaceQuery],
        answers: Iterable[Identification],
        records: Iterable[VectorRecord],
        reporter: Reporter = SILENT,
    ) -> AnswerTable:
        """Read all answers once."""
        count = len(asked)
        standings, known = np.empty(count, dtype=np.int8), np.zeros(count, dtype=np.bool_)
        confidences = np.full(count, np.nan, dtype=np.float32)
        people, names = np.empty(count, dtype=np.int32), _Codes()
        places, files = np.empty(count, dtype=np.int32), _Codes()
        rows, small = np.empty(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
        for at, (query, answer, record) in enumerate(zip(asked, answers, records, strict=True)):
            if at % _CHECK == 0:
                reporter.progress("Listing answers", at, count)
            small[at] = _is_small(query)
            standings[at] = _standing(query, answer, record)
            known[at] = answer.verdict == "known"
            if answer.confidence is not None:
                confidences[at] = answer.confidence
            people[at] = names.code(_person(query, answer, record))
            places[at], rows[at] = files.code(query.file), query.row
        listed, order = names.sorted(search_key)
        read = file_names(files.values)
        return cls(
            standings, known, confidences, listed, order[people], read, places, rows, small,
            [*map(search_key, listed)], [*map(search_key, read)],
        )  # fmt: skip

    def enroll(self, at: int, name: str) -> None:
        """A query is enrolled now; what else it changes comes with the next answers."""
        self.standings[at] = ENROLLED
        self.people[at] = self.names.index(name) if name in self.names else -1

    def counts(self) -> Mapping[Standing, int]:
        """How many answers have each standing."""
        return dict(zip(STANDINGS, np.bincount(self.standings, minlength=4).tolist(), strict=True))


class _Codes:
    """Small numbers for texts that repeat, in the order of their first appearance."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    @property
    def values(self) -> list[str]:
        return list(self._codes)

    def code(self, text: str | None) -> int:
        return -1 if text is None else self._codes.setdefault(text, len(self._codes))

    def sorted(self, key: Callable[[str], Any]) -> tuple[list[str], npt.NDArray[np.int32]]:
        """The texts in the order of a key, and the new number of each old one; -1 stays."""
        values = self.values
        by_key = sorted(range(len(values)), key=lambda code: key(values[code]))
        new = np.full(len(values) + 1, -1, dtype=np.int32)
        new[by_key] = np.arange(len(values))
        return [values[code] for code in by_key], new


def file_names(files: Iterable[str]) -> list[str]:
    """Names of files without their folders, wherever they were written."""
    return [PurePath(file.replace("\\", "/")).name or file for file in files]


def _person(query: FaceQuery, answer: Identification, record: VectorRecord) -> str | None:
    if record.faces and query.face is None:
        return record.faces[0][1]
    if answer.name is not None:
        return answer.name
    return answer.candidates[0].name if answer.candidates else None


def _is_small(query: FaceQuery) -> bool:
    face = query.photo
    return isinstance(face, DetectedFace) and face.quality.size < ENROLLED_SIDE


def _standing(query: FaceQuery, answer: Identification, record: VectorRecord) -> int:
    if record.faces and query.face is None:
        return ENROLLED
    sure, known = answer.confidence, answer.verdict == "known"
    if not answer.candidates and not known:
        return UNKNOWN
    if known and _is_small(query):
        return UNSURE
    if sure is None or (sure < SURE_NAME if known else sure >= SURE_STRANGER):
        return UNSURE
    return KNOWN if known else UNKNOWN


class QueryList(Sequence[FaceQuery]):
    """Queries in their order. Of a long batch the answers stay in columns, and a query with its
    answer is made when it is asked for.

    Attributes:
        asked: the queries without their answers.
        errors: files that came with them and could not be read.
        table: what a list shows of the answers; None until there are any.
    """

    def __init__(self, asked: Sequence[FaceQuery] = (), errors: Sequence[Rejection] = ()) -> None:
        self.errors = tuple(errors)
        self.table: AnswerTable | None = None
        self.asked = list(asked)
        self._answers: Sequence[Identification] = ()
        self._records: Sequence[VectorRecord] = ()
        self._changes: dict[int, dict[str, object]] = {}
        self._at_hand: dict[int, FaceQuery] = {}

    def answered(
        self,
        answers: Sequence[Identification],
        records: Sequence[VectorRecord],
        asked: Sequence[FaceQuery] | None = None,
        reporter: Reporter = SILENT,
    ) -> QueryList:
        """Join the queries with their answers.

        Args:
            records: what the gallery holds about each vector.
            asked: the queries themselves where more is known of them.
        """
        made = QueryList(self.asked if asked is None else asked, self.errors)
        made._answers, made._records = answers, records
        made.table = AnswerTable.of(made.asked, answers, records, reporter)
        return made

    def __len__(self) -> int:
        return len(self.asked)

    @overload
    def __getitem__(self, at: int) -> FaceQuery: ...
    @overload
    def __getitem__(self, at: slice) -> list[FaceQuery]: ...
    def __getitem__(self, at: int | slice) -> FaceQuery | list[FaceQuery]:
        places = range(len(self))[at]
        return self._query(places) if isinstance(places, int) else [*map(self._query, places)]

    def _query(self, at: int) -> FaceQuery:
        if at in self._at_hand:
            self._at_hand[at] = self._at_hand.pop(at)
            return self._at_hand[at]
        known: dict[str, object] = {}
        if self.table is not None:
            known = {"answer": self._answers[at], "record": self._records[at]}
        query = replace(self.asked[at], **{**known, **self._changes.get(at, {})})  # type: ignore[arg-type]
        if len(self._at_hand) >= _AT_HAND:
            del self._at_hand[next(iter(self._at_hand))]  # used longest ago
        self._at_hand[at] = query
        return query

    def answer(self, at: int) -> Identification:
        """The answer to one of them, made anew; safe on any thread."""
        return self._answers[at]

    def same_as(self, other: QueryList) -> bool:
        """Whether both ask about the same vectors."""
        pairs = zip(self.asked, other.asked, strict=False)
        return len(self) == len(other) and all(one.vector is two.vector for one, two in pairs)

    def position_of(self, query: FaceQuery) -> int:
        """Where the query with this very vector stands, or -1."""
        places = (at for at, own in enumerate(self.asked) if own.vector is query.vector)
        return next(places, -1)

    def change(self, changes: Mapping[int, Mapping[str, object]]) -> None:
        """Replace fields of queries, by their position."""
        for at, fields in changes.items():
            self._changes[at] = {**self._changes.get(at, {}), **fields}
            self._at_hand.pop(at, None)
            record = fields.get("record")
            if self.table is not None and isinstance(record, VectorRecord) and record.faces:
                self.table.enroll(at, record.faces[0][1])

    def take_choices(self, before: QueryList) -> None:
        """Take over what a person chose and made while these were answered."""
        kept = {
            at: {name: fields[name] for name in ("chosen", "made") if name in fields}
            for at, fields in before._changes.items()
        }
        self.change(kept)

    def vectors(self) -> Vectors:
        """All of them, ``(n, d)``."""
        return np.stack([query.vector for query in self.asked])

    def batch(self, positions: Iterable[int] | None = None) -> FaceBatch:
        """Some of the queries, or all, as faces on their way into the gallery."""
        asked = self.asked if positions is None else [self.asked[at] for at in positions]
        return batch_of(asked)

    # -- what is known of all ----------------------------------------------------------------

    @property
    def known(self) -> int:
        """How many of the answers are "known"."""
        return 0 if self.table is None else int(self.table.known.sum())

    def open_unknown(self) -> Ids:
        """Positions of real queries that nobody is recognised in and that nobody named."""
        if self.table is None or any(query.face is not None for query in self.asked[:1]):
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(~self.table.known & (self.table.standings != ENROLLED))


def batch_of(queries: Sequence[FaceQuery]) -> FaceBatch:
    """Queries as a batch of faces without names."""
    return FaceBatch(
        np.stack([query.vector for query in queries]),
        [None] * len(queries),
        [query.file for query in queries],
        [query.row for query in queries],
        [query.photo for query in queries],
    )
