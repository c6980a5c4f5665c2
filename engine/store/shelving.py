"""The shelf: queries that nobody was recognised in, kept until somebody says who they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from engine.errors import UnknownIdentityError
from engine.progress import SILENT
from engine.records.changes import Changed
from engine.records.unknowns import Unknown
from engine.records.wording import counted
from engine.store import adding, comparing, encoding
from engine.store.access import Access
from engine.store.reading import as_json
from engine.store.recording import record
from engine.tools import clock
from engine.types import FaceBatch, Ids, Vectors

# What is enrolled by a change leaves the shelf with it; undoing can bring a face back beside it.
_SHELVED = "NOT EXISTS (SELECT 1 FROM faces f WHERE f.digest = u.digest)"
_COLUMNS = "SELECT u.id, u.file, u.row, u.at, u.thumbnail IS NOT NULL FROM unknowns u"


class Shelving(Access):
    """The questions and changes of a :class:`engine.store.Store` about unknown queries.

    A vector is kept once, bit by bit. Keeping is no step: it happens by itself while a person
    asks, must not stand in the way of undo, and cuts off no redo. Naming and dismissing are steps
    as any other. Changes raise GalleryReadOnlyError and GalleryWriteError as all others;
    whatever is raised, nothing was changed.
    """

    def keep_unknowns(self, batch: FaceBatch, thumbnails: Mapping[int, bytes]) -> int:
        """Puts the rows of a batch on the shelf that are neither there nor enrolled.

        Args:
            thumbnails: encoded pictures by row of the batch.

        Returns:
            how many were put there.

        Raises:
            MismatchError, EmbeddingError: a row that cannot be kept.
        """
        adding.check_vectors(batch.vectors, self.dimension, batch.files)
        blobs = encoding.to_blobs(batch.vectors[:])
        now = clock.now()
        rows = [
            (encoding.digest_of(blob), adding.as_text(batch.files[row]), int(batch.rows[row]), blob,
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
            connection.execute(  # no part of the step that comes next
                "DELETE FROM undo_unknowns WHERE step = (SELECT step FROM gallery)"
            )
            return max(made, 0)

    def unknowns(self) -> list[Unknown]:
        """All that is on the shelf, the oldest first."""
        return [_unknown(row) for row in self._rows(f"{_COLUMNS} WHERE {_SHELVED} ORDER BY u.id")]

    def count_unknowns(self) -> int:
        """How many are on the shelf."""
        return int(self._rows(f"SELECT count(*) FROM unknowns u WHERE {_SHELVED}")[0][0])

    def unknowns_in(self, files: Sequence[str]) -> list[Unknown]:
        """Those that came from one of these files, the oldest first."""
        marks = ",".join("?" * len(files))
        rows = self._rows(
            f"{_COLUMNS} WHERE {_SHELVED} AND u.file IN ({marks}) ORDER BY u.id",
            *map(adding.as_text, files),
        )
        return [_unknown(row) for row in rows]

    def unknown_vectors(self, ids: Sequence[int]) -> tuple[Ids, Vectors]:
        """Embeddings as they came, in the order asked; unknown ids are left out.

        Returns:
            ids int64 ``(n,)``, float32 ``(n, d)``.

        Raises:
            GalleryDamagedError: a vector is not the one that was kept.
        """
        rows = self._rows(
            "SELECT u.id, u.digest, u.vector FROM json_each(?) asked CROSS JOIN unknowns u "
            "ON u.id = asked.value ORDER BY asked.key",
            as_json(ids),
        )
        found, digests, blobs = zip(*rows, strict=True) if rows else ((), (), ())
        vectors = self._genuine(blobs, digests, found, "unknowns")
        return np.array(found, dtype=np.int64), vectors

    def unknown_photo(self, one: int) -> bytes | None:
        """The thumbnail's bytes, or None where there is none."""
        rows = self._rows("SELECT thumbnail FROM unknowns WHERE id = ?", int(one))
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def name_unknowns(self, ids: Sequence[int], name: str, key: str) -> Changed | None:
        """Enrols them under a name, which is made where nobody has it, and takes them off the
        shelf. That a vector was said not to be this person is overruled. None for no ids.

        Raises:
            UnknownIdentityError: one of them is not on the shelf.
        """
        with self._database.transaction() as connection:
            rows = _require(connection, ids)
            if not rows:
                return None
            vectors = self.unknown_vectors([one for one, *_ in rows])[1]
            batch = FaceBatch(
                vectors,
                [name] * len(rows),
                [file for _, file, _, _, _ in rows],
                [row for _, _, row, _, _ in rows],
                [None] * len(rows),
            )
            made = comparing.plan(connection, batch, [name] * len(rows))
            if len(made.rows):
                pictures = {at: one[4] for at, one in enumerate(rows) if one[4] is not None}
                with self._sound():
                    first = adding.next_face(connection)
                added = adding.insert(
                    connection, batch, made, first, {name: key}.__getitem__, pictures, SILENT
                )
                adding.overrule(connection, added.face_ids)
            _delete(connection, [one for one, _, _, _, _ in rows])
            payload = {"unknowns": [one for one, _, _, _, _ in rows], "name": name}
            summary = f"{counted(len(rows), 'unknown face')} named “{name}”"
            return record(connection, "name", summary, payload)

    def dismiss_unknowns(self, ids: Sequence[int]) -> Changed | None:
        """Takes them off the shelf. Returns and raises as :meth:`name_unknowns`."""
        with self._database.transaction() as connection:
            rows = _require(connection, ids)
            if not rows:
                return None
            gone = [one for one, _, _, _, _ in rows]
            _delete(connection, gone)
            summary = f"{counted(len(gone), 'unknown face')} dismissed"
            return record(connection, "dismiss", summary, {"unknowns": gone})


def forget_enrolled(connection: sqlite3.Connection) -> None:
    """Takes off the shelf what is enrolled, as a part of the change that enrols it."""
    connection.execute(
        "DELETE FROM unknowns WHERE EXISTS "
        "(SELECT 1 FROM faces WHERE faces.digest = unknowns.digest)"
    )


def _require(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> list[tuple[int, str, int, bytes, bytes | None]]:
    """Id, file, row, vector and thumbnail of each, by id."""
    rows = connection.execute(
        "SELECT u.id, u.file, u.row, u.vector, u.thumbnail FROM unknowns u "
        f"WHERE u.id IN (SELECT value FROM json_each(?)) AND {_SHELVED} ORDER BY u.id",
        (as_json(ids),),
    ).fetchall()
    missing = {int(one) for one in ids} - {one for one, *_ in rows}
    if missing:
        raise UnknownIdentityError(
            f"Unknown {min(missing)} is not on the shelf",
            remedy="See `face-gallery unknown` for those that are.",
        )
    return rows


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    connection.execute(
        "DELETE FROM unknowns WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),)
    )


def _unknown(values: tuple[int, str, int, float, int]) -> Unknown:
    one, file, row, at, has_photo = values
    return Unknown(one, file, row, at, bool(has_photo))
