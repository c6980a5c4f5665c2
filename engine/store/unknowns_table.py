"""Unknown faces: queries that nobody was recognised in, kept until somebody says who they are, or
kept for good as strangers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from engine.errors import UnknownIdentityError
from engine.progress import SILENT
from engine.records.changes import Changed, event
from engine.records.domains import current_time
from engine.records.types import FaceBatch, Ids, Vectors
from engine.records.unknowns import Unknown
from engine.store import encoding
from engine.store.database import Database, as_json
from engine.store.encoding import genuine_vectors
from engine.store.history_table import record
from engine.store.new_faces import (
    as_text,
    check_vectors,
    insert_faces,
    next_face,
    overrule_decisions,
    plan_insertion,
)
from engine.store.photographs_table import keep_detections

# A face that is enrolled is deleted here by that change; undoing can bring one back beside it.
_NOT_ENROLLED = "NOT EXISTS (SELECT 1 FROM faces f WHERE f.digest = u.digest)"
_UNKNOWN = f"u.stranger = 0 AND {_NOT_ENROLLED}"
_STRANGER = f"u.stranger > 0 AND {_NOT_ENROLLED}"
_COLUMNS = "SELECT u.id, u.file, u.row, u.at, u.thumbnail IS NOT NULL FROM unknowns u"


class UnknownsTable:
    """Unknown faces of a gallery. Each vector is kept once, bit by bit.

    Adding them is no step of the history: it happens by itself while a person asks, must not
    stand in the way of undo, and cuts off no redo. The other changes are steps, which return what
    they touched, or None where nothing was to be done. Changes raise UnknownIdentityError where a
    face is not among the unknown ones, GalleryReadOnlyError and GalleryWriteError; whatever is
    raised, nothing was changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, batch: FaceBatch, thumbnails: Mapping[int, bytes]) -> int:
        """Add the rows of a batch that are neither here, also as strangers, nor enrolled.

        Args:
            thumbnails: encoded pictures by row of the batch.

        Returns:
            how many were added.

        Raises:
            MismatchError, EmbeddingError: a row that cannot be kept.
        """
        check_vectors(batch.vectors, self._database.dimension, batch.files)
        blobs = encoding.to_blobs(batch.vectors[:])
        now = current_time()
        rows = [
            (encoding.digest_of(blob), as_text(batch.files[row]), int(batch.rows[row]), blob,
             thumbnails.get(row), now)
            for row, blob in enumerate(blobs)
        ]  # fmt: skip
        with self._database.transaction() as connection:
            made = connection.executemany(
                "INSERT INTO unknowns (digest, file, row, vector, thumbnail, at) "
                "SELECT ?1, ?2, ?3, ?4, ?5, ?6 "
                "WHERE NOT EXISTS (SELECT 1 FROM faces WHERE digest = ?1) "
                "ON CONFLICT (digest) DO NOTHING",
                rows,
            ).rowcount
            keep_detections(connection, batch.photos, whole=False)
            connection.execute(  # no part of the step that comes next
                "DELETE FROM undo_unknowns WHERE step = (SELECT step FROM gallery)"
            )
            return max(made, 0)

    def all(self) -> list[Unknown]:
        """Return all unknown faces, the oldest first."""
        return [
            _unknown(row)
            for row in self._database.rows(f"{_COLUMNS} WHERE {_UNKNOWN} ORDER BY u.id")
        ]

    def count(self) -> int:
        """Return how many there are."""
        return int(self._database.rows(f"SELECT count(*) FROM unknowns u WHERE {_UNKNOWN}")[0][0])

    def from_files(self, files: Sequence[str]) -> list[Unknown]:
        """Return those that came from one of these files, the oldest first."""
        marks = ",".join("?" * len(files))
        rows = self._database.rows(
            f"{_COLUMNS} WHERE {_UNKNOWN} AND u.file IN ({marks}) ORDER BY u.id",
            *map(as_text, files),
        )
        return [_unknown(row) for row in rows]

    def vectors(self, ids: Sequence[int]) -> tuple[Ids, Vectors]:
        """Return embeddings as they came, in the order asked; ids that are not here are left out.

        Returns:
            ids int64 ``(n,)``, float32 ``(n, d)``.

        Raises:
            GalleryDamagedError: a vector does not match its digest.
        """
        rows = self._database.rows(
            "SELECT u.id, u.digest, u.vector FROM json_each(?) asked CROSS JOIN unknowns u "
            "ON u.id = asked.value ORDER BY asked.key",
            as_json(ids),
        )
        found, digests, blobs = zip(*rows, strict=True) if rows else ((), (), ())
        vectors = genuine_vectors(self._database, blobs, digests, found, "unknowns")
        return np.array(found, dtype=np.int64), vectors

    def thumbnail(self, unknown: int) -> bytes | None:
        """Return the thumbnail's bytes; None where there is none."""
        rows = self._database.rows("SELECT thumbnail FROM unknowns WHERE id = ?", int(unknown))
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def name(self, ids: Sequence[int], name: str) -> Changed | None:
        """Enrol them under a name, which is made where nobody has it. Decisions that a vector is
        not this person are overruled.
        """
        with self._database.transaction() as connection:
            rows = _require(connection, ids)
            if not rows:
                return None
            unknowns, files, places, _, thumbnails = zip(*rows, strict=True)
            names = [name] * len(rows)
            vectors = self.vectors(unknowns)[1]
            batch = FaceBatch(vectors, names, list(files), list(places), [None] * len(rows))
            plan = plan_insertion(connection, batch, names)
            if len(plan.rows):
                pictures = {row: photo for row, photo in enumerate(thumbnails) if photo is not None}
                with self._database.sound():
                    first = next_face(connection)
                added = insert_faces(connection, batch, plan, first, pictures, SILENT)
                overrule_decisions(connection, added.face_ids)
            _delete(connection, unknowns)
            summary = event("named", len(rows), name)
            return record(connection, "name", summary, {"unknowns": list(unknowns), "name": name})

    def dismiss(self, ids: Sequence[int]) -> Changed | None:
        """Delete them."""
        with self._database.transaction() as connection:
            gone = [unknown for unknown, *_ in _require(connection, ids)]
            if not gone:
                return None
            _delete(connection, gone)
            summary = event("dismissed", len(gone))
            return record(connection, "dismiss", summary, {"unknowns": gone})

    def keep_as_strangers(self, people: Mapping[int, int]) -> Changed | None:
        """Keep them as strangers, who are among the unknown faces no more.

        Args:
            people: by the id of each face the least id of a face of the same person.
        """
        with self._database.transaction() as connection:
            ids = sorted(people)
            if not _require(connection, ids):
                return None
            connection.executemany(
                "UPDATE unknowns SET stranger = ? WHERE id = ?",
                [(people[unknown], unknown) for unknown in ids],
            )
            summary = event("strangers", len(ids))
            return record(connection, "keep-strangers", summary, {"unknowns": ids})

    def strangers(self) -> dict[int, int]:
        """Return a number for the person of each stranger, by the id of the face, ascending."""
        query = f"SELECT u.id, u.stranger FROM unknowns u WHERE {_STRANGER} ORDER BY u.id"
        return dict(self._database.rows(query))

    def forget_strangers(self) -> Changed | None:
        """Delete all strangers."""
        gone = list(self.strangers())
        with self._database.transaction() as connection:
            if not gone:
                return None
            _delete(connection, gone)
            summary = event("strangers-forgotten", len(gone))
            return record(connection, "forget-strangers", summary, {"unknowns": gone})


def _require(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> list[tuple[int, str, int, bytes, bytes | None]]:
    """Return id, file, row, vector and thumbnail of each, by id."""
    rows = connection.execute(
        "SELECT u.id, u.file, u.row, u.vector, u.thumbnail FROM unknowns u "
        f"WHERE u.id IN (SELECT value FROM json_each(?)) AND {_UNKNOWN} ORDER BY u.id",
        (as_json(ids),),
    ).fetchall()
    missing = {int(unknown) for unknown in ids} - {unknown for unknown, *_ in rows}
    if missing:
        raise UnknownIdentityError(
            f"There is no unknown query {min(missing)}",
            remedy="List them with `face-gallery unknown`.",
        )
    return rows


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    connection.execute(
        "DELETE FROM unknowns WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),)
    )


def _unknown(values: tuple[int, str, int, float, int]) -> Unknown:
    unknown, file, row, at, has_photo = values
    return Unknown(unknown, file, row, at, bool(has_photo))
