"""What a person decided about enrolled faces for good: that they are right, or not to ask again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from engine.records.changes import Changed
from engine.records.wording import counted
from engine.store.access import Access
from engine.store.decisions import decide
from engine.store.known import Enrolled, require_faces
from engine.store.reading import as_json
from engine.store.recording import record
from engine.types import Ids


class Confirming(Access):
    """The questions and changes of a :class:`engine.store.Store` about faces that were looked at.

    A decision is about the face's vector, so it holds again when the face comes back. What is
    confirmed is its vector being this identity: under another one a face is not confirmed. What
    is ignored stays enrolled and findable; it is not doubted, nor asked about.

    Changes return what they touched, or None where all was known. They raise
    UnknownIdentityError where a face is not enrolled, and else as :class:`Decisions`.
    """

    def confirmed(self) -> Ids:
        """Ids of faces that were said to be whom they are enrolled as, ascending."""
        return self._decided(
            "SELECT f.id FROM decisions d JOIN faces f "
            "ON f.digest = d.digest AND f.identity_id = d.identity_id WHERE d.kind = 'is'"
        )

    def ignored(self) -> Ids:
        """Ids of faces that are not to be asked about, ascending."""
        return self._decided(
            "SELECT f.id FROM decisions d JOIN faces f ON f.digest = d.digest "
            "WHERE d.kind = 'ignore'"
        )

    def contradicted(self) -> Ids:
        """Ids of faces whose vector was said not to be whom they are enrolled as, or to be
        somebody else and not also them; ascending.
        """
        return self._decided(
            "SELECT DISTINCT f.id FROM decisions d JOIN faces f ON f.digest = d.digest "
            "WHERE (d.kind = 'is-not' AND d.identity_id = f.identity_id) "
            "OR (d.kind = 'is' AND d.identity_id <> f.identity_id AND NOT EXISTS ("
            "SELECT 1 FROM decisions own WHERE own.digest = f.digest "
            "AND own.identity_id = f.identity_id AND own.kind = 'is'))"
        )

    def confirm(self, ids: Sequence[int]) -> Changed | None:
        """Remembers that faces are whom they are enrolled as."""
        with self._database.transaction() as connection:
            faces = require_faces(connection, ids)
            vectors = _vectors(connection, faces)
            about = [(face.digest, face.identity_id, vectors[face.id]) for face in faces]
            return _noted(connection, "confirm", decide(connection, about, "is"), faces)

    def unconfirm(self, ids: Sequence[int]) -> Changed | None:
        """Forgets what :meth:`confirm` remembered."""
        with self._database.transaction() as connection:
            faces = require_faces(connection, ids)
            gone = connection.executemany(
                "DELETE FROM decisions WHERE digest = ? AND identity_id = ? AND kind = 'is'",
                [(face.digest, face.identity_id) for face in faces],
            ).rowcount
            return _noted(connection, "unconfirm", gone, faces)

    def ignore(self, ids: Sequence[int]) -> Changed | None:
        """Remembers that faces are not to be asked about, whoever they are."""
        with self._database.transaction() as connection:
            faces = require_faces(connection, ids)
            vectors = _vectors(connection, faces)
            about = [(face.digest, None, vectors[face.id]) for face in faces]
            return _noted(connection, "ignore", decide(connection, about, "ignore"), faces)

    def unignore(self, ids: Sequence[int]) -> Changed | None:
        """Forgets what :meth:`ignore` remembered."""
        with self._database.transaction() as connection:
            faces = require_faces(connection, ids)
            gone = connection.executemany(
                "DELETE FROM decisions WHERE digest = ? AND kind = 'ignore'",
                [(face.digest,) for face in faces],
            ).rowcount
            return _noted(connection, "unignore", gone, faces)

    def _decided(self, query: str) -> Ids:
        faces = [face for (face,) in self._rows(query)]
        return np.sort(np.array(faces, dtype=np.int64))


_DONE = {
    "confirm": "confirmed",
    "unconfirm": "not confirmed any more",
    "ignore": "not to be asked about",
    "unignore": "to be asked about again",
}


def _noted(
    connection: sqlite3.Connection, action: str, count: int, faces: Sequence[Enrolled]
) -> Changed | None:
    if count < 1:  # of no faces at all SQLite counts -1
        return None
    payload = {"faces": [face.id for face in faces]}
    return record(connection, action, f"{counted(count, 'face')} {_DONE[action]}", payload)


def _vectors(connection: sqlite3.Connection, faces: Sequence[Enrolled]) -> dict[int, bytes]:
    return dict(
        connection.execute(
            "SELECT face_id, vector FROM embeddings "
            "WHERE face_id IN (SELECT value FROM json_each(?))",
            (as_json(face.id for face in faces),),
        )
    )
