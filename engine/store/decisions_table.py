"""What a person decided for good about vectors, faces and identities."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import InputError, UnknownIdentityError
from engine.records.changes import Changed, event
from engine.records.domains import current_time
from engine.records.types import Ids, VectorRecord, Vectors
from engine.store import encoding
from engine.store.database import Database, as_json
from engine.store.encoding import genuine_vectors
from engine.store.enrolled_rows import (
    Enrolled,
    NamedIdentity,
    holders,
    lookup_digests,
    require_faces,
    require_identity,
)
from engine.store.history_table import actor, record
from engine.store.new_faces import check_vectors

Kind = Literal["is", "is-not", "ignore"]

_REJECTED = """
    SELECT d.digest, d.identity_id, i.name
    FROM decisions d JOIN identities i ON i.id = d.identity_id
    WHERE d.digest IN ({}) AND d.kind = 'is-not' ORDER BY d.id
"""


@dataclass(frozen=True, eq=False)
class RejectionIndex:
    """All identities that vectors were said not to be, for many queries one after another.

    Attributes:
        by_digest: ids of identities.
    """

    by_digest: Mapping[bytes, frozenset[int]]

    def of(self, vectors: Vectors) -> list[frozenset[int]] | None:
        """Return the rejections of each row of ``(m, d)``; None where there are none at all."""
        if not self.by_digest:
            return None
        digests = encoding.digest_list(vectors)
        return [self.by_digest.get(digest, frozenset()) for digest in digests]


class DecisionsTable:
    """Decisions of a person, in the words of the window: a query is not this identity, a face is
    confirmed or ignored, two identities are distinct.

    A decision about a vector holds for exactly this vector, bit by bit, hence again when its face
    comes back. It outlives the faces it was made beside, any import, retraining and repair; only
    a person overrules it, by a later decision, an enrolment, a move or a merge that contradicts
    it. It goes when its identity goes, and comes back when that is undone.

    A face is confirmed only under the identity that it was confirmed for. A face that is ignored
    stays enrolled and findable; it is not doubted, nor asked about.

    Changes return what they touched, or None where all was known. They raise
    UnknownIdentityError where an identity or a face is not there, GalleryReadOnlyError and
    GalleryWriteError; whatever is raised, nothing was changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- queries that are not an identity ----------------------------------------------------

    def rejections(self, vectors: Vectors) -> list[frozenset[int]]:
        """Return for each row of ``(m, d)`` the identities that it was said not to be."""
        with self._database.reading() as connection:
            query = "SELECT 1 FROM decisions WHERE kind = 'is-not' LIMIT 1"
            if connection.execute(query).fetchone() is None:
                return [frozenset()] * len(vectors)
            digests = encoding.digest_list(vectors)
            rejected = lookup_digests(connection, _REJECTED, digests)
        return [
            frozenset(identity for identity, _ in rejected.get(digest, ())) for digest in digests
        ]

    def records(self, vectors: Vectors) -> list[VectorRecord]:
        """Return for each row of ``(m, d)`` the faces that have it, and who it is not."""
        digests = encoding.digest_list(vectors)
        with self._database.reading() as connection:
            faces = holders(connection, digests)
            rejected = lookup_digests(connection, _REJECTED, digests)
        return [
            VectorRecord(tuple(faces.get(digest, ())), tuple(rejected.get(digest, ())))
            for digest in digests
        ]

    def rejection_index(self) -> RejectionIndex:
        """Return what :meth:`rejections` would say of any vector, until the next change."""
        found: dict[bytes, set[int]] = {}
        query = "SELECT digest, identity_id FROM decisions WHERE kind = 'is-not'"
        for digest, identity_id in self._database.rows(query):
            found.setdefault(digest, set()).add(identity_id)
        return RejectionIndex({digest: frozenset(ids) for digest, ids in found.items()})

    def rejected_vectors(self) -> tuple[Vectors, Ids]:
        """Return all rejections in the order they were made, for training.

        Returns:
            float32 ``(r, d)``, and int64 ``(r,)``: the identity that each vector is not.

        Raises:
            GalleryDamagedError: a vector is not the one that was decided on.
        """
        rows = self._database.rows(
            "SELECT id, digest, vector, identity_id FROM decisions "
            "WHERE kind = 'is-not' ORDER BY id"
        )
        ids, digests, blobs, identities = zip(*rows, strict=True) if rows else ((), (), (), ())
        vectors = genuine_vectors(self._database, blobs, digests, ids, "decisions")
        with self._database.sound():
            return vectors, np.array(identities, dtype=np.int64)

    def reject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Record that ``vector`` ``(d,)`` is not this identity.

        Raises:
            UnknownIdentityError: no identity has this id.
            MismatchError, EmbeddingError: not a vector of this gallery.
        """
        blob, digest = self._encoded(vector)
        with self._database.transaction() as connection:
            name = _name_of(connection, identity_id)
            if not decide(connection, [(digest, int(identity_id), blob)], "is-not"):
                return None
            payload = {"identity_id": int(identity_id), "name": name, "digest": digest.hex()}
            return record(connection, "reject", event("rejected", name), payload)

    def unreject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Delete what :meth:`reject` recorded of a vector ``(d,)``; None where there is nothing.

        Raises:
            UnknownIdentityError, MismatchError, EmbeddingError: see :meth:`reject`.
        """
        _, digest = self._encoded(vector)
        with self._database.transaction() as connection:
            name = _name_of(connection, identity_id)
            gone = connection.execute(
                "DELETE FROM decisions WHERE digest = ? AND identity_id = ? AND kind = 'is-not'",
                (digest, int(identity_id)),
            ).rowcount
            if not gone:
                return None
            payload = {"identity_id": int(identity_id), "name": name, "digest": digest.hex()}
            return record(connection, "unreject", event("unrejected", name), payload)

    # -- faces -------------------------------------------------------------------------------

    def confirmed(self) -> Ids:
        """Return ids ``(n,)`` of faces confirmed as whom they are enrolled as, ascending."""
        return self._decided(
            "SELECT f.id FROM decisions d JOIN faces f "
            "ON f.digest = d.digest AND f.identity_id = d.identity_id WHERE d.kind = 'is'"
        )

    def ignored(self) -> Ids:
        """Return ids ``(n,)`` of faces that are not to be asked about, ascending."""
        return self._decided(
            "SELECT f.id FROM decisions d JOIN faces f ON f.digest = d.digest "
            "WHERE d.kind = 'ignore'"
        )

    def contradicted(self) -> Ids:
        """Return ids ``(n,)`` of faces whose vector was said not to be whom they are enrolled as,
        or to be somebody else and not also them; ascending.
        """
        return self._decided(
            "SELECT DISTINCT f.id FROM decisions d JOIN faces f ON f.digest = d.digest "
            "WHERE (d.kind = 'is-not' AND d.identity_id = f.identity_id) "
            "OR (d.kind = 'is' AND d.identity_id <> f.identity_id AND NOT EXISTS ("
            "SELECT 1 FROM decisions own WHERE own.digest = f.digest "
            "AND own.identity_id = f.identity_id AND own.kind = 'is'))"
        )

    def confirm(self, ids: Sequence[int]) -> Changed | None:
        """Record that faces are whom they are enrolled as."""
        return self._decide_on_faces("confirm", "is", ids)

    def unconfirm(self, ids: Sequence[int]) -> Changed | None:
        """Delete what :meth:`confirm` recorded."""
        return self._delete_of_faces("unconfirm", "is", ids)

    def ignore(self, ids: Sequence[int]) -> Changed | None:
        """Record that faces are not to be asked about, whoever they are."""
        return self._decide_on_faces("ignore", "ignore", ids)

    def unignore(self, ids: Sequence[int]) -> Changed | None:
        """Delete what :meth:`ignore` recorded."""
        return self._delete_of_faces("unignore", "ignore", ids)

    def _decide_on_faces(self, action: str, kind: Kind, ids: Sequence[int]) -> Changed | None:
        with self._database.transaction() as connection:
            faces = require_faces(connection, ids)
            query = (
                "SELECT face_id, vector FROM embeddings "
                "WHERE face_id IN (SELECT value FROM json_each(?))"
            )
            vectors = dict(connection.execute(query, (as_json(face.id for face in faces),)))
            about = [(face.digest, _owner(face, kind), vectors[face.id]) for face in faces]
            return _record_faces(connection, action, decide(connection, about, kind), faces)

    def _delete_of_faces(self, action: str, kind: Kind, ids: Sequence[int]) -> Changed | None:
        with self._database.transaction() as connection:
            faces = require_faces(connection, ids)
            deleted = connection.executemany(
                f"DELETE FROM decisions WHERE digest = ? AND identity_id IS ? AND kind = '{kind}'",
                [(face.digest, _owner(face, kind)) for face in faces],
            ).rowcount
            return _record_faces(connection, action, deleted, faces)

    # -- pairs of identities -----------------------------------------------------------------

    def cannot_link(self) -> frozenset[tuple[int, int]]:
        """Return pairs of ids of identities that are two people, the smaller id first."""
        return frozenset(self._database.rows("SELECT one, other FROM apart"))

    def mark_distinct(self, name: str, other: str) -> Changed | None:
        """Record that two identities are two people.

        Raises:
            InputError: they are one identity.
        """
        with self._database.transaction() as connection:
            first, second = _pair(connection, name, other)
            made = connection.execute(
                "INSERT INTO apart (one, other, at, actor) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (first.id, second.id, current_time(), actor()),
            ).rowcount
            summary = event("distinct", first.name, second.name)
            return _record_pair(connection, "apart", summary, first, second) if made else None

    def unmark_distinct(self, name: str, other: str) -> Changed | None:
        """Delete what :meth:`mark_distinct` recorded.

        Raises:
            InputError: they are one identity.
        """
        with self._database.transaction() as connection:
            first, second = _pair(connection, name, other)
            query = "DELETE FROM apart WHERE one = ? AND other = ?"
            gone = connection.execute(query, (first.id, second.id)).rowcount
            summary = event("undistinct", first.name, second.name)
            return _record_pair(connection, "unapart", summary, first, second) if gone else None

    def _encoded(self, vector: Vectors) -> tuple[bytes, bytes]:
        """Return blob and digest of a vector that this gallery can hold."""
        rows = np.asarray(vector)[None]
        check_vectors(rows, self._database.dimension)
        (blob,) = encoding.to_blobs(rows)
        return blob, encoding.digest_of(blob)

    def _decided(self, query: str) -> Ids:
        faces = [face for (face,) in self._database.rows(query)]
        return np.sort(np.array(faces, dtype=np.int64))


