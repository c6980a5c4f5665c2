"""Enrolling a batch: what is new, what is there already, and the rows that it becomes."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.errors import EmbeddingError, IdentityNameError, MismatchError
from engine.progress import Reporter
from engine.store import encoding
from engine.store.reading import as_json, holders
from engine.types import Added, Conflict, Duplicate, FaceBatch, Ids, Vectors

_ROWS_AT_ONCE = 4_000
_MOST_FACES = 1 << 62
_STAGE = "Saving faces"


@dataclass
class Plan:
    """Which rows of a batch are to be kept, and the remarks on the others."""

    blobs: list[bytes]
    digests: list[bytes]
    names: list[str]
    rows: list[int] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def check(batch: FaceBatch, dimension: int) -> list[str]:
    """The batch's names, when every row can be enrolled.

    Raises:
        MismatchError: another dimension. EmbeddingError: a row is not finite.
        IdentityNameError: a row has no name, or one that is not Unicode text.
    """
    check_vectors(batch.vectors, dimension, batch.files)
    return [_named(name, file) for name, file in zip(batch.names, batch.files, strict=True)]


def check_vectors(vectors: Vectors, dimension: int, files: Sequence[str] = ()) -> None:
    """Whether ``(n, dimension)`` vectors can be kept; ``files`` says where each came from.

    Raises:
        MismatchError: another dimension. EmbeddingError: a row is not finite.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        shape = " × ".join(map(str, vectors.shape))
        raise MismatchError(
            f"Vectors of shape {shape} do not fit a gallery of dimension {dimension}",
            remedy="Use embeddings of the network that made this gallery.",
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise EmbeddingError(
            "The embedding holds NaN or infinity",
            file=files[int(np.argmin(finite))] if files else None,
            remedy="Compute it again.",
        )


def plan(connection: sqlite3.Connection, batch: FaceBatch, names: list[str]) -> Plan:
    """Compares a batch with the gallery and with itself."""
    blobs = encoding.to_blobs(batch.vectors)
    made = Plan(blobs, [encoding.digest_of(blob) for blob in blobs], names)
    known = holders(connection, made.digests)
    owners = {digest: [name for _, name in faces] for digest, faces in known.items()}
    for row, (digest, name, file) in enumerate(zip(made.digests, names, batch.files, strict=True)):
        others = owners.setdefault(digest, [])
        if name in others:
            made.duplicates.append(Duplicate(file, name))
            continue
        made.conflicts += [Conflict(file, name, other) for other in others]
        others.append(name)
        made.rows.append(row)
    return made


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
    new = _new_names(made, _identity_ids(connection, made))
    connection.executemany(
        "INSERT INTO identities (name, key) VALUES (?, ?)", [(name, key_of(name)) for name in new]
    )
    ids = _identity_ids(connection, made)
    owners = [ids[made.names[row]] for row in made.rows]
    records = list(zip(range(first, first + len(owners)), owners, made.rows, strict=True))
    now = time.time()
    for start in range(0, len(records), _ROWS_AT_ONCE):
        reporter.progress(_STAGE, start, len(records))
        _insert_faces(
            connection, batch, made, thumbnails, records[start : start + _ROWS_AT_ONCE], now
        )
    note_born(connection, first, first + len(owners) - 1)
    refresh(connection, ids.values())
    reporter.progress(_STAGE, len(records), len(records))
    return _answer(made, np.arange(first, first + len(owners), dtype=np.int64), owners, new)


def foresee(connection: sqlite3.Connection, made: Plan) -> Added:
    """What :func:`insert` would answer; ids that are not given yet are 0."""
    known = _identity_ids(connection, made)
    owners = [known.get(made.names[row], 0) for row in made.rows]
    none_yet = np.zeros(len(owners), dtype=np.int64)
    return _answer(made, none_yet, owners, _new_names(made, known))


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


def _answer(made: Plan, face_ids: Ids, owners: Sequence[int], new: Sequence[str]) -> Added:
    return Added(
        face_ids=face_ids,
        identity_ids=np.array(owners, dtype=np.int64),
        rows=np.array(made.rows, dtype=np.int64),
        new_identities=tuple(new),
        duplicates=tuple(made.duplicates),
        conflicts=tuple(made.conflicts),
    )


def _new_names(made: Plan, known: Container[str]) -> list[str]:
    wanted = dict.fromkeys(made.names[row] for row in made.rows)
    return [name for name in wanted if name not in known]


def _identity_ids(connection: sqlite3.Connection, made: Plan) -> dict[str, int]:
    names = json.dumps(list({made.names[row] for row in made.rows}))
    query = "SELECT name, id FROM identities WHERE name IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (names,)))


def _insert_faces(
    connection: sqlite3.Connection,
    batch: FaceBatch,
    made: Plan,
    thumbnails: Mapping[int, bytes],
    records: Sequence[tuple[int, int, int]],
    now: float,
) -> None:
    """Each record: face id, identity id, row of the batch."""
    connection.executemany(
        "INSERT INTO faces (id, identity_id, file, row, digest, added) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (face, owner, as_text(batch.files[row]), int(batch.rows[row]), made.digests[row], now)
            for face, owner, row in records
        ],
    )
    connection.executemany(
        "INSERT INTO embeddings (face_id, vector) VALUES (?, ?)",
        [(face, made.blobs[row]) for face, _, row in records],
    )
    connection.executemany(
        "INSERT INTO photos (face_id, thumbnail) VALUES (?, ?)",
        [(face, thumbnails[row]) for face, _, row in records if row in thumbnails],
    )


def next_face(connection: sqlite3.Connection) -> int:
    """An id that no face ever had. Raises ValueError where the database has lost count."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'faces'").fetchone()
    last = row[0] if row else 0
    if not isinstance(last, int) or not 0 <= last < _MOST_FACES:
        raise ValueError(f"the last face has the number {last!r:.40}")
    return last + 1


def _named(name: str | None, file: str) -> str:
    if not name:
        raise IdentityNameError(
            "There is no name with this embedding", file=file, remedy="Say whose face it is."
        )
    if as_text(name) != name:
        raise IdentityNameError(
            "The name is not valid Unicode text", file=file, remedy="Rename the folder or column."
        )
    return name


def as_text(text: str) -> str:
    """A file name of undecodable bytes becomes text that a database can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
