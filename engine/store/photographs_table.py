"""Photographs that faces were found in, and these faces."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.records.changes import Changed, event
from engine.records.detections import (
    Box,
    DetectedFace,
    DetectionMode,
    FaceQuality,
    Photograph,
    PhotographFaces,
    vectors_of,
)
from engine.records.domains import current_time
from engine.records.scans import PhotographRecord, RescanPreview
from engine.records.types import FaceBatch, Vectors
from engine.store import encoding
from engine.store.database import Database, as_json
from engine.store.encoding import genuine_vectors
from engine.store.history_table import record
from engine.store.new_faces import as_text

_NO_DIGEST = bytes(16)
_ENROLLED = "EXISTS (SELECT 1 FROM faces f WHERE f.digest = d.digest)"
_SHELVED = "EXISTS (SELECT 1 FROM unknowns u WHERE u.digest = d.digest)"
_CURRENT = "d.mode = p.mode"
_OPEN = f"d.settled = 0 AND {_CURRENT} AND p.scanned = 1 AND NOT {_ENROLLED} AND NOT {_SHELVED}"
_PHOTOGRAPH = (
    "p.id, p.file, p.size, p.modified, p.digest, p.width, p.height, p.taken, p.mode, p.prepared, "
    "p.problem"
)
_FACE = "d.id, d.number, d.x, d.y, d.width, d.height, d.sharpness, d.turn, d.score"
_OVERLAP = 0.4  # of the area that two boxes of one face cover together


@dataclass(frozen=True)
class Unreadable:
    """A photograph that could not be used, as it lay in its folder."""

    file: str
    size: int
    modified: int
    problem: str


class PhotographsTable:
    """Photographs of a gallery and the faces found in them.

    Filling it is no step of the history, as with unknown faces: what a face came to is told by the
    enrolled and the unknown ones. Changes raise GalleryReadOnlyError and GalleryWriteError;
    whatever is raised, nothing was changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading -----------------------------------------------------------------------------

    def scanned(self) -> dict[str, PhotographRecord]:
        """Return all photographs that a scan looked at, by file."""
        rows = self._database.rows(
            f"SELECT {_PHOTOGRAPH}, (SELECT count(*) FROM detections d "
            f"WHERE d.photograph_id = p.id AND {_CURRENT}) FROM photographs p WHERE p.scanned = 1"
        )
        return {record.photograph.file: record for record in map(_record, rows)}

    def of_identity(self, identity_id: int) -> list[PhotographRecord]:
        """Return the photographs that faces of an identity were found in, the oldest first;
        those without a date last.
        """
        return self._records(
            "p.id IN (SELECT d.photograph_id FROM faces f JOIN detections d "
            "ON d.digest = f.digest WHERE f.identity_id = ?)",
            identity_id,
        )

    def together(self, one: int, other: int) -> list[PhotographRecord]:
        """Return the photographs that two identities are in, the oldest first."""
        theirs = (
            "SELECT d.photograph_id FROM faces f JOIN detections d ON d.digest = f.digest "
            "WHERE f.identity_id = ?"
        )
        return self._records(f"p.id IN ({theirs}) AND p.id IN ({theirs})", one, other)

    def thumbnail(self, photograph: int) -> bytes | None:
        """Return the whole photograph as a small JPEG; None where none is kept."""
        rows = self._database.rows("SELECT thumbnail FROM photographs WHERE id = ?", photograph)
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def faces_of(self, photograph: int) -> PhotographFaces:
        """Return a photograph with all faces found in it, from left to right."""
        found = self._faces("p.id = ?", photograph)
        if found:
            return PhotographFaces(found[0].photograph, tuple(found))
        rows = self._database.rows(
            f"SELECT {_PHOTOGRAPH}, 0 FROM photographs p WHERE p.id = ?", photograph
        )
        return PhotographFaces(_record(rows[0]).photograph, ())

    def detected(self, face_ids: Sequence[int]) -> dict[int, DetectedFace]:
        """Return where enrolled faces were found, by the id of the face; others are left out."""
        pairs = dict(
            self._database.rows(
                "SELECT min(d.id) AS detection, f.id FROM json_each(?) asked "
                "CROSS JOIN faces f ON f.id = asked.value JOIN detections d ON d.digest = f.digest "
                "GROUP BY f.id",
                as_json(face_ids),
            )
        )
        found = self._faces(
            "d.id IN (SELECT value FROM json_each(?))", as_json(pairs), any_mode=True
        )
        return {pairs[detection]: face for detection, face in found.by_id.items()}

    def open(self, files: Sequence[str] | None = None) -> tuple[list[int], FaceBatch]:
        """Return ids and faces of scanned photographs about which nothing is decided: neither
        enrolled, nor among the unknown ones, nor settled; by photograph, from left to right.

        Args:
            files: of these photographs alone; None for all.
        """
        if files is None:
            found = self._faces(_OPEN)
        else:
            chosen = "p.file IN (SELECT value FROM json_each(?))"
            found = self._faces(f"{_OPEN} AND {chosen}", json.dumps([*map(as_text, files)]))
        faces = list(found)
        batch = FaceBatch(
            vectors_of(faces, self._database.dimension),
            [None] * len(faces),
            [face.photograph.file for face in faces],
            [face.number for face in faces],
            faces,
        )
        return list(found.by_id), batch

    def count_open(self) -> int:
        """Return how many faces nothing is decided about."""
        query = (
            "SELECT count(*) FROM detections d JOIN photographs p ON p.id = d.photograph_id "
            f"WHERE {_OPEN}"
        )
        return int(self._database.rows(query)[0][0])

    def _records(self, where: str, *values: object) -> list[PhotographRecord]:
        rows = self._database.rows(
            f"SELECT {_PHOTOGRAPH}, (SELECT count(*) FROM detections d "
            f"WHERE d.photograph_id = p.id AND {_CURRENT}) FROM photographs p WHERE {where} "
            "ORDER BY p.taken IS NULL, p.taken, p.file",
            *values,
        )
        return [_record(row) for row in rows]

    def _faces(self, where: str, *values: object, any_mode: bool = False) -> _Found:
        mode = "" if any_mode else f"AND {_CURRENT}"
        rows = self._database.rows(
            f"SELECT {_FACE}, d.digest, d.vector, d.thumbnail, {_PHOTOGRAPH}, 0, p.thumbnail "
            "FROM detections d JOIN photographs p ON p.id = d.photograph_id "
            f"WHERE {where} {mode} ORDER BY p.id, d.number",
            *values,
        )
        ids = [row[0] for row in rows]
        vectors = genuine_vectors(
            self._database, [row[10] for row in rows], [row[9] for row in rows], ids, "detections"
        )
        photographs: dict[int, Photograph] = {}
        found = _Found()
        for row, vector in zip(rows, vectors, strict=True):
            record = _record(row[12:24])
            if record.id not in photographs:
                photographs[record.id] = _with_thumbnail(record.photograph, row[24])
            face = _face(photographs[record.id], row, vector)
            found.append(face)
            found.by_id[row[0]] = face
        return found

    # -- changing ----------------------------------------------------------------------------

    def add_scanned(
        self, read: Iterable[PhotographFaces | Unreadable], mode: DetectionMode
    ) -> None:
        """Keep what a scan found. A file that was there is replaced, with the faces in it that
        nothing was decided about; the others stay.
        """
        with self._database.transaction() as connection:
            for each in read:
                if isinstance(each, Unreadable):
                    _put_unreadable(connection, each, mode)
                else:
                    photograph = _put_photograph(connection, each.photograph, mode, scanned=True)
                    _replace_faces(connection, photograph, mode, each.faces)

    def touch(self, file: str, size: int, modified: int) -> None:
        """Note that a file with the same content lies there with another date."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE photographs SET size = ?, modified = ? WHERE file = ? AND scanned = 1",
                (size, modified, as_text(file)),
            )

    def prepare_again(self, read: Iterable[PhotographFaces], mode: DetectionMode) -> None:
        """Keep what looking at scanned photographs in another mode found, without its counting."""
        with self._database.transaction() as connection:
            for each in read:
                for (photograph,) in connection.execute(
                    "SELECT id FROM photographs WHERE file = ? AND scanned = 1",
                    (as_text(each.photograph.file),),
                ).fetchall():
                    _replace_faces(connection, photograph, mode, each.faces)
                    connection.execute(
                        "UPDATE photographs SET prepared = ? WHERE id = ?", (mode, photograph)
                    )

    def prepared(self, mode: DetectionMode) -> RescanPreview:
        """Return what would differ if what was found in another mode counted."""
        rows = self._database.rows(
            "SELECT (SELECT count(*) FROM photographs p WHERE p.prepared = ?1 AND p.mode <> ?1), "
            "(SELECT count(*) FROM detections d JOIN photographs p ON p.id = d.photograph_id "
            "WHERE p.prepared = ?1 AND p.mode <> ?1 AND d.mode = p.mode), "
            "(SELECT count(*) FROM detections d JOIN photographs p ON p.id = d.photograph_id "
            "WHERE p.prepared = ?1 AND p.mode <> ?1 AND d.mode = ?1), "
            "(SELECT count(*) FROM detections d JOIN photographs p ON p.id = d.photograph_id "
            f"WHERE p.prepared = ?1 AND p.mode <> ?1 AND d.mode = p.mode "
            f"AND (d.settled = 1 OR {_ENROLLED} OR {_SHELVED}))",
            mode,
        )
        return RescanPreview(*rows[0])

    def apply_prepared(self, mode: DetectionMode) -> Changed | None:
        """Let what was found in another mode count, as one step; None where there is nothing.

        Faces that something was decided about keep that: they are asked about no more.
        """
        preview = self.prepared(mode)
        with self._database.transaction() as connection:
            if not preview.photographs:
                return None
            connection.execute(
                "UPDATE photographs SET mode = ?1 WHERE prepared = ?1 AND mode <> ?1", (mode,)
            )
            summary = event("rescanned", preview.photographs, preview.after)
            return record(connection, "rescan", summary, {"mode": mode})

    def settle(self, ids: Sequence[int]) -> None:
        """Ask nothing about these faces any more."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE detections SET settled = 1 WHERE id IN (SELECT value FROM json_each(?))",
                (as_json(ids),),
            )

    def delete_unused(self) -> None:
        """Delete photographs that no scan looked at and of whose faces none is enrolled, unknown
        or kept for undo any more.
        """
        with self._database.transaction() as connection:
            unused = connection.execute(
                "SELECT p.id FROM photographs p WHERE p.scanned = 0 AND NOT EXISTS (SELECT 1 "
                f"FROM detections d WHERE d.photograph_id = p.id AND ({_ENROLLED} OR {_SHELVED}))"
            ).fetchall()
            if not unused:
                return
            ids = as_json(photograph for (photograph,) in unused)
            kept = (
                "SELECT d.photograph_id FROM detections d WHERE d.photograph_id IN "
                "(SELECT value FROM json_each(?1)) AND d.digest IN (SELECT digest FROM undo_faces "
                "UNION SELECT digest FROM undo_unknowns WHERE digest IS NOT NULL)"
            )
            connection.execute(
                "DELETE FROM photographs WHERE id IN (SELECT value FROM json_each(?1)) "
                f"AND id NOT IN ({kept})",
                (ids,),
            )


