"""Faces of a batch on their way into the database: compared with those there, and inserted."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from engine.errors import EmbeddingError, IdentityNameError, MismatchError
from engine.progress import SILENT, Reporter
from engine.records.domains import current_time
from engine.records.names import name_key
from engine.records.types import Added, Conflict, Duplicate, FaceBatch, Ids, Rows
from engine.store import encoding
from engine.store.database import as_json
from engine.store.encoding import Digests
from engine.store.enrolled_rows import holders, refresh
from engine.utils.packed_columns import Coded, Column, picked

_GROUPS_AT_ONCE = 10_000
_ROWS_AT_ONCE = 4_000
_MOST_FACES = 1 << 62
_COMPARING = "Looking for enrolled faces"
_SAVING = "Saving faces"


@dataclass(frozen=True, eq=False)
class InsertionPlan:
    """Which rows of a batch are to be inserted, and remarks on the others.

    Attributes:
        digests: of all rows.
        names: of all rows.
        rows: those to be inserted, ascending.
        duplicates: one for each of the others.
        conflicts: of the rows that are inserted.
    """

    digests: Digests
    names: Coded[str]
    rows: Ids
    duplicates: Sequence[Duplicate]
    conflicts: tuple[Conflict, ...]


class _Duplicates(Column[Duplicate]):
    """The rows of a batch that are left out, made when they are read."""

    def __init__(self, batch: FaceBatch, names: Coded[str], rows: Ids) -> None:
        self._batch = batch
        self._names = names
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def pick(self, rows: Ids) -> list[Duplicate]:
        chosen = self._rows[rows]
        named = zip(picked(self._batch.files, chosen), self._names.pick(chosen), strict=True)
        return [Duplicate(file, name) for file, name in named]


def plan_insertion(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    names: Sequence[str],
    reporter: Reporter = SILENT,
) -> InsertionPlan:
    """Compare a batch with the gallery and with itself. Raise CancelledError."""
    coded = Coded.of(names)
    digests = encoding.digests_of(batch.vectors, reporter)
    kept = np.ones(len(batch), dtype=np.bool_)
    conflicts: list[tuple[int, str]] = []
    for rows, owners in _shared(connection, digests, reporter):
        for row, name in zip(rows, coded.pick(np.array(rows)), strict=True):
            if name in owners:
                kept[row] = False
                continue
            conflicts += [(row, other) for other in owners]
            owners.append(name)
    conflicts.sort(key=lambda conflict: conflict[0])
    return InsertionPlan(
        digests,
        coded,
        np.flatnonzero(kept),
        _Duplicates(batch, coded, np.flatnonzero(~kept)),
        tuple(Conflict(batch.files[row], coded[row], other) for row, other in conflicts),
    )


def _shared(
    connection: sqlite3.Connection, digests: Digests, reporter: Reporter
) -> Iterator[tuple[list[int], list[str]]]:
    """Yield the rows of each vector, ascending, with the names of those who have it, except
    vectors that occur once and are new.

    They are looked up in the order of their digests, so that the database reads its index once.
    """
    order, begins = encoding.group_equal(digests)
    ends = np.append(begins[1:], len(order))
    for at in range(0, len(begins), _GROUPS_AT_ONCE):
        reporter.progress(_COMPARING, int(begins[at]), len(order))
        first, end = begins[at : at + _GROUPS_AT_ONCE], ends[at : at + _GROUPS_AT_ONCE]
        group_digests = encoding.as_bytes(digests[order[first]])
        owners: defaultdict[bytes, list[str]] = defaultdict(list)
        for digest, faces in holders(connection, group_digests).items():
            owners[digest] = [name for _, name in faces]
        several = range(len(group_digests)) if owners else np.flatnonzero(end - first > 1).tolist()
        for group in several:
            if group_digests[group] in owners or end[group] - first[group] > 1:
                yield order[first[group] : end[group]].tolist(), owners[group_digests[group]]


def check_batch(batch: FaceBatch, dimension: int) -> Coded[str]:
    """Return the batch's names if every row can be enrolled.

    Raises:
        MismatchError: another dimension. EmbeddingError: a row is not finite.
        IdentityNameError: a row has no name, or one that is not Unicode text.
    """
    check_vectors(batch.vectors, dimension, batch.files)
    names = Coded.of(batch.names)
    for code, name in enumerate(names.values):
        if not name or as_text(name) != name:
            _refuse_name(name, batch.files[int(np.argmax(names.codes == code))])
    return names.mapped(str)


def check_vectors(vectors: Rows, dimension: int, files: Sequence[str] = ()) -> None:
    """Check that vectors ``(n, dimension)`` can be kept; ``files`` says where each came from.

    Raises:
        MismatchError: another dimension. EmbeddingError: a row is not finite.
    """
    if len(vectors.shape) != 2 or vectors.shape[1] != dimension:
        shape = " × ".join(map(str, vectors.shape))
        raise MismatchError(
            f"Vectors of shape {shape} do not fit a gallery of dimension {dimension}",
            remedy="Use embeddings from the network this gallery was made with.",
        )
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        finite = np.isfinite(vectors[start : start + _ROWS_AT_ONCE]).all(axis=1)
        if not finite.all():
            raise EmbeddingError(
                "The embedding contains NaN or infinity",
                file=files[start + int(np.argmin(finite))] if len(files) else None,
                remedy="Recompute it.",
            )


def insert_faces(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    plan: InsertionPlan,
    first: int,
    thumbnails: Mapping[int, bytes],
    reporter: Reporter,
) -> Added:
    """Write the planned rows; face ids run in their order from ``first`` on."""
    names = plan.names.take(plan.rows)
    new = _new_names(names, _identity_ids(connection, names))
    connection.executemany(
        "INSERT INTO identities (name, key) VALUES (?, ?)", [(name, name_key(name)) for name in new]
    )
    ids = _identity_ids(connection, names)
    owners = _owners(names, ids)
    faces = np.arange(first, first + len(owners), dtype=np.int64)
    now = current_time()
    for start in range(0, len(faces), _ROWS_AT_ONCE):
        reporter.progress(_SAVING, start, len(faces))
        part = slice(start, start + _ROWS_AT_ONCE)
        _insert_faces(connection, batch, plan, thumbnails, (faces[part], owners[part], part), now)
    _note_born(connection, first, first + len(owners) - 1)
    refresh(connection, ids.values())
    reporter.progress(_SAVING, len(faces), len(faces))
    return _answer(plan, faces, owners, new)


def foresee_insertion(connection: sqlite3.Connection, plan: InsertionPlan) -> Added:
    """Return what :func:`insert_faces` would answer; ids that are not given yet are 0."""
    names = plan.names.take(plan.rows)
    known = _identity_ids(connection, names)
    none_yet = np.zeros(len(names), dtype=np.int64)
    return _answer(plan, none_yet, _owners(names, known), _new_names(names, known))


def _note_born(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Keep for undo that these faces were not there, as a span: rows would slow an import."""
    connection.execute(
        "INSERT INTO undo_spans (step, first, last) SELECT step, ?, ? FROM gallery", (first, last)
    )


