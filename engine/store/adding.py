"""Enrolling a batch: whether it can be, and the rows that it becomes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import NoReturn

import numpy as np

from engine.errors import EmbeddingError, IdentityNameError, MismatchError
from engine.progress import Reporter
from engine.store import encoding
from engine.store.comparing import Plan
from engine.store.reading import as_json
from engine.tools import clock
from engine.tools.columns import Coded, picked
from engine.types import Added, FaceBatch, Ids, Rows

_ROWS_AT_ONCE = 4_000
_MOST_FACES = 1 << 62
_STAGE = "Saving faces"


def check(batch: FaceBatch, dimension: int) -> Coded[str]:
    """The batch's names, when every row can be enrolled.

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
    """Whether ``(n, dimension)`` vectors can be kept; ``files`` says where each came from.

    Raises:
        MismatchError: another dimension. EmbeddingError: a row is not finite.
    """
    if len(vectors.shape) != 2 or vectors.shape[1] != dimension:
        shape = " × ".join(map(str, vectors.shape))
        raise MismatchError(
            f"Vectors of shape {shape} do not fit a gallery of dimension {dimension}",
            remedy="Use embeddings of the network that made this gallery.",
        )
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        finite = np.isfinite(vectors[start : start + _ROWS_AT_ONCE]).all(axis=1)
        if not finite.all():
            raise EmbeddingError(
                "The embedding holds NaN or infinity",
                file=files[start + int(np.argmin(finite))] if len(files) else None,
                remedy="Compute it again.",
            )


def insert(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    made: Plan,
    first: int,
    key_of: Callable[[str], str],
    thumbnails: Mapping[int, bytes],
    reporter: Reporter,
) -> Added:
    """Writes the planned rows; face ids run in their order from ``first`` on."""
    names = made.names.take(made.rows)
    new = _new_names(names, _identity_ids(connection, names))
    connection.executemany(
        "INSERT INTO identities (name, key) VALUES (?, ?)", [(name, key_of(name)) for name in new]
    )
    ids = _identity_ids(connection, names)
    owners = _owners(names, ids)
    faces = np.arange(first, first + len(owners), dtype=np.int64)
    now = clock.now()
    for start in range(0, len(faces), _ROWS_AT_ONCE):
        reporter.progress(_STAGE, start, len(faces))
        part = slice(start, start + _ROWS_AT_ONCE)
        _insert_faces(connection, batch, made, thumbnails, (faces[part], owners[part], part), now)
    note_born(connection, first, first + len(owners) - 1)
    refresh(connection, ids.values())
    reporter.progress(_STAGE, len(faces), len(faces))
    return _answer(made, faces, owners, new)


def foresee(connection: sqlite3.Connection, made: Plan) -> Added:
    """What :func:`insert` would answer; ids that are not given yet are 0."""
    names = made.names.take(made.rows)
    known = _identity_ids(connection, names)
    none_yet = np.zeros(len(names), dtype=np.int64)
    return _answer(made, none_yet, _owners(names, known), _new_names(names, known))


def note_born(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Keeps for undo that these faces were not there; row by row it would slow an import."""
    connection.execute(
        "INSERT INTO undo_spans (step, first, last) SELECT step, ?, ? FROM gallery", (first, last)
    )


def overrule(connection: sqlite3.Connection, face_ids: Iterable[int]) -> None:
    """Deletes decisions against these very vectors being the identities they are under now."""
    connection.execute(
        "DELETE FROM decisions WHERE kind = 'is-not' AND id IN ("
        "SELECT d.id FROM json_each(?) asked CROSS JOIN faces f ON f.id = asked.value "
        "JOIN decisions d ON d.digest = f.digest AND d.identity_id = f.identity_id)",
        (as_json(face_ids),),
    )


def refresh(connection: sqlite3.Connection, identity_ids: Iterable[int]) -> None:
    """Counts their faces anew. The portrait is the chosen face while it is theirs, else the first
    with a photo, else the first.
    """
    connection.execute(
        """
        UPDATE identities SET
            face_count = (SELECT count(*) FROM faces WHERE identity_id = identities.id),
            chosen = (SELECT f.id FROM faces f
                WHERE f.id = chosen AND f.identity_id = identities.id),
            portrait = coalesce(
                (SELECT f.id FROM faces f WHERE f.id = chosen AND f.identity_id = identities.id),
                (SELECT f.id FROM faces f CROSS JOIN photos p ON p.face_id = f.id
                 WHERE f.identity_id = identities.id ORDER BY f.id LIMIT 1),
                (SELECT min(id) FROM faces WHERE identity_id = identities.id))
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (as_json(identity_ids),),
    )


def _answer(made: Plan, face_ids: Ids, owners: Ids, new: Sequence[str]) -> Added:
    return Added(
        face_ids=face_ids,
        identity_ids=owners,
        rows=made.rows,
        new_identities=tuple(new),
        duplicates=made.duplicates,
        conflicts=made.conflicts,
    )


def _new_names(names: Coded[str], known: Container[str]) -> list[str]:
    """In the order in which they come up."""
    _, first = np.unique(names.codes, return_index=True)
    return [name for name in names.pick(np.sort(first)) if name not in known]


def _owners(names: Coded[str], ids: Mapping[str, int]) -> Ids:
    """The id of each row's identity; 0 where there is none yet."""
    return np.array([ids.get(name, 0) for name in names.values], dtype=np.int64)[names.codes]


def _identity_ids(connection: sqlite3.Connection, names: Coded[str]) -> dict[str, int]:
    query = "SELECT name, id FROM identities WHERE name IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (json.dumps(list(names.values)),)))


def _insert_faces(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    made: Plan,
    thumbnails: Mapping[int, bytes],
    part: tuple[Ids, Ids, slice],
    now: float,
) -> None:
    """A part: ids of faces and of their identities, and which of the planned rows they are."""
    faces, rows = part[0].tolist(), made.rows[part[2]]
    places = [int(row) for row in picked(batch.rows, rows)]
    files = [as_text(file) for file in picked(batch.files, rows)]
    digests = encoding.as_bytes(made.digests[rows])
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
    """An id that no face ever had. Raises ValueError where the database has lost count."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'faces'").fetchone()
    last = row[0] if row else 0
    if not isinstance(last, int) or not 0 <= last < _MOST_FACES:
        raise ValueError(f"the last face has the number {last!r:.40}")
    return last + 1


def _refuse_name(name: str | None, file: str) -> NoReturn:
    if not name:
        raise IdentityNameError(
            "There is no name with this embedding", file=file, remedy="Say whose face it is."
        )
    raise IdentityNameError(
        "The name is not valid Unicode text", file=file, remedy="Rename the folder or column."
    )


def as_text(text: str) -> str:
    """A file name of undecodable bytes becomes text that a database can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
