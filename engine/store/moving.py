"""Corrections of where faces belong: taken out, moved, split off; each one step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.changes import Changed
from engine.store import adding
from engine.store.access import Access
from engine.store.decisions import decide
from engine.store.known import (
    Enrolled,
    faces_known,
    id_of,
    require_faces,
    require_identity,
    require_owner,
)
from engine.store.reading import as_json
from engine.store.recording import number, record


class Moving(Access):
    """What a :class:`engine.store.Store` does with single faces. Returns and raises as
    :class:`engine.store.correcting.Correcting`.
    """

    def remove_faces(self, ids: Sequence[int]) -> Changed | None:
        """Takes faces out, and identities that are left without any. Ids that are not enrolled
        are passed over.
        """
        with self._database.transaction() as connection:
            gone = faces_known(connection, ids)
            if not gone:
                return None
            payload = {"faces": _described(connection, gone)}
            delete_faces(connection, [face.id for face in gone])
            settle(connection, {face.identity_id for face in gone})
            return record(connection, "remove", f"{number(len(gone), 'face')} removed", payload)

    def move(self, ids: Sequence[int], name: str, key: str) -> Changed | None:
        """Puts faces under another identity, which is made where there is none of this name.

        Identities that are left without faces go. Of faces with the same vector the identity
        keeps one, its own where it has it. What contradicts the move is overruled: that such a
        vector is the identity it comes from, or is not the one it goes to.
        """
        with self._database.transaction() as connection:
            moved = _move(connection, require_faces(connection, ids), name, key)
            if moved is None:
                return None
            summary = f"{number(len(moved['faces']), 'face')} moved to “{name}”"
            return record(connection, "move", summary, moved)

    def split(
        self, name: str, parts: Mapping[str, Sequence[int]], keys: Mapping[str, str]
    ) -> Changed | None:
        """Puts faces of an identity under others, as :meth:`move` does for each name in turn.

        Raises:
            UnknownIdentityError: also for a face that is not this identity's.
        """
        with self._database.transaction() as connection:
            identity = require_identity(connection, name)
            moves = []
            for other, ids in parts.items():
                faces = require_faces(connection, ids)
                for face in faces:
                    require_owner(face, identity, name)
                moves.append(_move(connection, faces, other, keys[other]))
            made = [moved for moved in moves if moved is not None]
            if not made:
                return None
            count = number(sum(len(moved["faces"]) for moved in made), "face")
            others = next(iter(parts)) if len(made) == 1 else f"{len(made):,} identities"
            where = f"“{others}”" if len(made) == 1 else others
            return record(
                connection, "split", f"{count} of “{name}” split off to {where}", {"moves": made}
            )

    def expel(self, ids: Sequence[int]) -> Changed | None:
        """Takes faces out and remembers for good that they are not whom they were enrolled as."""
        with self._database.transaction() as connection:
            gone = require_faces(connection, ids)
            if not gone:
                return None
            rows = connection.execute(
                "SELECT f.digest, f.identity_id, e.vector "
                "FROM faces f JOIN embeddings e ON e.face_id = f.id "
                "WHERE f.id IN (SELECT value FROM json_each(?))",
                (as_json(face.id for face in gone),),
            )
            decide(connection, rows.fetchall(), "is-not")
            payload = {"faces": _described(connection, gone)}
            delete_faces(connection, [face.id for face in gone])
            settle(connection, {face.identity_id for face in gone})
            names = {face.name for face in gone}
            who = f"“{gone[0].name}”" if len(names) == 1 else f"{len(names):,} identities"
            summary = f"{number(len(gone), 'face')} taken out: not {who}"
            return record(connection, "expel", summary, payload)


def _move(
    connection: sqlite3.Connection, faces: Sequence[Enrolled], name: str, key: str
) -> dict[str, Any] | None:
    """Puts faces under a name; what to note of that, or None where they all are there."""
    target = id_of(connection, name)
    moved = [face for face in faces if face.identity_id != target]
    if not moved:
        return None
    if target is None:
        query = "INSERT INTO identities (name, key) VALUES (?, ?)"
        target = int(connection.execute(query, (name, key)).lastrowid or 0)
    _no_longer(connection, moved)
    dropped = hand_over(connection, moved, target)
    adding.overrule(connection, [face.id for face in moved if face.id not in dropped])
    settle(connection, {target, *(face.identity_id for face in moved)})
    return {
        "faces": [face.id for face in moved],
        "from": {face.name: face.identity_id for face in moved},
        "to": {name: target},
        "dropped": sorted(dropped),
    }


def hand_over(connection: sqlite3.Connection, faces: Sequence[Enrolled], target: int) -> set[int]:
    """Puts faces under an identity; returns ids of those dropped, whose vector it has already."""
    rows = connection.execute(
        "SELECT f.digest FROM json_each(?) asked CROSS JOIN faces mine ON mine.id = asked.value "
        "JOIN faces f ON f.digest = mine.digest WHERE f.identity_id = ?",
        (as_json(face.id for face in faces), target),
    )
    held = {digest for (digest,) in rows}
    dropped = set()
    for face in faces:  # by id: of several the eldest stays
        if face.digest in held:
            dropped.add(face.id)
        held.add(face.digest)
    delete_faces(connection, dropped)
    connection.execute(
        "UPDATE faces SET identity_id = ? WHERE id IN (SELECT value FROM json_each(?))",
        (target, as_json(face.id for face in faces)),
    )
    return dropped


def delete_faces(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """With embeddings and photographs; their identities are to be settled afterwards."""
    connection.execute(
        "DELETE FROM faces WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),)
    )


def settle(connection: sqlite3.Connection, identity_ids: set[int]) -> None:
    """Lets identities go that have no faces left, and brings the others up to date."""
    connection.execute(
        "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM faces WHERE identity_id = identities.id)",
        (as_json(identity_ids),),
    )
    adding.refresh(connection, identity_ids)


def _no_longer(connection: sqlite3.Connection, faces: Iterable[Enrolled]) -> None:
    """Forgets that these are the identities that they are about to leave."""
    connection.executemany(
        "DELETE FROM decisions WHERE digest = ? AND identity_id = ? AND kind = 'is'",
        [(face.digest, face.identity_id) for face in faces],
    )


def _described(
    connection: sqlite3.Connection, faces: Sequence[Enrolled]
) -> list[dict[str, object]]:
    rows = connection.execute(
        "SELECT id, file, row FROM faces WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (as_json(face.id for face in faces),),
    ).fetchall()
    return [
        {"id": face.id, "identity_id": face.identity_id, "name": face.name, "file": file, "row": at}
        for face, (_, file, at) in zip(faces, rows, strict=True)
    ]