class _Found(list[DetectedFace]):
    """Faces in their order, and by the id of their detection."""

    def __init__(self) -> None:
        super().__init__()
        self.by_id: dict[int, DetectedFace] = {}


def keep_detections(
    connection: sqlite3.Connection, photos: Iterable[object], *, whole: bool
) -> None:
    """Keep where faces were found that are enrolled or kept, in the transaction that does it.

    Args:
        photos: of a batch; those that are no DetectedFace are passed over.
        whole: keep a thumbnail of the whole photograph too.
    """
    by_photograph: dict[str, list[DetectedFace]] = {}
    for face in photos:
        if isinstance(face, DetectedFace):
            by_photograph.setdefault(face.photograph.file, []).append(face)
    for found in by_photograph.values():
        _keep_of_one(connection, found, whole)


def _keep_of_one(
    connection: sqlite3.Connection, faces: Sequence[DetectedFace], whole: bool
) -> None:
    photograph = faces[0].photograph
    row = connection.execute(
        "SELECT id, mode FROM photographs WHERE file = ? AND digest = ? ORDER BY id DESC LIMIT 1",
        (as_text(photograph.file), photograph.digest),
    ).fetchone()
    mode: DetectionMode = "thorough"
    if row is None:
        kept = photograph if whole else _with_thumbnail(photograph, None)
        found = _put_photograph(connection, kept, mode, scanned=False)
    else:
        found, mode = row
        if whole and photograph.thumbnail:
            connection.execute(
                "UPDATE photographs SET thumbnail = coalesce(thumbnail, ?) WHERE id = ?",
                (photograph.thumbnail, found),
            )
    known = {
        digest
        for (digest,) in connection.execute(
            "SELECT digest FROM detections WHERE photograph_id = ?", (found,)
        )
    }
    new = [face for face in faces if _digest_of(face) not in known]
    _insert_faces(connection, found, mode, new, settled=False)