def decide(
    connection: sqlite3.Connection, about: Sequence[tuple[bytes, int | None, bytes]], kind: Kind
) -> int:
    """Record decisions in place of contrary ones; return how many were not known.

    Args:
        about: digest, identity id (None to ignore it) and blob of each vector.
    """
    return connection.executemany(
        "INSERT INTO decisions (digest, identity_id, kind, vector, at, actor) "
        "VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (digest, identity_id) DO UPDATE "
        "SET kind = excluded.kind, at = excluded.at, actor = excluded.actor "
        "WHERE kind <> excluded.kind "
        "ON CONFLICT (digest) WHERE kind = 'ignore' DO NOTHING",
        [(digest, owner, kind, blob, current_time(), actor()) for digest, owner, blob in about],
    ).rowcount


def _name_of(connection: sqlite3.Connection, identity_id: int) -> str:
    query = "SELECT name FROM identities WHERE id = ?"
    row = connection.execute(query, (int(identity_id),)).fetchone()
    if row is None:
        raise UnknownIdentityError(
            f"There is no person with the number {identity_id}", remedy="Identify the query again."
        )
    return str(row[0])


def join_cannot_links(connection: sqlite3.Connection, others: Sequence[int], target: int) -> None:
    """Hand the cannot-links of identities about to be merged to the one that stays."""
    rows = connection.execute(
        "SELECT one, other, at, actor FROM apart "
        "WHERE one IN (SELECT value FROM json_each(:asked)) "
        "OR other IN (SELECT value FROM json_each(:asked)) ORDER BY id",
        {"asked": as_json(others)},
    ).fetchall()
    merged = {target, *others}
    for one, other, at, by in rows:
        remaining = {one, other} - merged
        connection.execute("DELETE FROM apart WHERE one = ? AND other = ?", (one, other))
        if remaining:
            connection.execute(
                "INSERT INTO apart (one, other, at, actor) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (*sorted({target, *remaining}), at, by),
            )


def _pair(
    connection: sqlite3.Connection, name: str, other: str
) -> tuple[NamedIdentity, NamedIdentity]:
    """Return both identities, the smaller id first."""
    first, second = sorted(require_identity(connection, called) for called in (name, other))
    if first == second:
        raise InputError(
            f"“{name}” cannot be kept apart from itself", remedy="Choose two people in the gallery."
        )
    return first, second


def _record_pair(
    connection: sqlite3.Connection,
    action: str,
    summary: str,
    first: NamedIdentity,
    second: NamedIdentity,
) -> Changed:
    payload = {"identities": sorted((first.name, second.name)), "ids": (first.id, second.id)}
    return record(connection, action, summary, payload)


def _record_faces(
    connection: sqlite3.Connection, action: str, count: int, faces: Sequence[Enrolled]
) -> Changed | None:
    if count < 1:  # of no faces at all SQLite counts -1
        return None
    payload = {"faces": [face.id for face in faces]}
    return record(connection, action, event(action, count), payload)


def _owner(face: Enrolled, kind: Kind) -> int | None:
    """Return the identity that a decision about a face is about; none where it is ignored."""
    return None if kind == "ignore" else face.identity_id
