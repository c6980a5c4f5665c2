"""Vectors as the database holds them: float32, little-endian, with a digest of the bytes, which
tells where one was altered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from engine.errors import GalleryDamagedError
from engine.progress import SILENT, Reporter
from engine.records.types import Ids, Rows, Vectors
from engine.store.column_domains import unchecked
from engine.store.database import Database
from engine.store.failures import TAKE_OUT

STORED = np.dtype("<f4")
_DIGEST = 16
COMPARING = "Comparing faces"
_AT_ONCE = 4_096  # rows, 2 MB of 128 numbers
Digests = npt.NDArray[np.uint64]
"""Digests of many vectors, ``(n, 2)``: 16 bytes a row."""


def to_blobs(vectors: Vectors) -> list[bytes]:
    """Return a blob of ``4 d`` bytes for each row of ``(n, d)``."""
    data = np.ascontiguousarray(vectors, dtype=STORED).tobytes()
    size = vectors.shape[1] * STORED.itemsize
    return [data[start : start + size] for start in range(0, len(data), size)]


def from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Decode blobs into float32 ``(n, d)``.

    Raises:
        ValueError: the sizes do not fit, or a number is none: what was enrolled is finite.
    """
    rows = np.frombuffer(b"".join(blobs), dtype=STORED).reshape(len(blobs), dimension)
    if not np.isfinite(rows).all():
        raise ValueError("an embedding contains NaN or infinity")
    return rows.astype(np.float32)  # native byte order, and writable


def size_of(dimension: int) -> int:
    """Return the number of bytes of one blob."""
    return dimension * STORED.itemsize


def digest_of(blob: bytes) -> bytes:
    """Return 16 bytes that stand for exactly this vector."""
    return blake2b(blob, digest_size=_DIGEST).digest()


def digest_list(vectors: Vectors) -> list[bytes]:
    """Return the digest of each row of ``(n, d)`` as the database holds it."""
    return list(map(digest_of, to_blobs(vectors)))


def digests_of(vectors: Rows, reporter: Reporter = SILENT) -> Digests:
    """Return the digest of each row of ``(n, d)`` as two numbers. Raise CancelledError."""
    found = np.empty((len(vectors), 2), dtype=np.uint64)
    for start in range(0, len(vectors), _AT_ONCE):
        reporter.progress(COMPARING, start, len(vectors))
        blobs = to_blobs(vectors[start : start + _AT_ONCE])
        data = b"".join(map(digest_of, blobs))
        found[start : start + _AT_ONCE] = np.frombuffer(data, dtype=np.uint64).reshape(-1, 2)
    return found


def as_bytes(digests: Digests) -> list[bytes]:
    """Convert digests ``(n, 2)`` to bytes, as the database holds them."""
    data = digests.tobytes()
    return [data[start : start + _DIGEST] for start in range(0, len(data), _DIGEST)]


def group_equal(digests: Digests) -> tuple[Ids, Ids]:
    """Group rows of equal digests ``(n, 2)``.

    Returns:
        rows ``(n,)`` in an order in which those of one digest stand together, ascending; and the
        positions in it at which a group begins.
    """
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    placed = digests[order]
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = (placed[1:] != placed[:-1]).any(axis=1)
    return order, np.flatnonzero(begins)


def repeated(vectors: Rows) -> Iterator[list[int]]:
    """Yield the groups of rows of ``(n, d)`` that are equal bit by bit, ascending."""
    order, begins = group_equal(digests_of(vectors))
    ends = np.append(begins[1:], len(order))
    for group in np.flatnonzero(ends - begins > 1).tolist():
        yield order[begins[group] : ends[group]].tolist()


# -- altered vectors -------------------------------------------------------------------------------

_KEPT = {
    "faces": "SELECT f.id AS id, f.digest, e.vector, i.name, f.file, f.row FROM faces f "
    "JOIN embeddings e ON e.face_id = f.id LEFT JOIN identities i ON i.id = f.identity_id",
    "decisions": "SELECT id, digest, vector FROM decisions",
    "unknowns": "SELECT id, digest, vector, file, row FROM unknowns",
    "detections": "SELECT d.id AS id, d.digest, d.vector, p.file, d.number AS row "
    "FROM detections d JOIN photographs p ON p.id = d.photograph_id",
}
_NOUNS = {
    "faces": "embedding of face",
    "decisions": "vector of decision",
    "unknowns": "vector of unknown",
    "detections": "vector of detection",
}
_DONE = {"faces": "enrolled", "decisions": "decided on", "unknowns": "kept", "detections": "found"}


@dataclass(frozen=True)
class AlteredVector:
    """A vector that does not match its digest.

    Attributes:
        table: faces, decisions, unknowns or detections.
        id: of its row there.
        sentence: for the person.
    """

    table: str
    id: int
    sentence: str


def genuine_vectors(
    database: Database,
    blobs: Sequence[bytes],
    digests: Sequence[bytes],
    ids: Sequence[int],
    table: str,
) -> Vectors:
    """Decode the vectors ``(n, d)`` of rows of a table with these ids.

    Raises:
        GalleryDamagedError: one does not match its digest, or is none of this gallery.
    """
    with database.sound():
        if not (problem := _altered_rows(blobs, digests)):
            return from_blobs(blobs, database.dimension)
    with database.reading() as connection:
        sentence = _altered_one(connection, table, ids[problem[0]])
    raise GalleryDamagedError(sentence, file=database.path, remedy=TAKE_OUT)


def _altered_rows(blobs: Sequence[bytes], digests: Sequence[bytes]) -> list[int]:
    """Return the positions of blobs that do not match their digests."""
    made = list(map(digest_of, blobs))
    if made == list(digests):
        return []
    return [at for at, digest in enumerate(digests) if made[at] != digest]


def altered_vectors(connection: sqlite3.Connection, dimension: int) -> Iterator[AlteredVector]:
    """Yield all vectors that do not match their digests, or are none of this gallery."""
    size = size_of(dimension)
    for table, query in _KEPT.items():
        cursor = unchecked(connection, query)
        for rows in iter(cursor.fetchmany, []):
            for row, digest, vector, *where in rows:
                if not isinstance(vector, bytes) or len(vector) != size:
                    problem = f"does not have {size} bytes"
                elif digest_of(vector) != digest:
                    problem = f"is not the one that was {_DONE[table]}"
                elif not np.isfinite(np.frombuffer(vector, STORED)).all():
                    problem = "holds NaN or infinity"
                else:
                    continue
                yield AlteredVector(table, row, f"{_described(table, row, where)} {problem}")


def _altered_one(connection: sqlite3.Connection, table: str, row: int) -> str:
    """Return a sentence on one row whose vector does not match its digest."""
    cursor = unchecked(connection, f"SELECT * FROM ({_KEPT[table]}) WHERE id = ?", row)
    found = cursor.fetchone()
    where = found[3:] if found else ()
    return f"{_described(table, row, where)} is not the one that was {_DONE[table]}"


def _described(table: str, row: int, where: Sequence[object]) -> str:
    place = ""
    if where:
        *name, file, at = where
        number = f", row {at + 1:,}" if isinstance(at, int) and at else ""
        place = f" ({''.join(f'“{part}”, ' for part in name)}{file}{number})"
    return f"The {_NOUNS[table]} {row}{place}"
