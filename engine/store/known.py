"""The identities and faces that a change is about, or the error that says they are not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.errors import UnknownIdentityError
from engine.store.reading import as_json


class Enrolled(NamedTuple):
    """A face as a change finds it."""

    id: int
    identity_id: int
    digest: bytes
    name: str


def faces_known(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Enrolled]:
    """Those of the faces that are enrolled, by id."""
    rows = connection.execute(
        "SELECT f.id, f.identity_id, f.digest, i.name "
        "FROM faces f JOIN identities i ON i.id = f.identity_id "
        "WHERE f.id IN (SELECT value FROM json_each(?)) ORDER BY f.id",
        (as_json(ids),),
    )
    return [Enrolled(*row) for row in rows]


def require_faces(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Enrolled]:
    """The faces, by id. Raises UnknownIdentityError: one of them is not enrolled."""
    found = faces_known(connection, ids)
    missing = {int(face) for face in ids} - {face.id for face in found}
    if missing:
        raise UnknownIdentityError(
            f"Face {min(missing)} is not enrolled", remedy="Choose faces that are in the gallery."
        )
    return found


def id_of(connection: sqlite3.Connection, name: str) -> int | None:
    """Of the identity of exactly this name; None where there is none."""
    row = connection.execute("SELECT id FROM identities WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def require_owner(face: Enrolled, identity: int, name: str) -> None:
    """Raises UnknownIdentityError: the face is not this identity's."""
    if face.identity_id != identity:
        raise UnknownIdentityError(
            f"Face {face.id} is not one of “{name}”", remedy="Choose one of its own faces."
        )
