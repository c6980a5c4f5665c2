"""Enrolled faces of a gallery: read, added, moved and removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.progress import SILENT, Reporter
from engine.records.changes import Changed, event
from engine.records.long_lists import FaceColumns, Texts
from engine.records.types import Added, Face, FaceBatch, Ids, Vectors
from engine.store import encoding
from engine.store.column_domains import (
    LENGTH,
    NEWLINE,
    fitting,
    numbers,
    terminated,
    whole_numbers,
)
from engine.store.database import Database, as_json
from engine.store.decisions_table import decide
from engine.store.encoding import genuine_vectors
from engine.store.enrolled_rows import (
    delete_faces,
    describe_faces,
    holders,
    identity_called,
    known_faces,
    put_under,
    require_faces,
    settle,
)
from engine.store.history_table import (
    add_entry,
    clear_undo,
    fix_changes,
    record,
    record_step,
)
from engine.store.new_faces import (
    check_batch,
    delete_enrolled_unknowns,
    foresee_insertion,
    insert_faces,
    next_face,
    overrule_decisions,
    plan_insertion,
)
from engine.store.photographs_table import keep_detections
from engine.utils.packed_columns import picked

_FACE = """
    SELECT f.id, f.identity_id, i.name, f.file, f.row, f.added,
           EXISTS (SELECT 1 FROM photos p WHERE p.face_id = f.id)
    FROM faces f JOIN identities i ON i.id = f.identity_id
"""
_COLUMNS = f"""
    SELECT coalesce(i.name, ''), group_concat(f.id), group_concat(f.row),
           group_concat(printf('%!.17g', f.added)),
           group_concat(EXISTS (SELECT 1 FROM photos p WHERE p.face_id = f.id)),
           group_concat(f.file, {NEWLINE}), group_concat({LENGTH.format("f.file")})
    FROM (SELECT * FROM faces WHERE identity_id = ? ORDER BY id) f
    JOIN identities i ON i.id = f.identity_id
