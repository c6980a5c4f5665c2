"""Corrections of where faces belong: taken out, moved, split off; each one step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from engine.records.changes import Changed
from engine.records.wording import counted
from engine.store import adding, integrity
from engine.store.access import Access
from engine.store.decisions import decide
from engine.store.forgetting import clear_undo, fix
from engine.store.known import (
    Enrolled,
    faces_known,
    id_of,
    require_faces,
)
from engine.store.reading import as_json
from engine.store.recording import enter, record, who


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
            return record(connection, "remove", f"{counted(len(gone), 'face')} removed", payload)

    def take_out_altered(self) -> list[str]:
        """Takes out every vector that is not the one that was kept, as its digest tells, with its
        face, decision or unknown query; returns a sentence on each. It is no step: nothing before
        it can be undone any more, since what was kept for that may have been altered too.
        """
        with self._database.transaction() as connection:
            return take_out_altered(connection, self.dimension)

    def move(self, ids: Sequence[int], name: str, key: str) -> Changed | None:
        """Puts faces under another identity, which is made where there is none of this name.

        Identities that are left without faces go. Of faces with the same vector the identity
        keeps one, its own where it has it. What contradicts the move is overruled: that such a
        vector is the identity it comes from, or is not the one it goes to.
        """
        with self._database.transaction() as connection:
            target = id_of(connection, name)
            moved = [face for face in require_faces(connection, ids) if face.identity_id != target]
            if not moved:
                return None
            target, dropped = put_under(connection, moved, name, key)
            settle(connection, {target, *(face.identity_id for face in moved)})
            payload = {
                "faces": [face.id for face in moved],
                "from": {face.name: face.identity_id for face in moved},
                "to": {name: target},
                "dropped": sorted(dropped),
            }
            summary = f"{counted(len(moved), 'face')} moved to “{name}”"
            return record(connection, "move", summary, payload)

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
            names = dict.fromkeys(face.name for face in gone)
            summary = f"{counted(len(gone), 'face')} taken out: not {who(names)}"
            return record(connection, "expel", summary, payload)


def put_under(
    connection: sqlite3.Connection, faces: Sequence[Enrolled], name: str, key: str
) -> tuple[int, set[int]]:
    """Moves faces to an identity, known or new, and overrules what contradicts it.

    Returns:
        the id of the identity, and the ids of faces that were dropped; all identities concerned
        are to be settled afterwards.
    """
    target = id_of(connection, name)
    if target is None:
        query = "INSERT INTO identities (name, key) VALUES (?, ?)"
        target = int(connection.execute(query, (name, key)).lastrowid or 0)
    connection.executemany(
        "DELETE FROM decisions WHERE digest = ? AND ((identity_id = ? AND kind = 'is') "
        "OR (identity_id = ? AND kind = 'is-not'))",
        [(face.digest, face.identity_id, target) for face in faces],
    )
    return target, hand_over(connection, faces, target)


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


def take_out_altered(connection: sqlite3.Connection, dimension: int) -> list[str]:
    """Takes out vectors that do not match their digests; returns a sentence on each."""
    found = list(integrity.altered(connection, dimension))
    if not found:
        return []
    faces = faces_known(connection, [one.id for one in found if one.table == "faces"])
    payload = {"faces": _described(connection, faces)}
    delete_faces(connection, [face.id for face in faces])
    for table in ("decisions", "unknowns"):
        ids = [(one.id,) for one in found if one.table == table]
        connection.executemany(f"DELETE FROM {table} WHERE id = ?", ids)
    settle(connection, {face.identity_id for face in faces})
    done = connection.execute("SELECT change FROM history WHERE state = 'done'")
    fix(connection, [change for (change,) in done])
    clear_undo(connection)
    summary = f"{counted(len(found), 'altered vector')} taken out"
    enter(connection, "take-out", summary, payload, "fixed")
    return [one.sentence for one in found]


def settle(connection: sqlite3.Connection, identity_ids: set[int]) -> None:
    """Lets identities go that have no faces left, and brings the others up to date."""
    connection.execute(
        "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM faces WHERE identity_id = identities.id)",
        (as_json(identity_ids),),
    )
    adding.refresh(connection, identity_ids)


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
