"""Several identities made one, and one made several."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from engine.errors import UnknownIdentityError
from engine.records.changes import Changed
from engine.records.wording import counted
from engine.store.access import Access
from engine.store.apart import join_apart
from engine.store.known import faces_known, require_faces
from engine.store.moving import hand_over, put_under, settle
from engine.store.name_lookup import require_identities, require_identity
from engine.store.reading import as_json
from engine.store.recording import record, who


class Merging(Access):
    """What a :class:`engine.store.Store` does where one person has several names, or several
    people have one.
    """

    def merge(self, names: Sequence[str], into: str) -> Changed | None:
        """Puts all faces of identities under another one that stays; the others go.

        Of faces with the same vector one stays, the survivor's own where it has it. Notes are
        joined, the survivor's first. Decisions follow: that a vector is one of the others says
        that it is the survivor; that it is not, likewise, unless it is enrolled under the
        survivor. Where they contradict one another the survivor's count, then those that say is.
        Whoever was said to be another person than one of them is another person than the
        survivor, unless merged too.

        Returns None where no other identity is named. Raises as :class:`Correcting`.
        """
        with self._database.transaction() as connection:
            target, into = require_identity(connection, into)
            gone = require_identities(connection, names)
            gone.pop(into, None)
            if not gone:
                return None
            others = list(gone.values())
            ids = connection.execute(
                "SELECT id FROM faces WHERE identity_id IN (SELECT value FROM json_each(?))",
                (as_json(others),),
            )
            faces = faces_known(connection, [face for (face,) in ids.fetchall()])
            _join_decisions(connection, others, target)
            join_apart(connection, others, target)
            dropped = hand_over(connection, faces, target)
            _join_notes(connection, others, target)
            settle(connection, {target, *others})
            return record(
                connection,
                "merge",
                _summary(gone, into, len(faces) - len(dropped), len(dropped)),
                {"from": gone, "into": {into: target}, "dropped": sorted(dropped)},
            )

    def split(
        self, name: str, parts: Mapping[str, Sequence[int]], keys: Mapping[str, str]
    ) -> Changed | None:
        """Moves groups of an identity's faces to others, known or new, in one step.

        Each goes as :meth:`Correcting.move` has it; faces in no group stay. A group that is to
        have the identity's own name stays too.

        Args:
            parts: face ids by name. keys: what each of these names looks like.

        Raises:
            UnknownIdentityError: nobody of that name, or a face is not theirs.
        """
        with self._database.transaction() as connection:
            identity, name = require_identity(connection, name)
            concerned, moved, to = {identity}, 0, {}
            for new, ids in parts.items():
                faces = require_faces(connection, ids)
                if stray := [face.id for face in faces if face.identity_id != identity]:
                    raise UnknownIdentityError(
                        f"Face {stray[0]} is not one of “{name}”, or is in two groups",
                        remedy="Choose its own faces.",
                    )
                if not faces or new == name:
                    continue
                to[new], _ = put_under(connection, faces, new, keys[new])
                concerned.add(to[new])
                moved += len(faces)
            if not moved:
                return None
            settle(connection, concerned)
            payload = {"from": {name: identity}, "to": to}
            where = ", ".join(f"“{new}”" for new in to)
            summary = f"“{name}” split: {counted(moved, 'face')} moved to {where}"
            return record(connection, "split", summary, payload)


def _summary(gone: Mapping[str, int], into: str, faces: int, dropped: int) -> str:
    less = f", {counted(dropped, 'duplicate')} dropped" if dropped else ""
    return f"{who(gone)} merged into “{into}” with {counted(faces, 'face')}{less}"


def _join_notes(connection: sqlite3.Connection, others: Sequence[int], target: int) -> None:
    rows = connection.execute(
        "SELECT note FROM identities WHERE id = ? "
        "UNION ALL SELECT i.note FROM json_each(?) asked JOIN identities i ON i.id = asked.value",
        (target, as_json(others)),
    ).fetchall()
    notes = dict.fromkeys(note for (note,) in rows if note)
    connection.execute("UPDATE identities SET note = ? WHERE id = ?", ("\n\n".join(notes), target))


def _join_decisions(connection: sqlite3.Connection, others: Sequence[int], target: int) -> None:
    """Called while each face is still where it was."""
    asked = as_json(others)
    connection.execute(  # merging says that what is enrolled under the others is the survivor
        "DELETE FROM decisions WHERE identity_id = ? AND kind = 'is-not' AND digest IN "
        "(SELECT digest FROM faces WHERE identity_id IN (SELECT value FROM json_each(?)))",
        (target, asked),
    )
    connection.execute(
        "DELETE FROM decisions WHERE kind = 'is-not' "
        "AND identity_id IN (SELECT value FROM json_each(?)) "
        "AND digest IN (SELECT digest FROM faces WHERE identity_id = ?)",
        (asked, target),
    )
    rows = connection.execute(
        "SELECT id, digest FROM decisions "
        "WHERE identity_id = ? OR identity_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY identity_id <> ?, kind, id",  # is comes before is-not
        (target, asked, target),
    ).fetchall()
    kept: dict[bytes, int] = {}
    for decision, digest in rows:
        kept.setdefault(digest, decision)
    connection.execute(
        "DELETE FROM decisions WHERE identity_id IN (SELECT value FROM json_each(?)) "
        "AND id NOT IN (SELECT value FROM json_each(?))",
        (asked, as_json(kept.values())),
    )
    connection.execute(
        "UPDATE decisions SET identity_id = ? "
        "WHERE identity_id IN (SELECT value FROM json_each(?))",
        (target, asked),
    )