"""
# CROSS JOIN keeps SQLite from reordering the loops, and with them the order asked for.
_ASKED = "FROM json_each(?) asked CROSS JOIN"
_READINGS = 8  # joined to one batch: calibration takes 18 s instead of 10 without
_NO_THUMBNAILS: Mapping[int, bytes] = MappingProxyType({})
_MANY = 10_000  # faces after which the pages that SQLite caches are worth freeing
_Batch = tuple[Ids, Ids, Vectors]


class FacesTable:
    """Enrolled faces of a gallery.

    Changes return what they touched, or None where there was nothing to change. They raise
    UnknownIdentityError where a face is not enrolled, GalleryReadOnlyError when the gallery is open
    for reading only and GalleryWriteError when the disk refuses; whatever is raised, nothing was
    changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading -----------------------------------------------------------------------------

    def of_identity(self, identity_id: int) -> list[Face]:
        """Return the faces of an identity in the order of enrolment."""
        query = f"{_FACE} WHERE f.identity_id = ? ORDER BY f.id"
        rows = self._database.rows(query, identity_id)
        return [_face(row) for row in rows]

    def by_ids(self, ids: Sequence[int]) -> list[Face]:
        """Return faces in the order asked; ids that do not exist are left out."""
        select = _FACE.replace("FROM faces f JOIN", f"{_ASKED} faces f ON f.id = asked.value JOIN")
        rows = self._database.rows(f"{select} ORDER BY asked.key", as_json(ids))
        return [_face(row) for row in rows]

    def from_file(self, file: str) -> list[Face]:
        """Return faces whose file is this one or ends with these parts, by id; ``:3`` at the end
        asks for the third row alone.
        """
        name, colon, row = file.rpartition(":")
        at = int(row) - 1 if colon and row.isdecimal() else None
        ending = "/" + (name if at is not None else file).replace("\\", "/")
        rows = self._database.rows(
            f"{_FACE} WHERE substr('/' || replace(f.file, '\\', '/'), -length(?)) = ? "
            "AND (? IS NULL OR f.row = ?) ORDER BY f.id",
            *(ending, ending, at, at),
        )
        return [_face(values) for values in rows]

    def columns(self, identity: int) -> FaceColumns:
        """Return the faces of an identity in columns, in the order of enrolment."""
        with self._database.reading() as connection, self._database.sound():
            row = connection.execute(_COLUMNS, (identity,)).fetchone()
            name, ids, rows, added, photographed, files, lengths = row
            return FaceColumns(
                identity,
                "".join(fitting("name", [name] if name else [])),
                whole_numbers("id", ids),
                whole_numbers("row", rows),
                np.array(numbers("added", added), dtype=np.float64),
                whole_numbers("", photographed).astype(np.bool_),
                Texts.of_lengths(terminated(files), whole_numbers("", lengths)),
            )

    def vectors(self, ids: Ids | None = None) -> tuple[Ids, Ids, Vectors]:
        """Return embeddings as they were enrolled.

        Args:
            ids: face ids, in the order wanted (unknown ones are left out); None for all, by id.

        Returns:
            face ids int64 ``(n,)``, identity ids int64 ``(n,)``, float32 ``(n, d)``.

        Raises:
            GalleryDamagedError: an embedding is not the one that was enrolled.
        """
        parts = list(self._small_batches(ids))
        if not parts:
            return _ids(()), _ids(()), np.empty((0, self._database.dimension), dtype=np.float32)
        return _joined(parts)

    def vector_batches(self, ids: Ids | None = None) -> Iterator[_Batch]:
        """Yield what :meth:`vectors` returns a few thousand faces at a time, of one snapshot.

        Raises:
            GalleryDamagedError: an embedding is not the one that was enrolled.
        """
        read = self._small_batches(ids)
        while parts := list(islice(read, _READINGS)):
            yield _joined(parts)

    def membership(self) -> tuple[Ids, Ids]:
        """Return face ids int64 ``(n,)`` ascending, and the identity id of each."""
        parts = [np.empty((0, 2), dtype=np.int64)]
        for rows in self._database.batches("SELECT id, identity_id FROM faces ORDER BY id"):
            with self._database.sound():
                flat = np.fromiter(chain.from_iterable(rows), np.int64, 2 * len(rows))
            parts.append(flat.reshape(-1, 2))
        faces, identities = np.concatenate(parts).T
        return np.ascontiguousarray(faces), np.ascontiguousarray(identities)

    def last_id(self) -> int:
        """Return the highest id of a face without counting; 0 where there is none."""
        return int(self._database.rows("SELECT coalesce(max(id), 0) AS seq FROM faces")[0][0])

    def evenly_spaced(self, most: int) -> Ids:
        """Return at most so many face ids ``(n,)`` of the whole range, ascending, not reading all;
        of a gallery with no more faces than that all of them, where few were ever removed.
        """
        first, last = self._database.rows("SELECT min(id) AS first, max(id) AS last FROM faces")[0]
        if first is None:
            return _ids(())
        with self._database.sound():
            asked = np.unique(np.linspace(first, last, most).astype(np.int64))
        query = (
            "SELECT DISTINCT (SELECT min(id) FROM faces WHERE id >= asked.value) "
            "FROM json_each(?) asked"
        )
        return np.unique(_ids([face for (face,) in self._database.rows(query, as_json(asked))]))

    def ids_of(self, identity_ids: Sequence[int]) -> Ids:
        """Return ids ``(n,)`` of all faces of some identities, ascending."""
        query = "SELECT id FROM faces WHERE identity_id IN (SELECT value FROM json_each(?))"
        return np.sort(
            _ids([face for (face,) in self._database.rows(query, as_json(identity_ids))])
        )

    def thumbnail(self, face_id: int) -> bytes | None:
        """Return the thumbnail's bytes; None where the face has none."""
        query = "SELECT thumbnail FROM photos WHERE face_id = ?"
        rows = self._database.rows(query, int(face_id))
        return rows[0][0] if rows else None

    def find_exact(self, vectors: Vectors) -> list[list[tuple[int, str]]]:
        """Find for each row of ``(n, d)`` the enrolled faces with exactly this vector.

        Returns:
            per row, (face id, identity name) pairs by face id.
        """
        digests = encoding.digest_list(vectors)
        with self._database.reading() as connection:
            faces = holders(connection, digests)
        return [list(faces.get(digest, ())) for digest in digests]

    # -- changing ----------------------------------------------------------------------------

    def add(
        self,
        batch: FaceBatch,
        *,
        thumbnails: Mapping[int, bytes] = _NO_THUMBNAILS,
        action: str = "import",
        summary: str | None = None,
        overrule: bool = False,
        reporter: Reporter = SILENT,
        dry_run: bool = False,
        beforehand: Callable[[int], object] | None = None,
    ) -> Added:
        """Enrol a batch. A vector that its identity has already, or has twice in the batch, is
        left out as a duplicate; one that another identity has is kept and told as a conflict.
        Unknown faces that are enrolled now are unknown no more. Where all are duplicates nothing
        is changed.

        Args:
            batch: every row named.
            thumbnails: encoded pictures by row of the batch.
            action, summary: of the history entry; by default the summary is made here.
            overrule: delete decisions that contradict the enrolment, as when a person
                says who these faces are; by default they stay and go on holding.
            dry_run: change nothing and return what would be; ids not given yet are 0. It works
                in a gallery that is open for reading only too.
            beforehand: called with the number of faces before anything is written, outside the
                transaction; an exception that it raises prevents the enrolment.

        Raises:
            MismatchError, EmbeddingError, IdentityNameError: a row that cannot be enrolled.
            CancelledError: through the reporter, at any time before it is committed.
        """
        names = check_batch(batch, self._database.dimension)
        with self._database.reading() as connection:
            change = _change(connection)
            plan = plan_insertion(connection, batch, names, reporter)
            if dry_run:
                return foresee_insertion(connection, plan)
        if beforehand is not None and len(plan.rows):
            beforehand(len(plan.rows))
        with self._database.transaction() as connection:
            if _change(connection) != change:  # another thread changed the gallery meanwhile
                plan = plan_insertion(connection, batch, names, reporter)
            if not len(plan.rows):
                return foresee_insertion(connection, plan)
            with self._database.sound():
                first = next_face(connection)
            added = insert_faces(connection, batch, plan, first, thumbnails, reporter)
            if overrule:
                overrule_decisions(connection, added.face_ids)
            keep_detections(connection, picked(batch.photos, added.rows), whole=True)
            delete_enrolled_unknowns(connection)
            record_step(
                connection,
                action,
                summary or event("added", len(added.face_ids), len(added.new_identities)),
                _span(added),
            )
        if len(added.face_ids) > _MANY:
            self._database.shrink_cache()
        return added

    def remove(self, ids: Sequence[int]) -> Changed | None:
        """Remove faces, and identities that are left without any; unknown ids are passed over."""
        with self._database.transaction() as connection:
            gone = known_faces(connection, ids)
            if not gone:
                return None
            payload = {"faces": describe_faces(connection, gone)}
            delete_faces(connection, [face.id for face in gone])
            settle(connection, {face.identity_id for face in gone})
            return record(connection, "remove", event("removed", len(gone)), payload)

    def move(self, ids: Sequence[int], name: str) -> Changed | None:
        """Move faces to another identity, which is made where there is none of this name.

        Identities that are left without faces go. Of faces with the same vector the identity
        keeps one, its own where it has it. What contradicts the move is overruled: that such a
        vector is the identity it comes from, or is not the one it goes to.
        """
        with self._database.transaction() as connection:
            target = identity_called(connection, name)
            moved = [face for face in require_faces(connection, ids) if face.identity_id != target]
            if not moved:
                return None
            target, dropped = put_under(connection, moved, name)
            settle(connection, {target, *(face.identity_id for face in moved)})
            payload = {
                "faces": [face.id for face in moved],
                "from": {face.name: face.identity_id for face in moved},
                "to": {name: target},
                "dropped": sorted(dropped),
            }
            summary = event("moved", len(moved), name)
            return record(connection, "move", summary, payload)

    def expel(self, ids: Sequence[int]) -> Changed | None:
        """Remove faces and record that they are not whom they were enrolled as."""
        with self._database.transaction() as connection:
            gone = require_faces(connection, ids)
            if not gone:
                return None
            rows = connection.execute(
                "SELECT f.digest, f.identity_id, e.vector "
                "FROM faces f JOIN embeddings e ON e.face_id = f.id "
                "WHERE f.id IN (SELECT value FROM json_each(?))",
                (as_json(face.id for face in gone),),
            )
            decide(connection, rows.fetchall(), "is-not")
            payload = {"faces": describe_faces(connection, gone)}
            delete_faces(connection, [face.id for face in gone])
            settle(connection, {face.identity_id for face in gone})
            names = dict.fromkeys(face.name for face in gone)
            summary = event("expelled", len(gone), *names)
            return record(connection, "expel", summary, payload)

    def remove_altered(self) -> list[str]:
        """Remove every vector that does not match its digest, with its face, decision or unknown
        face; return a sentence on each. Neither this nor anything before it can be undone
        afterwards, since what was kept for undo may have been altered too.
        """
        with self._database.transaction() as connection:
            return remove_altered(connection, self._database.dimension)

    def _small_batches(self, ids: Ids | None) -> Iterator[_Batch]:
        columns = "SELECT f.id, f.identity_id, f.digest, e.vector"
        join = "embeddings e ON e.face_id = f.id"
        if ids is None:
            found = self._database.batches(
                f"{columns} FROM faces f CROSS JOIN {join} ORDER BY f.id"
            )
        else:
            asked = f"{_ASKED} faces f ON f.id = asked.value JOIN {join} ORDER BY asked.key"
            found = self._database.batches(f"{columns} {asked}", as_json(ids))
        for rows in found:
            faces, identities, digests, blobs = zip(*rows, strict=True)
            vectors = genuine_vectors(self._database, blobs, digests, faces, "faces")
            with self._database.sound():
                batch = _ids(faces), _ids(identities), vectors
            yield batch


