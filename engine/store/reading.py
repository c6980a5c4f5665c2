"""Everything that is asked of a gallery's database; from any thread, beside a running change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from engine.errors import GalleryDamagedError
from engine.records.changes import HistoryEntry
from engine.records.lookalikes import find_lookalikes
from engine.records.parsing import checked, parsed
from engine.store import encoding, integrity
from engine.store.access import Access
from engine.store.name_lookup import find_identities, find_identity, unknown_identity
from engine.types import Face, Identity, Ids, Vectors

_IDENTITY = "SELECT id, name, face_count, portrait, note, chosen IS NOT NULL FROM identities"
_FACE = """
    SELECT f.id, f.identity_id, i.name, f.file, f.row, f.added,
           EXISTS (SELECT 1 FROM photos p WHERE p.face_id = f.id)
    FROM faces f JOIN identities i ON i.id = f.identity_id
"""
# CROSS JOIN keeps SQLite from turning the loops round, and with them the order asked for.
_ASKED = "FROM json_each(?) asked CROSS JOIN"
_DIGESTS_AT_ONCE = 10_000
_IDS_AT_ONCE = 10_000
_READINGS = 8  # joined to a part: calibration takes 18 s instead of 10 where each is one
_Part = tuple[Ids, Ids, Vectors]


class Reading(Access):
    """The questions of a :class:`engine.store.Store` about identities, faces and history."""

    def change(self) -> int:
        """The change counter as committed, by whichever process."""
        with self._sound():
            ((change,),) = self._rows("SELECT change FROM gallery")
            return int(change)

    def identities(self) -> list[Identity]:
        """All identities, by name."""
        rows = self._rows(f"{_IDENTITY} ORDER BY name")
        return [_identity(row) for row in rows]

    def identity(self, name: str) -> Identity | None:
        """The identity that a name means: the one that has exactly it, else the only one whose
        name differs in case, Unicode form, blanks or invisible characters alone; None for nobody.

        Raises:
            AmbiguousNameError: several names differ so.
        """
        with self._database.reading() as connection:
            found = find_identity(connection, name)
        rows = found and self._rows(f"{_IDENTITY} WHERE id = ?", found.id)
        return _identity(rows[0]) if rows else None

    def require_identity(self, name: str) -> Identity:
        """The identity that a name means.

        Raises:
            UnknownIdentityError: nobody is meant; it suggests names that are spelled alike.
            AmbiguousNameError: several names differ in case, Unicode form or blanks alone.
        """
        found = self.identity(name)
        if found is None:
            with self._database.reading() as connection:
                raise unknown_identity(connection, name)
        return found

    def find_names(self, names: Collection[str]) -> dict[str, list[str]]:
        """For each name the enrolled one that it is, or those that :meth:`identity` would choose
        from. Names of new people are left out.
        """
        with self._database.reading() as connection:
            found = find_identities(connection, names)
        return {name: [one.name for one in identities] for name, identities in found.items()}

    def names_of(self, ids: Sequence[int]) -> dict[int, str]:
        """The names of identities; ids that do not exist are left out."""
        query = "SELECT id, name FROM identities WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._rows(query, as_json(ids)))

    def find_lookalikes(self, names: Collection[str]) -> dict[str, str]:
        """For each name that nobody has, and that looks like another one's, that one's."""
        enrolled = [name for (name,) in self._rows("SELECT name FROM identities ORDER BY name")]
        new = sorted(set(names).difference(enrolled))
        return find_lookalikes(new, enrolled) if new else {}

    def counts(self) -> tuple[int, int]:
        """How many identities and faces."""
        query = "SELECT count(*), coalesce(sum(face_count), 0) AS face_count FROM identities"
        identities, faces = self._rows(query)[0]
        return identities, faces

    def faces(self, identity_id: int) -> list[Face]:
        """The faces of an identity in the order of enrolment; none where there is no such id."""
        query = f"{_FACE} WHERE f.identity_id = ? ORDER BY f.id"
        rows = self._rows(query, identity_id)
        return [_face(row) for row in rows]

    def faces_by_id(self, ids: Sequence[int]) -> list[Face]:
        """Faces in the order asked; ids that do not exist are left out."""
        select = _FACE.replace("FROM faces f JOIN", f"{_ASKED} faces f ON f.id = asked.value JOIN")
        rows = self._rows(f"{select} ORDER BY asked.key", as_json(ids))
        return [_face(row) for row in rows]

    def faces_from(self, file: str) -> list[Face]:
        """Faces whose file is this one or ends with these parts, by id; ``:3`` at the end is the
        third row, and none is any row.
        """
        name, colon, row = file.rpartition(":")
        at = int(row) - 1 if colon and row.isdecimal() else None
        ending = "/" + (name if at is not None else file).replace("\\", "/")
        rows = self._rows(
            f"{_FACE} WHERE substr('/' || replace(f.file, '\\', '/'), -length(?)) = ? "
            "AND (? IS NULL OR f.row = ?) ORDER BY f.id",
            *(ending, ending, at, at),
        )
        return [_face(one) for one in rows]

    def vectors(self, ids: Ids | None = None) -> tuple[Ids, Ids, Vectors]:
        """Embeddings as they came.

        Args:
            ids: face ids, in the order wanted (unknown ones are left out); None for all, by id.

        Returns:
            face ids int64 ``(n,)``, identity ids int64 ``(n,)``, float32 ``(n, d)``.

        Raises:
            GalleryDamagedError: an embedding is not the one that was enrolled.
        """
        parts = list(self._each_vectors(ids))
        if not parts:
            return _ids(()), _ids(()), np.empty((0, self.dimension), dtype=np.float32)
        return _joined(parts)

    def each_vectors(self, ids: Ids | None = None) -> Iterator[_Part]:
        """The same a few thousand at a time, all of one moment, however many there are.

        Raises as :meth:`vectors`.
        """
        read = self._each_vectors(ids)
        while parts := list(islice(read, _READINGS)):
            yield _joined(parts)

    def _each_vectors(self, ids: Ids | None) -> Iterator[_Part]:
        columns = "SELECT f.id, f.identity_id, f.digest, e.vector"
        join = "embeddings e ON e.face_id = f.id"
        if ids is None:
            found = self._each(f"{columns} FROM faces f CROSS JOIN {join} ORDER BY f.id")
        else:
            asked = f"{_ASKED} faces f ON f.id = asked.value JOIN {join} ORDER BY asked.key"
            found = self._each(f"{columns} {asked}", as_json(ids))
        for rows in found:
            faces, identities, digests, blobs = zip(*rows, strict=True)
            vectors = self._genuine(blobs, digests, faces, "faces")
            with self._sound():
                part = _ids(faces), _ids(identities), vectors
            yield part

    def membership(self) -> tuple[Ids, Ids]:
        """Face ids and the identity id of each, by face id, without the embeddings."""
        parts = [np.empty((0, 2), dtype=np.int64)]
        for rows in self._each("SELECT id, identity_id FROM faces ORDER BY id"):
            with self._sound():
                flat = np.fromiter(chain.from_iterable(rows), np.int64, 2 * len(rows))
            parts.append(flat.reshape(-1, 2))
        faces, identities = np.concatenate(parts).T
        return np.ascontiguousarray(faces), np.ascontiguousarray(identities)

    def last_face(self) -> int:
        """The highest id of a face, 0 where there is none; found without counting."""
        return int(self._rows("SELECT coalesce(max(id), 0) AS seq FROM faces")[0][0])

    def spread(self, most: int) -> Ids:
        """At most so many face ids from the whole range, ascending, without reading all of them;
        of a gallery with no more faces than that all, where few were ever taken out.
        """
        first, last = self._rows("SELECT min(id) AS first, max(id) AS last FROM faces")[0]
        if first is None:
            return _ids(())
        with self._sound():
            asked = np.unique(np.linspace(first, last, most).astype(np.int64))
        query = (
            "SELECT DISTINCT (SELECT min(id) FROM faces WHERE id >= asked.value) "
            "FROM json_each(?) asked"
        )
        return np.unique(_ids([face for (face,) in self._rows(query, as_json(asked))]))

    def members(self, identity_ids: Sequence[int]) -> Ids:
        """Ids of all faces of some identities, ascending."""
        query = "SELECT id FROM faces WHERE identity_id IN (SELECT value FROM json_each(?))"
        return np.sort(_ids([face for (face,) in self._rows(query, as_json(identity_ids))]))

    def photo(self, face_id: int) -> bytes | None:
        """The thumbnail's bytes, or None where the face has none."""
        query = "SELECT thumbnail FROM photos WHERE face_id = ?"
        rows = self._rows(query, int(face_id))
        return rows[0][0] if rows else None

    def find(self, vectors: Vectors) -> list[list[tuple[int, str]]]:
        """For each row of ``(n, d)``, the enrolled faces with exactly this vector.

        Returns:
            per row, (face id, identity name) pairs by face id.
        """
        digests = [encoding.digest_of(blob) for blob in encoding.to_blobs(vectors)]
        with self._database.reading() as connection:
            known = holders(connection, digests)
        return [list(known.get(digest, ())) for digest in digests]

    def history(self, limit: int | None = None) -> list[HistoryEntry]:
        """Every move of the change counter, newest first, at most ``limit``."""
        return self._entries("", limit)

    def changes(self, limit: int | None = None) -> list[HistoryEntry]:
        """The same without undoing and redoing: each entry says by itself how it stands."""
        return self._entries("WHERE action NOT IN ('undo', 'redo')", limit)

    def setting(self, key: str) -> str | None:
        """The value kept under ``key``."""
        rows = self._rows("SELECT value FROM settings WHERE key = ?", key)
        return rows[0][0] if rows else None

    def _entries(self, where: str, limit: int | None) -> list[HistoryEntry]:
        rows = self._rows(
            "SELECT change, at, actor, action, summary, payload, state FROM history "
            f"{where} ORDER BY change DESC LIMIT ?",
            -1 if limit is None else limit,
        )
        with self._sound():
            return [
                checked(HistoryEntry(change, at, actor, action, summary, parsed(payload), state))
                for change, at, actor, action, summary, payload, state in rows
            ]

    def altered(self) -> list[str]:
        """A sentence on every vector that is not the one that was kept, as its digest tells."""
        with self._database.reading() as connection:
            return [one.sentence for one in integrity.altered(connection, self.dimension)]

    def integrity(self) -> list[str]:
        """What is wrong with the database, one sentence each; nothing when it is sound."""
        try:
            with self._database.reading() as connection:
                return integrity.problems(connection, self.dimension)
        except GalleryDamagedError as error:
            return [error.reason]


