"""What a person decided about a vector for good: that it is not this identity."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.errors import UnknownIdentityError
from engine.records.changes import Changed
from engine.store import encoding
from engine.store.access import Access
from engine.store.adding import check_vectors
from engine.store.reading import holders
from engine.store.recording import actor, record
from engine.tools import clock
from engine.types import Ids, VectorRecord, Vectors

Kind = Literal["is", "is-not", "ignore"]

_DIGESTS_AT_ONCE = 10_000


@dataclass(frozen=True, eq=False)
class Refusals:
    """All that vectors were said not to be, for who asks of one vector after another.

    Attributes:
        by_digest: ids of identities.
    """

    by_digest: Mapping[bytes, frozenset[int]]

    def of(self, vectors: Vectors) -> list[frozenset[int]] | None:
        """For each row of ``(m, d)``; None where nothing was said of any."""
        if not self.by_digest:
            return None
        digests = [encoding.digest_of(blob) for blob in encoding.to_blobs(vectors)]
        return [self.by_digest.get(digest, frozenset()) for digest in digests]


class Decisions(Access):
    """The questions and changes of a :class:`engine.store.Store` about who a vector is not.

    A decision holds for exactly one vector, bit by bit. It outlives the faces it was made beside,
    any import, retraining and repair; only a person overrules it, by a later decision, an
    enrolment, a move or a merge that contradicts it. It goes when its identity goes, and comes
    back when that is undone.

    Changes raise GalleryReadOnlyError when it is open for reading only and GalleryWriteError when
    the disk refuses; whatever is raised, nothing was changed.
    """

    def rejections(self, vectors: Vectors) -> list[frozenset[int]]:
        """For each row of ``(m, d)``, the identities that it was said not to be."""
        with self._database.reading() as connection:
            if (
                connection.execute(
                    "SELECT 1 FROM decisions WHERE kind = 'is-not' LIMIT 1"
                ).fetchone()
                is None
            ):
                return [frozenset()] * len(vectors)
            digests = [encoding.digest_of(blob) for blob in encoding.to_blobs(vectors)]
            refused = _refused(connection, digests)
        return [frozenset(one for one, _ in refused.get(digest, ())) for digest in digests]

    def records(self, vectors: Vectors) -> list[VectorRecord]:
        """For each row of ``(m, d)``, the faces that have it and who it was said not to be."""
        digests = [encoding.digest_of(blob) for blob in encoding.to_blobs(vectors)]
        with self._database.reading() as connection:
            faces, refused = holders(connection, digests), _refused(connection, digests)
        return [
            VectorRecord(tuple(faces.get(digest, ())), tuple(refused.get(digest, ())))
            for digest in digests
        ]

    def refusals(self) -> Refusals:
        """What :meth:`rejections` would say of any vector, until the next change."""
        found: dict[bytes, set[int]] = {}
        query = "SELECT digest, identity_id FROM decisions WHERE kind = 'is-not'"
        for digest, identity_id in self._rows(query):
            found.setdefault(digest, set()).add(identity_id)
        return Refusals({digest: frozenset(ids) for digest, ids in found.items()})

    def rejected(self) -> tuple[Vectors, Ids]:
        """All decisions in the order they were made, for training.

        Returns:
            float32 ``(r, d)``, and int64 ``(r,)``: the identity that each vector is not.

        Raises:
            GalleryDamagedError: a vector is not the one that was decided on.
        """
        rows = self._rows(
            "SELECT id, digest, vector, identity_id FROM decisions "
            "WHERE kind = 'is-not' ORDER BY id"
        )
        ids, digests, blobs, identities = zip(*rows, strict=True) if rows else ((), (), (), ())
        vectors = self._genuine(blobs, digests, ids, "decisions")
        with self._sound():
            return vectors, np.array(identities, dtype=np.int64)

    def reject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Remembers that ``vector`` ``(d,)`` is not this identity; None where it is known.

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
            return record(connection, "reject", f"A query is not “{name}”", payload)

    def unreject(self, vector: Vectors, identity_id: int) -> Changed | None:
        """Forgets what :meth:`reject` remembered; None where there is nothing to forget.

        Raises as :meth:`reject`.
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
            return record(connection, "unreject", f"A query may be “{name}” again", payload)

    def _encoded(self, vector: Vectors) -> tuple[bytes, bytes]:
        """Blob and digest of a vector that this gallery can hold."""
        rows = np.asarray(vector)[None]
        check_vectors(rows, self.dimension)
        (blob,) = encoding.to_blobs(rows)
        return blob, encoding.digest_of(blob)


def decide(
    connection: sqlite3.Connection, about: Sequence[tuple[bytes, int | None, bytes]], kind: Kind
) -> int:
    """Remembers decisions, in place of contrary ones; returns how many were not known.

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
        [(digest, owner, kind, blob, clock.now(), actor()) for digest, owner, blob in about],
    ).rowcount


def _refused(
    connection: sqlite3.Connection, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[int, str]]]:
    """Who vectors were said not to be: digest to (identity id, name) pairs, first said first."""
    found: dict[bytes, list[tuple[int, str]]] = {}
    for start in range(0, len(digests), _DIGESTS_AT_ONCE):
        chunk = list(dict.fromkeys(digests[start : start + _DIGESTS_AT_ONCE]))
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            "SELECT d.digest, d.identity_id, i.name "
            "FROM decisions d JOIN identities i ON i.id = d.identity_id "
            f"WHERE d.digest IN ({marks}) AND d.kind = 'is-not' ORDER BY d.id",
            chunk,
        )
        for digest, identity_id, name in rows:
            found.setdefault(digest, []).append((identity_id, name))
    return found


def _name_of(connection: sqlite3.Connection, identity_id: int) -> str:
    query = "SELECT name FROM identities WHERE id = ?"
    row = connection.execute(query, (int(identity_id),)).fetchone()
    if row is None:
        raise UnknownIdentityError(
            f"There is no person with the number {identity_id}", remedy="Identify the query again."
        )
    return str(row[0])
