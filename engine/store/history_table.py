"""The history: every change of a gallery is one entry, and moves the change counter by one.

Triggers of the database (see the schema) keep the rows that a change of people's data touched as
they were. Undoing puts these rows in place of those there, which the same triggers keep in turn:
so undoing a step and redoing it are one operation. Steps are undone newest first and redone oldest
first, hence everything is as the step left it, or found it. A change of models is no such step: it
cannot be undone, and cuts off no redo.
"""

from __future__ import annotations

import getpass
import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from engine.errors import HistoryError
from engine.records.changes import Changed, HistoryEntry, State, event
from engine.records.domains import checked, current_time, parsed
from engine.store.database import Database, as_json

_log = logging.getLogger(__name__)

Direction = Literal["undo", "redo"]
_Step = tuple[int, int, str]  # change, number of its rows, summary
_STATES = {"undo": ("done", "undone"), "redo": ("undone", "done")}

# A decision as it was may be gone; of one that was not there only the decision itself tells.
_DECIDED = """
    SELECT digest, identity_id FROM undo_decisions WHERE step = :step AND digest IS NOT NULL
    UNION SELECT d.digest, d.identity_id FROM undo_decisions u JOIN decisions d ON d.id = u.id
    WHERE u.step = :step
"""
_APART = """
    SELECT one, other FROM undo_apart WHERE step = :step AND one IS NOT NULL
    UNION SELECT a.one, a.other FROM undo_apart u JOIN apart a ON a.id = u.id
    WHERE u.step = :step
"""
_TOUCHED_IDENTITIES = f"""
    SELECT id FROM undo_identities WHERE step = :step
    UNION SELECT identity_id FROM ({_DECIDED}) WHERE identity_id IS NOT NULL
    UNION SELECT one FROM ({_APART}) UNION SELECT other FROM ({_APART})
"""
# A span may claim any number of faces: those that were born in it are looked for.
_TOUCHED_FACES = f"""
    SELECT id FROM undo_faces WHERE step = :step
    UNION SELECT f.id FROM undo_spans s JOIN faces f ON f.id BETWEEN s.first AND s.last
    WHERE s.step = :step
    UNION SELECT f.id FROM undo_spans s JOIN undo_faces f ON f.id BETWEEN s.first AND s.last
    WHERE s.step = :step
    UNION SELECT f.id FROM ({_DECIDED}) one JOIN faces f ON f.digest = one.digest
"""
UNDO_TABLES = (
    *("undo_identities", "undo_faces", "undo_spans", "undo_decisions"),
    *("undo_apart", "undo_unknowns", "undo_photographs"),
)


# Rows that are in the way go before others come; names and vectors are freed before they are
# taken. A row that changes is never deleted: what belongs to it would go with it.
_SWAP = (
    "DELETE FROM decisions WHERE id IN "
    "(SELECT id FROM undo_decisions WHERE step = :step AND digest IS NULL)",
    "DELETE FROM apart WHERE id IN (SELECT id FROM undo_apart WHERE step = :step AND one IS NULL)",
    "DELETE FROM unknowns WHERE id IN "
    "(SELECT id FROM undo_unknowns WHERE step = :step AND digest IS NULL)",
    "DELETE FROM unknowns WHERE digest IN "  # kept anew since: that step's from then on
    "(SELECT digest FROM undo_unknowns WHERE step = :step AND digest IS NOT NULL)",
    "DELETE FROM faces WHERE id IN (SELECT f.id FROM undo_spans s "
    "JOIN faces f ON f.id BETWEEN s.first AND s.last WHERE s.step = :step)",
    "DELETE FROM identities WHERE id IN "
    "(SELECT id FROM undo_identities WHERE step = :step AND name IS NULL)",
    "INSERT INTO identities (id, name, key, face_count, portrait, note, chosen) "
    "SELECT id, name, key, face_count, portrait, note, chosen "
    "FROM undo_identities WHERE step = :step AND name IS NOT NULL "
    "ON CONFLICT (id) DO UPDATE SET name = excluded.name, key = excluded.key, "
    "face_count = excluded.face_count, portrait = excluded.portrait, note = excluded.note, "
    "chosen = excluded.chosen",
    "UPDATE faces SET identity_id = u.identity_id FROM undo_faces u "
    "WHERE u.step = :step AND u.id = faces.id",
    "INSERT INTO undo_spans (step, first, last) "  # runs of faces that are about to come
    "SELECT (SELECT step FROM gallery), min(id), max(id) FROM "
    "(SELECT id, id - row_number() OVER (ORDER BY id) AS run FROM undo_faces "
    "WHERE step = :step AND id NOT IN (SELECT id FROM faces)) GROUP BY run",
    "INSERT INTO faces (id, identity_id, file, row, digest, added) "
    "SELECT id, identity_id, file, row, digest, added FROM undo_faces "
    "WHERE step = :step AND id NOT IN (SELECT id FROM faces) ORDER BY id",
    "INSERT INTO embeddings (face_id, vector) SELECT id, vector FROM undo_faces "
    "WHERE step = :step AND vector IS NOT NULL ORDER BY id",
    "INSERT INTO photos (face_id, thumbnail) SELECT id, thumbnail FROM undo_faces "
    "WHERE step = :step AND thumbnail IS NOT NULL ORDER BY id",
    "INSERT INTO decisions (id, digest, identity_id, kind, vector, at, actor) "
    "SELECT id, digest, identity_id, kind, vector, at, actor "
    "FROM undo_decisions WHERE step = :step AND digest IS NOT NULL "
    "ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, "
    "identity_id = excluded.identity_id, kind = excluded.kind, vector = excluded.vector, "
    "at = excluded.at, actor = excluded.actor",
    "INSERT INTO apart (id, one, other, at, actor) SELECT id, one, other, at, actor "
    "FROM undo_apart WHERE step = :step AND one IS NOT NULL",
    "UPDATE photographs SET mode = u.mode FROM undo_photographs u "
    "WHERE u.step = :step AND u.id = photographs.id",
    "INSERT INTO unknowns (id, digest, file, row, vector, thumbnail, at, stranger) "
    "SELECT id, digest, file, row, vector, thumbnail, at, stranger "
    "FROM undo_unknowns WHERE step = :step AND digest IS NOT NULL",
)


