"""Erasing people from the database: one transaction, after which no page holds a byte of them.

A note of the erasure under way, which names nobody, is written by that transaction and taken away
when everything outside the database is erased too: whoever opens the gallery for writing finishes
what a killed process began.

Undo. A change that touched the person cannot be undone faithfully any more; as changes are undone
newest first, neither can those before it. They become fixed, and what was kept to undo them goes;
so does what could be redone, as with any other change. Changes after them stay as they were.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import GalleryBusyError
from engine.receipts import Removed
from engine.store import adding
from engine.store.access import Access
from engine.store.encoding import from_blobs
from engine.store.holding import holds
from engine.store.mentioning import strike_mentions
from engine.store.reading import as_json
from engine.store.recording import IMAGES, enter, number
from engine.store.subject import Subject, digests_as_json, find_subject
from engine.types import Vectors

_UNDER_WAY = "erasing"
_DERIVED = "appearance"  # the lens, fitted on all vectors
_NAMELESS = "Erased"
_THEIRS = "(SELECT value FROM json_each(:identities))"
_DIGESTS = "(SELECT from_hex(value) FROM json_each(:digests))"
_FACES = "(SELECT value FROM json_each(:faces))"
# Whatever else holds vectors of its own goes by their digests.
_DECISIONS = f"identity_id IN {_THEIRS} OR digest IN {_DIGESTS}"
_TOUCHED = f"""
    SELECT step FROM undo_identities WHERE id IN (SELECT value FROM json_each(:concerned))
    UNION SELECT step FROM undo_faces WHERE id IN {_FACES} OR digest IN {_DIGESTS}
        OR identity_id IN (SELECT value FROM json_each(:concerned))
    UNION SELECT step FROM undo_decisions WHERE {_DECISIONS}
        OR id IN (SELECT id FROM decisions WHERE {_DECISIONS})
    UNION SELECT s.step FROM undo_spans s JOIN json_each(:faces) face
        ON face.value BETWEEN s.first AND s.last
