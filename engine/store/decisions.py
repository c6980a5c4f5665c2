"""What a person decided about a query for good: that it is not this identity."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

import numpy as np

from engine.errors import UnknownIdentityError
from engine.store import encoding
from engine.store.access import Access
from engine.store.adding import check_vectors
from engine.store.recording import actor, record
from engine.types import Ids, Vectors

_DIGESTS_AT_ONCE = 10_000


class Decisions(Access):
    """The questions and changes of a :class:`engine.store.Store` about decisions.

    A decision holds for exactly one vector, bit by bit. It outlives the faces it was made beside
    and any import; it goes when its identity goes, or when this vector is enrolled under it.

    Changes raise GalleryReadOnlyError when it is open for reading only and GalleryWriteError when
    the disk refuses; whatever is raised, nothing was changed.
    """

    def rejections(self, vectors: Vectors) -> list[frozenset[int]]:
        """For each row of ``(m, d)``, the identities that it was said not to be."""
        with self._database.reading() as connection:
            if connection.execute("SELECT 1 FROM decisions LIMIT 1").fetchone() is None:
                return [frozenset()] * len(vectors)
            digests = [encoding.digest_of(blob) for blob in encoding.to_blobs(vectors)]
            refused = _refused(connection, digests)
        return [frozenset(refused.get(digest, ())) for digest in digests]

    def rejected(self) -> tuple[Vectors, Ids]:
        """All decisions in the order they were made, for training.

        Returns:
            float32 ``(r, d)``, and int64 ``(r,)``: the identity that each vector is not.

        Raises:
            GalleryDamagedError: a vector does not have the gallery's dimension.
        """
        rows = self._rows("SELECT vector, identity_id FROM decisions ORDER BY id")
        with self._sound():
            vectors = encoding.from_blobs([vector for vector, _ in rows], self.dimension)
            return vectors, np.array([identity_id for _, identity_id in rows], dtype=np.int64)

    def reject(self, vector: Vectors, identity_id: int) -> bool:
        """Remembers that ``vector`` ``(d,)`` is not this identity; False where it is known.

        Raises:
            UnknownIdentityError: no identity has this id.
            MismatchError, EmbeddingError: not a vector of this gallery.
        """
        blob, digest = self._encoded(vector)
        with self._database.transaction() as connection:
            name = _name_of(connection, identity_id)
            made = connection.execute(
                "INSERT OR IGNORE INTO decisions (digest, identity_id, kind, vector, at, actor) "
                "VALUES (?, ?, 'is-not', ?, ?, ?)",
                (digest, int(identity_id), blob, time.time(), actor()),
            ).rowcount
            if made:
                payload = {"identity_id": int(identity_id), "name": name, "digest": digest.hex()}
                record(connection, "reject", f"A query is not “{name}”", payload)
        return bool(made)

    def unreject(self, vector: Vectors, identity_id: int) -> bool:
        """Forgets what :meth:`reject` remembered; False where there is nothing to forget.

        Raises as :meth:`reject`.
        """
        _, digest = self._encoded(vector)
        with self._database.transaction() as connection:
            name = _name_of(connection, identity_id)
            gone = connection.execute(
                "DELETE FROM decisions WHERE digest = ? AND identity_id = ?",
                (digest, int(identity_id)),
            ).rowcount
            if gone:
                payload = {"identity_id": int(identity_id), "name": name, "digest": digest.hex()}
                record(connection, "unreject", f"A query may be “{name}” again", payload)
        return bool(gone)

    def _encoded(self, vector: Vectors) -> tuple[bytes, bytes]:
        """Blob and digest of a vector that this gallery can hold."""
        rows = np.asarray(vector)[None]
        check_vectors(rows, self.dimension)
        (blob,) = encoding.to_blobs(rows)
        return blob, encoding.digest_of(blob)


def _refused(connection: sqlite3.Connection, digests: Sequence[bytes]) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    for start in range(0, len(digests), _DIGESTS_AT_ONCE):
        chunk = list(dict.fromkeys(digests[start : start + _DIGESTS_AT_ONCE]))
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT digest, identity_id FROM decisions WHERE digest IN ({marks})", chunk
        )
        for digest, identity_id in rows:
            found.setdefault(digest, []).append(identity_id)
    return found


def _name_of(connection: sqlite3.Connection, identity_id: int) -> str:
    query = "SELECT name FROM identities WHERE id = ?"
    row = connection.execute(query, (int(identity_id),)).fetchone()
    if row is None:
        raise UnknownIdentityError(
            f"There is no person with the number {identity_id}", remedy="Identify the query again."
        )
    return str(row[0])