def _put_photograph(
    connection: sqlite3.Connection,
    photograph: Photograph,
    mode: DetectionMode,
    *,
    scanned: bool,
    problem: str = "",
) -> int:
    """Insert a photograph, or replace what is known of it; return its id.

    One that was scanned is known by its file, others by file and content: pictures from the
    clipboard have all the same name.
    """
    values = (
        photograph.size, photograph.modified, photograph.digest, photograph.width,
        photograph.height, photograph.taken, mode, problem, scanned,
        photograph.thumbnail or None, current_time(),
    )  # fmt: skip
    file = as_text(photograph.file)
    row = connection.execute(
        "SELECT id FROM photographs WHERE file = ? AND (digest = ? OR (scanned AND ?)) "
        "ORDER BY scanned DESC, id DESC LIMIT 1",
        (file, photograph.digest, scanned),
    ).fetchone()
    if row is not None:
        connection.execute(
            "UPDATE photographs SET size = ?, modified = ?, digest = ?, width = ?, height = ?, "
            "taken = ?, mode = ?, prepared = NULL, problem = ?, scanned = max(scanned, ?), "
            "thumbnail = coalesce(?, thumbnail), at = ? WHERE id = ?",
            (*values, row[0]),
        )
        return int(row[0])
    cursor = connection.execute(
        "INSERT INTO photographs (file, size, modified, digest, width, height, taken, mode, "
        "problem, scanned, thumbnail, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (file, *values),
    )
    return int(cursor.lastrowid or 0)


