"""Identities of a gallery: who there is, found by name, renamed, merged, split and deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import NameTakenError, UnknownIdentityError
from engine.records.changes import Changed, event
from engine.records.domains import parsed
from engine.records.long_lists import Texts
from engine.records.names import find_lookalikes, name_key, search_lines
from engine.records.roster import Roster
from engine.records.types import Identity
from engine.store.column_domains import LENGTH, NEWLINE, fitting, terminated, whole_numbers
from engine.store.database import Database, as_json
from engine.store.decisions_table import join_cannot_links
from engine.store.enrolled_rows import (
    find_identities,
    find_identity,
    hand_over,
    known_faces,
    put_under,
    refresh,
    require_faces,
    require_identities,
    require_identity,
    require_owner,
    settle,
    unknown_identity,
)
from engine.store.history_table import record

_MANY = 1_000  # identities that differ, from where on all are read anew
_IDENTITY = "SELECT id, name, face_count, portrait, note, chosen IS NOT NULL FROM identities"
_PEOPLE = f"""
    SELECT count(*), group_concat(id), group_concat(face_count),
           group_concat(coalesce(portrait, 0)), group_concat(chosen IS NOT NULL),
           group_concat(name, {NEWLINE}), group_concat(note, {NEWLINE}),
           group_concat({LENGTH.format("note")})
    FROM (SELECT * FROM identities ORDER BY name)
