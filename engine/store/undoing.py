"""The way back and forth: rows of a step are put in place of what is there, and change places.

What was there is kept by the triggers of the database as for any other change, and is the step's
from then on; so undoing a step and redoing it are one and the same. Steps are undone newest first
and redone oldest first, hence everything is as the step left it, or found it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

from engine.errors import HistoryError
from engine.records.changes import Changed, State
from engine.records.wording import counted
from engine.store.access import Access
from engine.store.recording import enter, forget, touched

Direction = Literal["undo", "redo"]
_Step = tuple[int, int, str]  # change, number of its rows, summary

_WORDS = {"undo": ("done", "undone", "Undone"), "redo": ("undone", "done", "Redone")}

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
    "INSERT INTO unknowns (id, digest, file, row, vector, thumbnail, at) "
    "SELECT id, digest, file, row, vector, thumbnail, at "
    "FROM undo_unknowns WHERE step = :step AND digest IS NOT NULL",
)


class Undoing(Access):
    """The way back and forth of a :class:`engine.store.Store`.

    Raises as :class:`Correcting`. The change counter moves forward whichever way it goes.
    """

    def undo(self) -> Changed | None:
        """Takes the last step back; None where there is none."""
        return self._go("undo", None)

    def redo(self) -> Changed | None:
        """Does again what was undone last; None where there is nothing."""
        return self._go("redo", None)

    def undo_step(self) -> str | None:
        """The summary of what :meth:`undo` would take back."""
        return self._next("SELECT summary FROM history WHERE state = 'done' ORDER BY change DESC")

    def redo_step(self) -> str | None:
        """The summary of what :meth:`redo` would do again."""
        return self._next("SELECT summary FROM history WHERE state = 'undone' ORDER BY change")

    def go_to(self, change: int) -> Changed | None:
        """Undoes all steps after a change, or redoes all up to it, in one transaction.

        Args:
            change: of an entry of the history; 0 for the beginning. None where it is there.

        Raises:
            HistoryError: there is no such entry, or the way there is cut off.
        """
        with self._database.reading() as connection:
            _require_reachable(connection, change)
        return self._go("undo", change) or self._go("redo", change)

    def _next(self, query: str) -> str | None:
        rows = self._rows(f"{query} LIMIT 1")
        return str(rows[0][0]) if rows else None

    def _go(self, direction: Direction, target: int | None) -> Changed | None:
        with self._database.transaction() as connection:
            before, after, word = _WORDS[direction]
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
            what = steps[0][2] if len(steps) == 1 else counted(len(steps), "change")
            summary = f"{word}: {what}"
            payload = {"changes": [change for change, _, _ in steps]}
            now = enter(connection, direction, summary, payload, "aside")
            return Changed(now, direction, summary, tuple(sorted(identities)), tuple(sorted(faces)))


def _steps(
    connection: sqlite3.Connection, direction: Direction, state: str, target: int | None
) -> Sequence[_Step]:
    """What is to be undone or redone, in that order; for no target the next one alone."""
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
    """Undoes or redoes one step; returns the number under which its rows are now."""
    for statement in _SWAP:
        connection.execute(statement, {"step": step} if ":step" in statement else {})
    forget(connection, step)
    (new,) = connection.execute("SELECT step FROM gallery").fetchone()
    connection.execute(
        "UPDATE history SET state = ?, step = ? WHERE change = ?", (state, new, change)
    )
    connection.execute("UPDATE gallery SET step = step + 1")
    return int(new)


def _require_reachable(connection: sqlite3.Connection, change: int) -> None:
    remedy = "See `face-gallery history` for those there are."
    row = connection.execute(
        "SELECT state, action FROM history WHERE change = ?", (change,)
    ).fetchone()
    state: State | None = row and row[0]
    if change != 0 and (row is None or row[1] in ("undo", "redo")):
        raise HistoryError(f"There is no change {change} in the history", remedy=remedy)
    if state == "cut":
        raise HistoryError(
            f"Change {change} was undone, and another one was made in its place", remedy=remedy
        )
    query = "SELECT coalesce(max(change), 0) FROM history WHERE state = 'fixed'"
    (fixed,) = connection.execute(query).fetchone()
    if change < fixed:
        raise HistoryError(
            f"Change {fixed} and those before it cannot be undone",
            remedy=remedy,
        )