"""


class Erasing(Access):
    """The erasures of a :class:`engine.store.Store`."""

    folder: Path

    def foresee_erasure(self, names: Sequence[str]) -> tuple[Subject, Removed, int]:
        """Who goes, what goes, and how many changes could not be undone any more.

        Raises:
            UnknownIdentityError: nobody of a name is enrolled, or kept for undo.
        """
        with self._database.reading() as connection:
            subject = find_subject(connection, names)
            asked = _asked(connection, subject)
            steps = _steps_to_fix(connection, subject, asked)
            return subject, _counts(connection, subject, asked), len(steps)

    def seen_by_model(self, subject: Subject, created: float) -> bool:
        """Whether a decision about one of their vectors was there when a model was trained."""
        with self._database.reading() as connection:
            row = connection.execute(
                f"SELECT 1 FROM decisions WHERE at <= :created AND digest IN {_DIGESTS} LIMIT 1",
                {"digests": digests_as_json(connection, subject.digests), "created": created},
            ).fetchone()
        return row is not None

    def vectors_to_erase(self, subject: Subject) -> Vectors:
        """Theirs, ``(n, d)``, with those kept for undo; in no order."""
        with self._database.reading() as connection, self._sound():
            rows = connection.execute(
                f"SELECT vector FROM embeddings WHERE face_id IN {_FACES} UNION "
                f"SELECT vector FROM undo_faces WHERE vector IS NOT NULL AND id IN {_FACES}",
                {"faces": as_json((*subject.faces, *subject.elsewhere, *subject.dead))},
            )
            return from_blobs([vector for (vector,) in rows], self.dimension)

    def holding(self, path: Path, subject: Subject, models: Sequence[str]) -> bool:
        """Whether a backup holds them, or one of the models; True where it cannot be read."""
        return holds(path, subject, models, self.folder)

    def erase(self, subject: Subject, models: Sequence[str], under_way: Mapping[str, Any]) -> None:
        """Takes out everything that is theirs, and the records of models that saw them.

        Args:
            under_way: what is to be known to finish the erasure; it must name nobody.

        Raises:
            GalleryReadOnlyError, GalleryWriteError: nothing was changed.
        """
        with self._database.transaction() as connection:
            asked = _asked(connection, subject)
            faces = len(subject.faces) + len(subject.elsewhere)
            _fix(connection, _steps_to_fix(connection, subject, asked))
            owners = _owners(connection, subject.elsewhere)
            _delete(connection, asked, models)
            _settle(connection, owners)
            strike_mentions(connection, subject.mentions)
            _clear_undo(connection)  # what the triggers kept of all this goes too
            _make_nameless(connection, subject)
            enter(
                connection,
                "erase",
                f"{_people(len(set(under_way['names'])))} erased with {number(faces, 'face')}",
                {"faces": faces, "hashes": under_way["names"]},
                "aside",
            )
            connection.execute(
                "REPLACE INTO settings (key, value) VALUES (?, ?)",
                (_UNDER_WAY, json.dumps(under_way, ensure_ascii=False)),
            )

    def erasure_under_way(self) -> Any:
        """What :meth:`erase` was told, where that erasure is not finished; else None."""
        rows = self._rows("SELECT value FROM settings WHERE key = ?", _UNDER_WAY)
        with self._sound():
            return json.loads(rows[0][0]) if rows else None

    def end_erasure(self) -> None:
        """Compacts the database, so that no free page is left, and takes the note away.

        Raises:
            GalleryWriteError: no room. GalleryBusyError: somebody reads the old pages. The
            erasure is still under way then.
        """
        if not self._database.compact():
            raise GalleryBusyError(
                "Another program is reading the gallery, so pages with erased faces are still in "
                "its log",
                file=self._database.path,
                remedy="Close it there, then open the gallery again; that finishes the erasure.",
            )
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM settings WHERE key = ?", (_UNDER_WAY,))
        self._database.empty_log()


# -- what goes ---------------------------------------------------------------------------------


def _asked(connection: sqlite3.Connection, subject: Subject) -> dict[str, str]:
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


def _counts(connection: sqlite3.Connection, subject: Subject, asked: Mapping[str, str]) -> Removed:
    def count(query: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {query}", asked).fetchone()[0])

    entries = connection.execute("SELECT summary, payload FROM history")
    return Removed(
        identities=len(subject.names),
        faces=len(subject.faces),
        photographs=count(f"photos WHERE face_id IN {_FACES}"),
        same_elsewhere=len(subject.elsewhere),
        faces_in_history=len(subject.dead),
        notes=count(f"identities WHERE note <> '' AND id IN {_THEIRS}"),
        decisions=count(f"decisions WHERE {_DECISIONS}"),
        history=sum(subject.concerns(*entry) for entry in entries),
        mentions=strike_mentions(
            connection, subject.mentions, asked["identities"], asked["faces"], dry_run=True
        ),
    )


def _delete(
    connection: sqlite3.Connection, asked: Mapping[str, str], models: Sequence[str]
) -> None:
    for query in (
        f"DELETE FROM decisions WHERE {_DECISIONS}",
        f"DELETE FROM faces WHERE id IN {_FACES}",
        f"DELETE FROM identities WHERE id IN {_THEIRS}",
    ):
        connection.execute(query, asked)
    connection.executemany("DELETE FROM models WHERE id = ?", [(one,) for one in models])
    connection.execute("DELETE FROM settings WHERE key = ?", (_DERIVED,))


def _settle(connection: sqlite3.Connection, owners: set[int]) -> None:
    """Others who had a face with the same vector: who has none left goes."""
    connection.execute(
        "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM faces WHERE identity_id = identities.id)",
        (as_json(owners),),
    )
    adding.refresh(connection, owners)


# -- history -----------------------------------------------------------------------------------


def _steps_to_fix(
    connection: sqlite3.Connection, subject: Subject, asked: Mapping[str, str]
) -> list[int]:
    """Changes that can be undone now and touched them, and all those before; oldest first."""
    touched = {step for (step,) in connection.execute(_TOUCHED, asked)}
    touched |= _telling(connection, subject)
    done = connection.execute(
        "SELECT change, step FROM history WHERE state = 'done' ORDER BY change"
    ).fetchall()
    last = max((change for change, step in done if step in touched), default=0)
    return [change for change, _ in done if change <= last]


def _telling(connection: sqlite3.Connection, subject: Subject) -> set[int]:
    """Steps whose kept rows mention a name with somebody else."""
    rows = connection.execute(
        "SELECT step, note FROM undo_identities WHERE note <> '' "
        "UNION SELECT step, file FROM undo_faces"
    )
    return {step for step, text in rows if subject.mentions.found(text)}


def _fix(connection: sqlite3.Connection, changes: Sequence[int]) -> None:
    connection.execute(
        "UPDATE history SET state = 'fixed', step = NULL "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (as_json(changes),),
    )
    connection.execute("UPDATE history SET state = 'cut', step = NULL WHERE state = 'undone'")


def _clear_undo(connection: sqlite3.Connection) -> None:
    """Lets go what belongs to no change that can be undone, also what this erasure touched."""
    for table in IMAGES:
        connection.execute(
            f"DELETE FROM {table} WHERE step NOT IN "
            "(SELECT step FROM history WHERE state = 'done' AND step IS NOT NULL)"
        )


def _make_nameless(connection: sqlite3.Connection, subject: Subject) -> None:
    rows = connection.execute("SELECT change, summary, payload FROM history").fetchall()
    theirs = [change for change, *told in rows if subject.concerns(*told)]
    connection.execute(
        "UPDATE history SET summary = ?, payload = ? "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (_NAMELESS, json.dumps({"erased": True}), as_json(theirs)),
    )


def _people(count: int) -> str:
    return "A person was" if count == 1 else f"{count:,} people were"
