"""Corrections of identities and faces: one change, one transaction, one step that can be undone."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import NameTakenError
from engine.records.changes import Changed
from engine.records.wording import counted
from engine.store import adding
from engine.store.access import Access
from engine.store.known import require_faces, require_owner
from engine.store.name_lookup import find_identity, require_identities, require_identity
from engine.store.reading import as_json
from engine.store.recording import record, who


class Correcting(Access):
    """The corrections of a :class:`engine.store.Store`.

    Each returns what it touched, or None where there was nothing to change. Names of identities
    that do not exist and, but for removals, faces that are not enrolled raise
    UnknownIdentityError; it raises GalleryReadOnlyError when it is open for reading only and
    GalleryWriteError when the disk refuses. Whatever is raised, nothing was changed.
    """

    def delete(self, names: Sequence[str]) -> Changed | None:
        """Takes identities out with all their faces and the decisions about them."""
        with self._database.transaction() as connection:
            gone = require_identities(connection, names)
            if not gone:
                return None
            asked = (as_json(gone.values()),)
            faces = connection.execute(
                "DELETE FROM faces WHERE identity_id IN (SELECT value FROM json_each(?))", asked
            ).rowcount
            connection.execute(
                "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?))", asked
            )
            summary = f"{who(gone)} deleted with {counted(faces, 'face')}"
            return record(connection, "delete", summary, {"identities": gone})

    def rename(self, name: str, new: str, key: str) -> Changed | None:
        """Gives an identity another name, and ``key`` as what it looks like.

        Raises:
            NameTakenError: somebody else has it.
        """
        with self._database.transaction() as connection:
            identity, name = require_identity(connection, name)
            if new == name:
                return None
            other = find_identity(connection, new)
            if other is not None and other.id != identity:
                raise NameTakenError(
                    f"There is a “{other.name}” already",
                    remedy=f"Merge “{name}” into it if they are the same person.",
                )
            connection.execute(
                "UPDATE identities SET name = ?, key = ? WHERE id = ?", (new, key, identity)
            )
            payload = {"identity_id": identity, "name": name, "new": new}
            return record(connection, "rename", f"“{name}” renamed to “{new}”", payload)

    def note(self, name: str, text: str) -> Changed | None:
        """Keeps a person's words about an identity; "" for none."""
        with self._database.transaction() as connection:
            identity, name = require_identity(connection, name)
            made = connection.execute(
                "UPDATE identities SET note = ? WHERE id = ? AND note <> ?", (text, identity, text)
            ).rowcount
            if not made:
                return None
            what = "Note on “{}” changed" if text else "Note on “{}” taken away"
            payload = {"identity_id": identity, "name": name}
            return record(connection, "note", what.format(name), payload)

    def choose_portrait(self, name: str, face: int | None) -> Changed | None:
        """Lets a face stand for its identity; None leaves it to the gallery again.

        Raises:
            UnknownIdentityError: also for a face that is not this identity's.
        """
        with self._database.transaction() as connection:
            identity, name = require_identity(connection, name)
            if face is not None:
                require_owner(require_faces(connection, [face])[0], identity, name)
            made = connection.execute(
                "UPDATE identities SET chosen = ? WHERE id = ? AND chosen IS NOT ?",
                (face, identity, face),
            ).rowcount
            if not made:
                return None
            adding.refresh(connection, [identity])
            how = "left to the gallery" if face is None else "chosen"
            payload = {"identity_id": identity, "name": name, "face": face}
            return record(connection, "portrait", f"Portrait of “{name}” {how}", payload)