class HistoryTable:
    """History of a gallery, and the way back and forth in it.

    Undoing and redoing return what they touched, or None where there is nothing to do; the change
    counter moves forward whichever way they go. They raise GalleryReadOnlyError and
    GalleryWriteError; whatever is raised, nothing was changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_change(self) -> int:
        """Return the change counter as committed, by whichever process."""
        with self._database.sound():
            ((change,),) = self._database.rows("SELECT change FROM gallery")
            return int(change)

    def entries(self, limit: int | None = None) -> list[HistoryEntry]:
        """Return every move of the change counter, newest first, at most ``limit``."""
        return self._entries("", limit)

    def changes(self, limit: int | None = None) -> list[HistoryEntry]:
        """Return the entries but those of undoing and redoing, newest first: each tells by its
        state whether it is undone.
        """
        return self._entries("WHERE action NOT IN ('undo', 'redo')", limit)

    def undo(self) -> Changed | None:
        """Undo the last step."""
        return self._go("undo", None)

    def redo(self) -> Changed | None:
        """Redo the step that was undone last."""
        return self._go("redo", None)

    def undo_step(self) -> str | None:
        """Return the summary of what :meth:`undo` would undo."""
        return self._next("SELECT summary FROM history WHERE state = 'done' ORDER BY change DESC")

    def redo_step(self) -> str | None:
        """Return the summary of what :meth:`redo` would redo."""
        return self._next("SELECT summary FROM history WHERE state = 'undone' ORDER BY change")

    def go_to(self, change: int) -> Changed | None:
        """Undo all steps after a change, or redo all up to it, in one transaction.

        Args:
            change: of an entry of the history; 0 for the beginning.

        Raises:
            HistoryError: there is no such entry, or the way there is cut off.
        """
        with self._database.reading() as connection:
            _require_reachable(connection, change)
        return self._go("undo", change) or self._go("redo", change)

    def _entries(self, where: str, limit: int | None) -> list[HistoryEntry]:
        rows = self._database.rows(
            "SELECT change, at, actor, action, summary, payload, state FROM history "
            f"{where} ORDER BY change DESC LIMIT ?",
            -1 if limit is None else limit,
        )
        with self._database.sound():
            return [
                checked(HistoryEntry(change, at, actor, action, summary, parsed(payload), state))
                for change, at, actor, action, summary, payload, state in rows
            ]

    def _next(self, query: str) -> str | None:
        rows = self._database.rows(f"{query} LIMIT 1")
        return str(rows[0][0]) if rows else None

    def _go(self, direction: Direction, target: int | None) -> Changed | None:
        with self._database.transaction() as connection:
            before, after = _STATES[direction]
            steps = _steps(connection, direction, before, target)
            if not steps:
                return None
            connection.execute("PRAGMA defer_foreign_keys = ON")
            identities: set[int] = set()
            faces: set[int] = set()
            for change, step, _ in steps:
                new = _swap(connection, change, step, after)
                for found, more in zip((identities, faces), touched(connection, new), strict=True):
                    found.update(more)
            what = steps[0][2] if len(steps) == 1 else event("changes", len(steps))
            summary = event(direction, what)
            payload = {"changes": [change for change, _, _ in steps]}
            now = add_entry(connection, direction, summary, payload)
            return Changed(now, direction, summary, tuple(sorted(identities)), tuple(sorted(faces)))


def _steps(
    connection: sqlite3.Connection, direction: Direction, state: str, target: int | None
) -> Sequence[_Step]:
    """Return the steps to undo or redo, in that order; without a target the next one alone."""
    query = "SELECT change, step, summary FROM history WHERE state = ?"
    if direction == "undo":
        query += " AND change > ? ORDER BY change DESC"
        until = 0 if target is None else target
    else:
        query += " AND change <= ? ORDER BY change"
        until = (1 << 62) if target is None else target
    rows = connection.execute(f"{query} LIMIT ?", (state, until, 1 if target is None else -1))
    return rows.fetchall()


def _swap(connection: sqlite3.Connection, change: int, step: int, state: str) -> int:
    """Undo or redo one step; return the number under which its rows are now."""
    for statement in _SWAP:
        connection.execute(statement, {"step": step} if ":step" in statement else {})
    forget_step(connection, step)
    (new,) = connection.execute("SELECT step FROM gallery").fetchone()
    connection.execute(
        "UPDATE history SET state = ?, step = ? WHERE change = ?", (state, new, change)
    )
    connection.execute("UPDATE gallery SET step = step + 1")
    return int(new)


def _require_reachable(connection: sqlite3.Connection, change: int) -> None:
    remedy = "List them with `face-gallery history`."
    row = connection.execute(
        "SELECT state, action FROM history WHERE change = ?", (change,)
    ).fetchone()
    state: State | None = row and row[0]
    if change != 0 and (row is None or row[1] in ("undo", "redo")):
        raise HistoryError(f"There is no change {change} in the history", remedy=remedy)
    if state == "cut":
        raise HistoryError(
            f"Change {change} was undone and replaced by another change", remedy=remedy
        )
    query = "SELECT coalesce(max(change), 0) FROM history WHERE state = 'fixed'"
    (fixed,) = connection.execute(query).fetchone()
    if change < fixed:
        raise HistoryError(
            f"Change {fixed} and those before it cannot be undone",
            remedy=remedy,
        )


# -- recording ---------------------------------------------------------------------------------


def record(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> Changed:
    """Record a change of people's data in the transaction that makes it, as its last part.

    What was undone before it can be redone no more: its entries stay, its rows are deleted.

    Args:
        action: a verb such as ``import``.
        summary: what happened, as :func:`event` makes it.
        payload: which rows it touched.
    """
    change, step = record_step(connection, action, summary, payload)
    return Changed(change, action, summary, *touched(connection, step))


def record_step(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> tuple[int, int]:
    """Record a change of people's data without telling what it touched: it may be a million faces.

    Returns:
        the change counter after it, and the number of the step that it is.
    """
    for (step,) in connection.execute("SELECT step FROM history WHERE state = 'undone'").fetchall():
        forget_step(connection, step)
    connection.execute("UPDATE history SET state = 'cut', step = NULL WHERE state = 'undone'")
    change = add_entry(connection, action, summary, payload, "done")
    (step,) = connection.execute("SELECT step FROM gallery").fetchone()
    connection.execute("UPDATE history SET step = ? WHERE change = ?", (step, change))
    connection.execute("UPDATE gallery SET step = step + 1")
    return change, int(step)


def record_beginning(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> None:
    """Record a change that cannot be undone, nor anything before it."""
    add_entry(connection, action, summary, payload, "fixed")
    (step,) = connection.execute("SELECT step FROM gallery").fetchone()
    forget_step(connection, step)


def add_entry(
    connection: sqlite3.Connection,
    action: str,
    summary: str,
    payload: Mapping[str, Any],
    state: State = "aside",
) -> int:
    """Add an entry, move the change counter and return it.

    Args:
        state: by default that of a change that cannot be undone, and cuts off no redo.
    """
    _log.info("A change of kind %s", action)
    connection.execute("UPDATE gallery SET change = change + 1")
    connection.execute(
        "INSERT INTO history (change, at, actor, action, summary, payload, state) "
        "SELECT change, ?, ?, ?, ?, ?, ? FROM gallery",
        (current_time(), actor(), action, summary, json.dumps(payload, ensure_ascii=False), state),
    )
    return int(connection.execute("SELECT change FROM gallery").fetchone()[0])


def touched(connection: sqlite3.Connection, step: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return ids of the identities and of the faces that a step touched, ascending."""
    identities = connection.execute(_TOUCHED_IDENTITIES, {"step": step})
    faces = {face for (face,) in connection.execute(_TOUCHED_FACES, {"step": step})}
    return tuple(sorted(identity for (identity,) in identities)), tuple(sorted(faces))


def forget_step(connection: sqlite3.Connection, step: int) -> None:
    """Delete what was kept to undo a step."""
    for table in UNDO_TABLES:
        connection.execute(f"DELETE FROM {table} WHERE step = ?", (step,))


@cache
def actor() -> str:
    """Return the name of the operating system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # ordinary: a user id without an account, as in some containers
        return "unknown"


def fix_changes(connection: sqlite3.Connection, changes: Sequence[int]) -> None:
    """Mark changes as not to be undone any more, and those that could be redone as cut off."""
    connection.execute(
        "UPDATE history SET state = 'fixed', step = NULL "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (as_json(changes),),
    )
    connection.execute("UPDATE history SET state = 'cut', step = NULL WHERE state = 'undone'")


def clear_undo(connection: sqlite3.Connection) -> None:
    """Delete what was kept of changes that cannot be undone any more."""
    for table in UNDO_TABLES:
        connection.execute(
            f"DELETE FROM {table} WHERE step NOT IN "
            "(SELECT step FROM history WHERE state = 'done' AND step IS NOT NULL)"
        )