def overrule_decisions(connection: sqlite3.Connection, face_ids: Iterable[int]) -> None:
    """Delete decisions that these vectors are not the identities they are enrolled as."""
    connection.execute(
        "DELETE FROM decisions WHERE kind = 'is-not' AND id IN ("
        "SELECT d.id FROM json_each(?) asked CROSS JOIN faces f ON f.id = asked.value "
        "JOIN decisions d ON d.digest = f.digest AND d.identity_id = f.identity_id)",
        (as_json(face_ids),),
    )


def delete_enrolled_unknowns(connection: sqlite3.Connection) -> None:
    """Delete unknown faces that are enrolled, as a part of the change that enrols them."""
    connection.execute(
        "DELETE FROM unknowns WHERE EXISTS "
        "(SELECT 1 FROM faces WHERE faces.digest = unknowns.digest)"
    )


def _answer(plan: InsertionPlan, face_ids: Ids, owners: Ids, new: Sequence[str]) -> Added:
    return Added(
        face_ids=face_ids,
        identity_ids=owners,
        rows=plan.rows,
        new_identities=tuple(new),
        duplicates=plan.duplicates,
        conflicts=plan.conflicts,
    )


def _new_names(names: Coded[str], known: Container[str]) -> list[str]:
    """Return the names that are new, in the order in which they occur."""
    _, first = np.unique(names.codes, return_index=True)
    return [name for name in names.pick(np.sort(first)) if name not in known]


def _owners(names: Coded[str], ids: Mapping[str, int]) -> Ids:
    """Return the id of each row's identity; 0 where there is none yet."""
    return np.array([ids.get(name, 0) for name in names.values], dtype=np.int64)[names.codes]


def _identity_ids(connection: sqlite3.Connection, names: Coded[str]) -> dict[str, int]:
    query = "SELECT name, id FROM identities WHERE name IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (json.dumps(list(names.values)),)))


def _insert_faces(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    plan: InsertionPlan,
    thumbnails: Mapping[int, bytes],
    part: tuple[Ids, Ids, slice],
    now: float,
) -> None:
    """Insert one part: ids of faces and of their identities, and a slice of the planned rows."""
    faces, rows = part[0].tolist(), plan.rows[part[2]]
    places = [int(row) for row in picked(batch.rows, rows)]
    files = [as_text(file) for file in picked(batch.files, rows)]
    digests = encoding.as_bytes(plan.digests[rows])
    connection.executemany(
        "INSERT INTO faces (id, identity_id, file, row, digest, added) VALUES (?, ?, ?, ?, ?, ?)",
        zip(faces, part[1].tolist(), files, places, digests, [now] * len(faces), strict=True),
    )
    connection.executemany(
        "INSERT INTO embeddings (face_id, vector) VALUES (?, ?)",
        zip(faces, encoding.to_blobs(batch.vectors[rows]), strict=True),
    )
    if thumbnails:
        connection.executemany(
            "INSERT INTO photos (face_id, thumbnail) VALUES (?, ?)",
            [
                (face, thumbnails[row])
                for face, row in zip(faces, rows.tolist(), strict=True)
                if row in thumbnails
            ],
        )


def next_face(connection: sqlite3.Connection) -> int:
    """Return an id that no face ever had. Raise ValueError where the counter is damaged."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'faces'").fetchone()
    last = row[0] if row else 0
    if not isinstance(last, int) or not 0 <= last < _MOST_FACES:
        raise ValueError(f"the last face has the number {last!r:.40}")
    return last + 1


def _refuse_name(name: str | None, file: str) -> NoReturn:
    if not name:
        raise IdentityNameError(
            "This embedding has no name", file=file, remedy="Give the person's name."
        )
    raise IdentityNameError(
        "The name is not valid Unicode text", file=file, remedy="Rename the folder or column."
    )


def as_text(text: str) -> str:
    """Replace undecodable bytes of a file name, so that the database can hold it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