def _put_unreadable(connection: sqlite3.Connection, found: Unreadable, mode: DetectionMode) -> None:
    nothing = Photograph(found.file, found.size, found.modified, _NO_DIGEST, 0, 0, None, b"")
    _put_photograph(connection, nothing, mode, scanned=True, problem=found.problem)


def _replace_faces(
    connection: sqlite3.Connection,
    photograph: int,
    mode: DetectionMode,
    faces: Sequence[DetectedFace],
) -> int:
    """Put faces in the place of those found before; a face that something was decided about is
    asked about no more. Return how many are new.
    """
    decided = connection.execute(
        "SELECT d.x, d.y, d.width, d.height FROM detections d WHERE d.photograph_id = ? "
        f"AND (d.settled = 1 OR {_ENROLLED} OR {_SHELVED})",
        (photograph,),
    ).fetchall()
    connection.execute(
        "DELETE FROM detections AS d WHERE d.photograph_id = ? AND d.mode = ? AND d.settled = 0 "
        f"AND NOT {_ENROLLED} AND NOT {_SHELVED}",
        (photograph, mode),
    )
    kept = {
        digest
        for (digest,) in connection.execute(
            "SELECT digest FROM detections WHERE photograph_id = ? AND mode = ?",
            (photograph, mode),
        )
    }
    boxes = [Box(*values) for values in decided]
    new = [face for face in faces if _digest_of(face) not in kept]
    asked = [face for face in new if not any(overlaps(face.box, box) for box in boxes)]
    _insert_faces(connection, photograph, mode, asked, settled=False)
    again = [face for face in new if face not in asked]
    _insert_faces(connection, photograph, mode, again, settled=True)
    return len(asked)


def overlaps(one: Box, other: Box) -> bool:
    """Whether two boxes are around the same face."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    common = max(width, 0.0) * max(height, 0.0)
    whole = one.width * one.height + other.width * other.height - common
    return common > _OVERLAP * whole


def _insert_faces(
    connection: sqlite3.Connection,
    photograph: int,
    mode: DetectionMode,
    faces: Sequence[DetectedFace],
    *,
    settled: bool,
) -> None:
    (first,) = connection.execute(
        "SELECT coalesce(max(number) + 1, 0) FROM detections WHERE photograph_id = ? AND mode = ?",
        (photograph, mode),
    ).fetchone()
    taken = {
        number
        for (number,) in connection.execute(
            "SELECT number FROM detections WHERE photograph_id = ? AND mode = ?",
            (photograph, mode),
        )
    }
    for face in faces:
        number, first = (face.number, first) if face.number not in taken else (first, first + 1)
        taken.add(number)
        blob = encoding.to_blobs(face.vector[None])[0]
        box, quality = face.box, face.quality
        connection.execute(
            "INSERT INTO detections (photograph_id, mode, number, x, y, width, height, sharpness, "
            "turn, score, settled, digest, vector, thumbnail) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                photograph, mode, number, box.x, box.y, box.width, box.height, quality.sharpness,
                quality.turn, quality.score, settled, encoding.digest_of(blob), blob, face.crop,
            ),
        )  # fmt: skip


def _digest_of(face: DetectedFace) -> bytes:
    return encoding.digest_list(face.vector[None])[0]


def _record(row: Sequence[Any]) -> PhotographRecord:
    photograph_id, file, size, modified, digest, width, height, taken, *rest = row
    photograph = Photograph(
        file, size, modified, digest, int(width), int(height), taken, thumbnail=b""
    )
    return PhotographRecord(photograph_id, photograph, *rest)


def _with_thumbnail(photograph: Photograph, thumbnail: bytes | None) -> Photograph:
    return replace(photograph, thumbnail=thumbnail or b"")


def _face(photograph: Photograph, row: Sequence[Any], vector: Vectors) -> DetectedFace:
    _, number, x, y, width, height, sharpness, turn, score, _, _, crop = row[:12]
    box = Box(x, y, width, height)
    quality = FaceQuality(box.side, sharpness, turn, score)
    return DetectedFace(photograph, number, box, quality, vector, crop or b"")