"""


class PeopleTable:
    """Identities of a gallery.

    Changes return what they touched, or None where there was nothing to change. They raise
    UnknownIdentityError where an identity or a face is not there, GalleryReadOnlyError when the
    gallery is open for reading only and GalleryWriteError when the disk refuses; whatever is
    raised, nothing was changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading -----------------------------------------------------------------------------

    def all(self) -> list[Identity]:
        """Return all identities, by name."""
        rows = self._database.rows(f"{_IDENTITY} ORDER BY name")
        return [_identity(row) for row in rows]

    def find(self, name: str) -> Identity | None:
        """Return the identity that a name means: the one of exactly this name, else the only one
        whose name differs in case, Unicode form, blanks or invisible characters alone; else None.

        Raises:
            AmbiguousNameError: several names differ so.
        """
        with self._database.reading() as connection:
            found = find_identity(connection, name)
        rows = found and self._database.rows(f"{_IDENTITY} WHERE id = ?", found.id)
        return _identity(rows[0]) if rows else None

    def require(self, name: str) -> Identity:
        """Return the identity that a name means, by the rule of :meth:`find`.

        Raises:
            UnknownIdentityError: nobody is meant; it suggests names that are spelled alike.
            AmbiguousNameError: several names differ in case, Unicode form or blanks alone.
        """
        found = self.find(name)
        if found is None:
            with self._database.reading() as connection:
                raise unknown_identity(connection, name)
        return found

    def match_names(self, names: Collection[str]) -> dict[str, list[str]]:
        """Return for each name the enrolled name that it is, or those among which :meth:`find`
        would choose; names of new people are left out.
        """
        with self._database.reading() as connection:
            found = find_identities(connection, names)
        return {
            name: [identity.name for identity in identities] for name, identities in found.items()
        }

    def names(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the names of identities by id; ids that do not exist are left out."""
        query = "SELECT id, name FROM identities WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._database.rows(query, as_json(ids)))

    def lookalikes(self, names: Collection[str]) -> dict[str, str]:
        """Return for each name that nobody has the enrolled name that it looks like, if any."""
        enrolled = [
            name for (name,) in self._database.rows("SELECT name FROM identities ORDER BY name")
        ]
        new = sorted(set(names).difference(enrolled))
        return find_lookalikes(new, enrolled) if new else {}

    def counts(self) -> tuple[int, int]:
        """Return the numbers of identities and of faces."""
        query = "SELECT count(*), coalesce(sum(face_count), 0) AS face_count FROM identities"
        identities, faces = self._database.rows(query)[0]
        return identities, faces

    def roster(self, known: Roster | None = None) -> Roster:
        """Return all identities with what a list of them shows.

        Args:
            known: roster read before; where the history tells what has changed since, and it is
                little, only that is read.
        """
        with self._database.snapshot() as connection, self._database.sound():
            (change,) = connection.execute("SELECT change FROM gallery").fetchone()
            if known is not None and known.change == change:
                return known
            touched = None
            if known is not None and known.change < change:
                touched = _touched_since(connection, known.change)
            if known is None or touched is None or len(touched) > _MANY:
                return _roster(change, connection.execute(_PEOPLE).fetchone())
            return known.updated(change, touched, _identities_by_id(connection, touched))

    # -- changing ----------------------------------------------------------------------------

    def delete(self, names: Sequence[str]) -> Changed | None:
        """Delete identities with all their faces and the decisions about them."""
        with self._database.transaction() as connection:
            gone = require_identities(connection, names)
            if not gone:
                return None
            ids = (as_json(gone.values()),)
            faces = connection.execute(
                "DELETE FROM faces WHERE identity_id IN (SELECT value FROM json_each(?))", ids
            ).rowcount
            connection.execute(
                "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?))", ids
            )
            summary = event("deleted", faces, *gone)
            return record(connection, "delete", summary, {"identities": gone})

    def rename(self, name: str, new: str) -> Changed | None:
        """Give an identity another name.

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
                    f"“{other.name}” already exists",
                    remedy=f"Merge “{name}” into it if they are the same person.",
                )
            connection.execute(
                "UPDATE identities SET name = ?, key = ? WHERE id = ?",
                (new, name_key(new), identity),
            )
            payload = {"identity_id": identity, "name": name, "new": new}
            return record(connection, "rename", event("renamed", name, new), payload)

    def set_note(self, name: str, text: str) -> Changed | None:
        """Set the note on an identity; "" for none."""
        with self._database.transaction() as connection:
            identity, name = require_identity(connection, name)
            made = connection.execute(
                "UPDATE identities SET note = ? WHERE id = ? AND note <> ?", (text, identity, text)
            ).rowcount
            if not made:
                return None
            summary = event("note" if text else "note-removed", name)
            payload = {"identity_id": identity, "name": name}
            return record(connection, "note", summary, payload)

    def choose_portrait(self, name: str, face: int | None) -> Changed | None:
        """Choose the portrait of an identity; None leaves the choice to the gallery again.

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
            refresh(connection, [identity])
            summary = event("portrait" if face is not None else "portrait-automatic", name)
            payload = {"identity_id": identity, "name": name, "face": face}
            return record(connection, "portrait", summary, payload)

    def merge(self, names: Sequence[str], into: str) -> Changed | None:
        """Move all faces of identities to another one that stays; the others go.

        Of faces with the same vector one stays, the survivor's own where it has it. Notes are
        joined, the survivor's first. Decisions follow: that a vector is one of the others says
        that it is the survivor; that it is not, likewise, unless it is enrolled under the
        survivor. Where they contradict one another the survivor's count, then those that say is.
        Whoever is marked as distinct from one of them is distinct from the survivor, unless
        merged too.

        Args:
            names: identities to be merged; ``into`` may be among them.
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
            faces = known_faces(connection, [face for (face,) in ids.fetchall()])
            _join_decisions(connection, others, target)
            join_cannot_links(connection, others, target)
            dropped = hand_over(connection, faces, target)
            _join_notes(connection, others, target)
            settle(connection, {target, *others})
            return record(
                connection,
                "merge",
                event("merged", into, len(faces) - len(dropped), len(dropped), *gone),
                {"from": gone, "into": {into: target}, "dropped": sorted(dropped)},
            )

    def split(self, name: str, parts: Mapping[str, Sequence[int]]) -> Changed | None:
        """Move groups of an identity's faces to other identities, known or new, in one step.

        Each group is moved by the rules of :meth:`FacesTable.move`; faces in no group stay, and so
        does a group under the identity's own name.

        Args:
            parts: face ids by name.

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
                        remedy="Choose faces of this person.",
                    )
                if not faces or new == name:
                    continue
                to[new], _ = put_under(connection, faces, new)
                concerned.add(to[new])
                moved += len(faces)
            if not moved:
                return None
            settle(connection, concerned)
            payload = {"from": {name: identity}, "to": to}
            return record(connection, "split", event("split", name, moved, *to), payload)


def _roster(change: int, row: tuple[Any, ...]) -> Roster:
    count, ids, faces, portraits, chosen, names, notes, lengths = row
    fitting("name", (names or "").split("\n") if count else [])
    fitting("note", [notes or ""])
    keys = search_lines(terminated(names))
    read = Roster(
        change,
        whole_numbers("id", ids),
        whole_numbers("face_count", faces),
        whole_numbers("", portraits),
        whole_numbers("", chosen).astype(np.bool_),
        Texts.of_lines(terminated(names)),
        Texts.of_lengths(terminated(notes), whole_numbers("", lengths)),
        Texts.of_lines(keys),
    )
    columns = (read.ids, read.faces, read.portraits, read.chosen, read.names, read.notes, read.keys)
    if any(len(column) != count for column in columns):
        raise ValueError("a column of the identities does not have a value for each")
    lines = keys.split("\n")
    return read.take(np.array(sorted(range(count), key=lines.__getitem__), dtype=np.int64))


def _touched_since(connection: sqlite3.Connection, change: int) -> list[int] | None:
    """Return ids of identities touched since a change; None where it cannot be told."""
    steps: set[int] = set()
    query = "SELECT step, action, payload FROM history WHERE change > ?"
    for step, action, payload in connection.execute(query, (change,)).fetchall():
        if step is not None:
            steps.add(step)
            continue
        if action not in ("undo", "redo"):
            return None
        swapped = as_json(parsed(payload)["changes"])
        query = "SELECT step FROM history WHERE change IN (SELECT value FROM json_each(?))"
        for (swapped_step,) in connection.execute(query, (swapped,)):
            if swapped_step is None:
                return None  # something else was done in its place, and its rows were deleted
            steps.add(swapped_step)
    query = "SELECT DISTINCT id FROM undo_identities WHERE step IN (SELECT value FROM json_each(?))"
    return [identity for (identity,) in connection.execute(query, (as_json(steps),))]


def _identities_by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Identity]:
    """Return identities in no order; ids that do not exist are left out."""
    query = f"{_IDENTITY} WHERE id IN (SELECT value FROM json_each(?))"
    return [_identity(row) for row in connection.execute(query, (as_json(ids),))]


def _identity(values: Iterable[Any]) -> Identity:
    identity, name, faces, portrait, note, chosen = values
    return Identity(identity, name, faces, portrait, note, bool(chosen))


def _join_notes(connection: sqlite3.Connection, others: Sequence[int], target: int) -> None:
    rows = connection.execute(
        "SELECT note FROM identities WHERE id = ? "
        "UNION ALL SELECT i.note FROM json_each(?) asked JOIN identities i ON i.id = asked.value",
        (target, as_json(others)),
    ).fetchall()
    notes = dict.fromkeys(note for (note,) in rows if note)
    connection.execute("UPDATE identities SET note = ? WHERE id = ?", ("\n\n".join(notes), target))


def _join_decisions(connection: sqlite3.Connection, others: Sequence[int], target: int) -> None:
    """Hand decisions over, while each face is still under its old identity."""
    other_ids = as_json(others)
    connection.execute(  # merging says that what is enrolled under the others is the survivor
        "DELETE FROM decisions WHERE identity_id = ? AND kind = 'is-not' AND digest IN "
        "(SELECT digest FROM faces WHERE identity_id IN (SELECT value FROM json_each(?)))",
        (target, other_ids),
    )
    connection.execute(
        "DELETE FROM decisions WHERE kind = 'is-not' "
        "AND identity_id IN (SELECT value FROM json_each(?)) "
        "AND digest IN (SELECT digest FROM faces WHERE identity_id = ?)",
        (other_ids, target),
    )
    rows = connection.execute(
        "SELECT id, digest FROM decisions "
        "WHERE identity_id = ? OR identity_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY identity_id <> ?, kind, id",  # is comes before is-not
        (target, other_ids, target),
    ).fetchall()
    kept: dict[bytes, int] = {}
    for decision, digest in rows:
        kept.setdefault(digest, decision)
    connection.execute(
        "DELETE FROM decisions WHERE identity_id IN (SELECT value FROM json_each(?)) "
        "AND id NOT IN (SELECT value FROM json_each(?))",
        (other_ids, as_json(kept.values())),
    )
    connection.execute(
        "UPDATE decisions SET identity_id = ? "
        "WHERE identity_id IN (SELECT value FROM json_each(?))",
        (target, other_ids),
    )
