"""Erasure of people from the database: one transaction, after which no page holds a byte of them.

That transaction writes a note of the unfinished erasure, which names nobody. The note is deleted
when everything outside the database is erased too: whoever opens the gallery for writing finishes
what a killed process began.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.errors import GalleryBusyError
from engine.records.changes import event
from engine.records.receipts import Removed
from engine.records.types import Vectors
from engine.store.database import Database, as_json
from engine.store.encoding import digest_of, from_blobs
from engine.store.enrolled_rows import settle
from engine.store.erasure.personal_data import (
    CONCERNED,
    DIGESTS,
    FACES,
    GOING,
    NEVER_UNDONE,
    TEXTS,
    THEIRS,
    Subject,
    count_mentions,
    digests_as_json,
    find_subject,
    strike_mentions,
)
from engine.store.history_table import add_entry, clear_undo, fix_changes
from engine.store.models_table import TRAINING
from engine.store.settings_table import delete_derived
from engine.store.unfinished_erasure import UNFINISHED, UnfinishedErasure, noted_erasure

_DERIVED = ("appearance", "fingerprint")  # settings that are means of all vectors
_NAMELESS = event("redacted", "")
_KEPT = [(table, condition) for table, condition in GOING if table not in NEVER_UNDONE]
_SEEN = f"SELECT photograph_id FROM detections WHERE digest IN {DIGESTS}"
"""Photographs in which they were found."""
_SAME_FACE = (
    "SELECT other.id FROM detections own JOIN detections other "
    "ON other.photograph_id = own.photograph_id AND own.id <> other.id "
    "AND abs(own.x + own.width / 2 - other.x - other.width / 2) < own.width / 2 "
    "AND abs(own.y + own.height / 2 - other.y - other.height / 2) < own.height / 2 "
    f"WHERE own.digest IN {DIGESTS}"
)
"""The same faces, found by looking for them in another way."""
_TOUCHED = " UNION ".join(
    (
        f"SELECT step FROM undo_identities WHERE id IN {CONCERNED}",
        f"SELECT step FROM undo_faces WHERE id IN {FACES} OR digest IN {DIGESTS} "
        f"OR identity_id IN {CONCERNED}",
        "SELECT s.step FROM undo_spans s JOIN json_each(:faces) face "
        "ON face.value BETWEEN s.first AND s.last",
        *(f"SELECT step FROM undo_{table} WHERE {condition}" for table, condition in _KEPT),
        *(  # made by the step, and going now
            f"SELECT step FROM undo_{table} WHERE id IN (SELECT id FROM {table} WHERE {condition})"
            for table, condition in _KEPT
        ),
    )
)


class DatabaseErasure:
    """Erasure of people from the database of an open gallery."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def foresee(self, names: Sequence[str]) -> tuple[Subject, Removed, int]:
        """Return who goes, what goes, and how many changes could not be undone any more.

        Raises:
            UnknownIdentityError: nobody of a name is enrolled, or kept for undo.
        """
        with self._database.reading() as connection, self._database.sound():
            subject = find_subject(connection, names)
            parameters = _parameters(connection, subject)
            steps = _steps_to_fix(connection, subject, parameters)
            return subject, _counts(connection, subject, parameters), len(steps)

    def seen_by_model(self, subject: Subject, model_id: str) -> bool:
        """Tell whether a decision about one of their vectors was there when a model was trained;
        True for a model of an early version, which did not record that.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT 1 FROM decisions WHERE id <= coalesce((SELECT "
                f"max(json_extract(payload, '$.last_decision')) FROM history WHERE {TRAINING} "
                f"AND json_extract(payload, '$.model') = :model), id) AND digest IN {DIGESTS} "
                "LIMIT 1",
                {"digests": digests_as_json(connection, subject.digests), "model": model_id},
            ).fetchone()
        return row is not None

    def vectors(self, subject: Subject) -> Vectors:
        """Return their vectors ``(n, d)``, with those kept for undo that nobody else has."""
        with self._database.reading() as connection, self._database.sound():
            rows = connection.execute(
                f"SELECT vector FROM embeddings WHERE face_id IN {FACES} UNION "
                f"SELECT vector FROM undo_faces WHERE vector IS NOT NULL AND id IN {FACES}",
                {"faces": as_json((*subject.faces, *subject.elsewhere, *subject.dead))},
            )
            vectors = [vector for (vector,) in rows if digest_of(vector) in subject.digests]
            return from_blobs(vectors, self._database.dimension)

    def thumbnails(self, subject: Subject) -> list[bytes]:
        """Return their thumbnails, with those kept for undo and those of unknown faces."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT thumbnail FROM photos WHERE face_id IN {FACES} "
                f"UNION SELECT thumbnail FROM undo_faces WHERE id IN {FACES} "
                f"UNION SELECT thumbnail FROM unknowns WHERE digest IN {DIGESTS} "
                f"UNION SELECT thumbnail FROM undo_unknowns WHERE digest IN {DIGESTS} "
                f"UNION SELECT thumbnail FROM detections WHERE digest IN {DIGESTS} "
                f"OR id IN ({_SAME_FACE}) "
                f"UNION SELECT thumbnail FROM photographs WHERE id IN ({_SEEN})",
                _parameters(connection, subject),
            ).fetchall()
        return [bytes(picture) for (picture,) in rows if picture is not None]

    def erase(self, subject: Subject, models: Sequence[str], note: Mapping[str, Any]) -> None:
        """Delete everything that is theirs, and the records of models that saw them.

        Args:
            note: what is to be known to finish the erasure; it must name nobody.

        Raises:
            GalleryReadOnlyError, GalleryWriteError: nothing was changed.
        """
        with self._database.transaction() as connection:
            parameters = _parameters(connection, subject)
            faces = len(subject.faces) + len(subject.elsewhere)
            fix_changes(connection, _steps_to_fix(connection, subject, parameters))
            owners = _owners(connection, subject.elsewhere)
            _delete(connection, parameters, models)
            settle(connection, owners)
            strike_mentions(connection, subject.mentions)
            clear_undo(connection)  # what the triggers kept of all this goes too
            _redact_entries(connection, subject)
            add_entry(
                connection,
                "erase",
                event("erased", len(set(note["names"])), faces),
                {"faces": faces, "hashes": note["names"]},
            )
            connection.execute(
                "REPLACE INTO settings (key, value) VALUES (?, ?)",
                (UNFINISHED, json.dumps(note)),  # a file's name may not be Unicode
            )

    def unfinished(self) -> UnfinishedErasure | None:
        """Return the erasure that :meth:`erase` began, if it is not finished.

        Raises:
            GalleryDamagedError: the note of it asks for what no erasure would.
        """
        with self._database.reading() as connection:
            return noted_erasure(connection, self._database.path)

    def finish(self) -> None:
        """Compact the database, so that no free page is left, and delete the note.

        Raises:
            GalleryWriteError: no room. GalleryBusyError: somebody reads the old pages. The
            erasure is still under way then.
        """
        if not self._database.compact():
            raise GalleryBusyError(
                "Another program is reading the gallery, so pages with erased faces are still in "
                "its log",
                file=self._database.path,
                remedy="Close it there, then open the gallery again to finish the erasure.",
            )
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM settings WHERE key = ?", (UNFINISHED,))
        self._database.empty_log()


