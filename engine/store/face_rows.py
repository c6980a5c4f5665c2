"""Rows of faces and identities inside a change: looked up, moved, deleted, brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.errors import UnknownIdentityError
from engine.records.names import name_key
from engine.store.database import as_json

_DIGESTS_AT_ONCE = 10_000


class Enrolled(NamedTuple):
    """A face as a change finds it."""

    id: int
    identity_id: int
    digest: bytes
    name: str


# -- looking up ----------------------------------------------------------------------------------


def known_faces(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Enrolled]:
    """Return those of the faces that are enrolled, by id."""
    rows = connection.execute(
        "SELECT f.id, f.identity_id, f.digest, i.name "
        "FROM faces f JOIN identities i ON i.id = f.identity_id "
        "WHERE f.id IN (SELECT value FROM json_each(?)) ORDER BY f.id",
        (as_json(ids),),
    )
    return [Enrolled(*row) for row in rows]


def require_faces(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Enrolled]:
    """Return the faces by id. Raise UnknownIdentityError where one of them is not enrolled."""
    found = known_faces(connection, ids)
    missing = {int(face) for face in ids} - {face.id for face in found}
    if missing:
        raise UnknownIdentityError(
            f"Face {min(missing)} is not enrolled", remedy="Choose faces that are in the gallery."
        )
    return found


def require_owner(face: Enrolled, identity: int, name: str) -> None:
    """Raise UnknownIdentityError where the face is not this identity's."""
    if face.identity_id != identity:
        raise UnknownIdentityError(
            f"Face {face.id} is not one of “{name}”", remedy="Choose one of its own faces."
        )


def identity_called(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the id of the identity of exactly this name; None where there is none."""
    row = connection.execute("SELECT id FROM identities WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def holders(
    connection: sqlite3.Connection, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[int, str]]]:
    """Return who has these vectors: digest to (face id, identity name) pairs, by face id."""
    if connection.execute("SELECT 1 FROM faces LIMIT 1").fetchone() is None:
        return {}  # spares the first import its look-ups
    query = (
        "SELECT f.digest, f.id, i.name FROM faces f JOIN identities i ON i.id = f.identity_id "
        "WHERE f.digest IN ({}) ORDER BY f.id"
    )
    return lookup_digests(connection, query, digests)


def lookup_digests(
    connection: sqlite3.Connection, query: str, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[int, str]]]:
    """Return the (id, name) pairs that a query finds for each digest.

    Args:
        query: selects digest, id and name; ``{}`` stands for the digests.
    """
    found: dict[bytes, list[tuple[int, str]]] = {}
    for start in range(0, len(digests), _DIGESTS_AT_ONCE):
        chunk = list(dict.fromkeys(digests[start : start + _DIGESTS_AT_ONCE]))
        for digest, identifier, name in connection.execute(
            query.format(",".join("?" * len(chunk))), chunk
        ):
            found.setdefault(digest, []).append((identifier, name))
    return found


def describe_faces(
    connection: sqlite3.Connection, faces: Sequence[Enrolled]
) -> list[dict[str, object]]:
    """Return what a history entry keeps of faces."""
    rows = connection.execute(
        "SELECT id, file, row FROM faces WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (as_json(face.id for face in faces),),
    ).fetchall()
    return [
        {"id": face.id, "identity_id": face.identity_id, "name": face.name, "file": file, "row": at}
        for face, (_, file, at) in zip(faces, rows, strict=True)
    ]


# -- changing ------------------------------------------------------------------------------------


def put_under(
    connection: sqlite3.Connection, faces: Sequence[Enrolled], name: str
) -> tuple[int, set[int]]:
    """Move faces to an identity, known or new, and overrule decisions that contradict it.

    Returns:
        the id of the identity, and the ids of faces that were dropped; all identities concerned
        are to be settled afterwards.
    """
    target = identity_called(connection, name)
    if target is None:
        query = "INSERT INTO identities (name, key) VALUES (?, ?)"
        target = int(connection.execute(query, (name, name_key(name))).lastrowid or 0)
    connection.executemany(
        "DELETE FROM decisions WHERE digest = ? AND ((identity_id = ? AND kind = 'is') "
        "OR (identity_id = ? AND kind = 'is-not'))",
        [(face.digest, face.identity_id, target) for face in faces],
    )
    return target, hand_over(connection, faces, target)


def hand_over(connection: sqlite3.Connection, faces: Sequence[Enrolled], target: int) -> set[int]:
    """Move faces to an identity; return ids of those dropped because it has their vector."""
    rows = connection.execute(
        "SELECT f.digest FROM json_each(?) asked CROSS JOIN faces mine ON mine.id = asked.value "
        "JOIN faces f ON f.digest = mine.digest WHERE f.identity_id = ?",
        (as_json(face.id for face in faces), target),
    )
    target_digests = {digest for (digest,) in rows}
    dropped = set()
    for face in faces:  # by id: of several with one vector the oldest stays
        if face.digest in target_digests:
            dropped.add(face.id)
        target_digests.add(face.digest)
    delete_faces(connection, dropped)
    connection.execute(
        "UPDATE faces SET identity_id = ? WHERE id IN (SELECT value FROM json_each(?))",
        (target, as_json(face.id for face in faces)),
    )
    return dropped


def delete_faces(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete faces with embeddings and photographs; their identities are to be settled then."""
    connection.execute(
        "DELETE FROM faces WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),)
    )


def settle(connection: sqlite3.Connection, identity_ids: set[int]) -> None:
    """Delete identities that have no faces left, and bring the others up to date."""
    connection.execute(
        "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM faces WHERE identity_id = identities.id)",
        (as_json(identity_ids),),
    )
    refresh(connection, identity_ids)


def refresh(connection: sqlite3.Connection, identity_ids: Iterable[int]) -> None:
    """Update number of faces and portrait of identities. The portrait is the chosen face while it
    is theirs, else the first with a photograph, else the first.
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