def holders(
    connection: sqlite3.Connection, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[int, str]]]:
    """Who has these vectors: digest to (face id, identity name) pairs, by face id."""
    found: dict[bytes, list[tuple[int, str]]] = {}
    if connection.execute("SELECT 1 FROM faces LIMIT 1").fetchone() is None:
        return found  # spares the first import its look-ups
    for start in range(0, len(digests), _DIGESTS_AT_ONCE):
        chunk = list(dict.fromkeys(digests[start : start + _DIGESTS_AT_ONCE]))
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            "SELECT f.digest, f.id, i.name FROM faces f JOIN identities i ON i.id = f.identity_id "
            f"WHERE f.digest IN ({marks}) ORDER BY f.id",
            chunk,
        )
        for digest, face_id, name in rows:
            found.setdefault(digest, []).append((face_id, name))
    return found


def identities_by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Identity]:
    """Identities in no order; ids that do not exist are left out."""
    query = f"{_IDENTITY} WHERE id IN (SELECT value FROM json_each(?))"
    return [_identity(row) for row in connection.execute(query, (as_json(ids),))]


def as_json(values: Iterable[int]) -> str:
    """Ids as the one parameter that json_each takes, however many there are."""
    # piece by piece: of a million at once other threads wait for 140 ms, so for 17
    left = map(int, values)
    pieces = iter(lambda: list(islice(left, _IDS_AT_ONCE)), [])
    return f"[{','.join(json.dumps(piece)[1:-1] for piece in pieces)}]"


def _identity(values: Iterable[Any]) -> Identity:
    identity, name, faces, portrait, note, chosen = values
    return Identity(identity, name, faces, portrait, note, bool(chosen))


def _face(values: Iterable[Any]) -> Face:
    face, identity_id, name, file, row, added, has_photo = values
    return Face(face, identity_id, name, file, row, added, bool(has_photo))


def _joined(parts: Sequence[_Part]) -> _Part:
    faces, identities, rows = zip(*parts, strict=True)
    return np.concatenate(faces), np.concatenate(identities), np.concatenate(rows)


def _ids(values: Sequence[int]) -> Ids:
    return np.array(values, dtype=np.int64)