def remove_altered(connection: sqlite3.Connection, dimension: int) -> list[str]:
    """Remove vectors that do not match their digests; return a sentence on each."""
    found = list(encoding.altered_vectors(connection, dimension))
    if not found:
        return []
    faces = known_faces(connection, [vector.id for vector in found if vector.table == "faces"])
    payload = {"faces": describe_faces(connection, faces)}
    delete_faces(connection, [face.id for face in faces])
    for table in ("decisions", "unknowns", "detections"):
        ids = [(vector.id,) for vector in found if vector.table == table]
        connection.executemany(f"DELETE FROM {table} WHERE id = ?", ids)
    settle(connection, {face.identity_id for face in faces})
    done = connection.execute("SELECT change FROM history WHERE state = 'done'")
    fix_changes(connection, [change for (change,) in done])
    clear_undo(connection)
    summary = event("altered", len(found))
    add_entry(connection, "take-out", summary, payload, "fixed")
    return [vector.sentence for vector in found]


def _change(connection: sqlite3.Connection) -> object:
    return connection.execute("SELECT change FROM gallery").fetchone()


def _span(added: Added) -> dict[str, Any]:
    """Return what the history keeps of an enrolment: face ids are consecutive."""
    return {
        "faces": [int(added.face_ids[0]), int(added.face_ids[-1])],
        "new_identities": len(added.new_identities),
        "duplicates": len(added.duplicates),
    }


def _face(values: Iterable[Any]) -> Face:
    face, identity_id, name, file, row, added, has_photo = values
    return Face(face, identity_id, name, file, row, added, bool(has_photo))


def _joined(batches: Sequence[_Batch]) -> _Batch:
    faces, identities, rows = zip(*batches, strict=True)
    return np.concatenate(faces), np.concatenate(identities), np.concatenate(rows)


def _ids(values: Sequence[int]) -> Ids:
    return np.array(values, dtype=np.int64)