# -- what goes ---------------------------------------------------------------------------------


def _parameters(connection: sqlite3.Connection, subject: Subject) -> dict[str, str]:
    owners = _owners(connection, subject.elsewhere)
    return {
        "identities": as_json(subject.identities),
        "concerned": as_json(subject.identities | owners),
        "faces": as_json((*subject.faces, *subject.elsewhere, *subject.dead)),
        "digests": digests_as_json(connection, subject.digests),
    }


def _owners(connection: sqlite3.Connection, faces: Iterable[int]) -> set[int]:
    rows = connection.execute(
        "SELECT identity_id FROM faces WHERE id IN (SELECT value FROM json_each(?))",
        (as_json(faces),),
    )
    return {owner for (owner,) in rows}


def _counts(
    connection: sqlite3.Connection, subject: Subject, parameters: Mapping[str, str]
) -> Removed:
    def count(query: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {query}", parameters).fetchone()[0])

    entries = connection.execute("SELECT summary, payload FROM history")
    return Removed(
        identities=len(subject.names),
        faces=len(subject.faces),
        photographs=count(f"photos WHERE face_id IN {FACES}"),
        same_elsewhere=len(subject.elsewhere),
        faces_in_history=len(subject.dead),
        notes=count(f"identities WHERE note <> '' AND id IN {THEIRS}"),
        decisions=count(
            "("
            + " UNION ".join(
                f"SELECT '{table}', id FROM {table} WHERE {condition}" for table, condition in GOING
            )
            + ")"
        ),
        history=sum(subject.concerns(*entry) for entry in entries),
        mentions=count_mentions(connection, subject.mentions, parameters),
    )


def _delete(
    connection: sqlite3.Connection, parameters: Mapping[str, str], models: Sequence[str]
) -> None:
    connection.execute(f"UPDATE photographs SET thumbnail = NULL WHERE id IN ({_SEEN})", parameters)
    for table, condition in (
        ("detections", f"id IN ({_SAME_FACE})"),
        *GOING,
        ("faces", f"id IN {FACES}"),
        ("identities", f"id IN {THEIRS}"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {condition}", parameters)
    connection.executemany("DELETE FROM models WHERE id = ?", [(model,) for model in models])
    connection.executemany("DELETE FROM settings WHERE key = ?", [(key,) for key in _DERIVED])
    delete_derived(connection)


# -- redacting the history -----------------------------------------------------------------------

# A change that touched the person cannot be undone faithfully any more; as changes are undone
# newest first, neither can those before it. They become fixed, and what was kept to undo them is
# deleted; so is what could be redone, as with any other change. Later changes stay as they were.


def _steps_to_fix(
    connection: sqlite3.Connection, subject: Subject, parameters: Mapping[str, str]
) -> list[int]:
    """Return the changes that can be undone now and touched them, and all before; oldest first."""
    touched = {step for (step,) in connection.execute(_TOUCHED, parameters)}
    touched |= _mentioning_steps(connection, subject)
    done = connection.execute(
        "SELECT change, step FROM history WHERE state = 'done' ORDER BY change"
    ).fetchall()
    last = max((change for change, step in done if step in touched), default=0)
    return [change for change, _ in done if change <= last]


def _mentioning_steps(connection: sqlite3.Connection, subject: Subject) -> set[int]:
    """Return steps whose undo rows mention a name, with somebody else or as somebody else's."""
    query = " UNION ".join(
        f"SELECT step, {column} FROM undo_{table} WHERE {column} <> ''"
        for table, column in (("identities", "name"), *TEXTS)
        if table not in NEVER_UNDONE
    )
    rows = connection.execute(query)
    return {step for step, text in rows if subject.mentions.found(text)}


def _redact_entries(connection: sqlite3.Connection, subject: Subject) -> None:
    """Replace summary and payload of entries about them; when and by whom stays."""
    rows = connection.execute("SELECT change, summary, payload FROM history").fetchall()
    concerned = [change for change, *entry in rows if subject.concerns(*entry)]
    connection.execute(
        "UPDATE history SET summary = ?, payload = ? "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (_NAMELESS, json.dumps({"erased": True}), as_json(concerned)),
    )
