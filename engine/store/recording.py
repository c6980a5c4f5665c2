"""The history: every change of a gallery is one entry, and moves the change counter by one.

Triggers of the database (see migrations) keep what a change of people's data touched as it was.
A change of models is no such step: it cannot be undone, and cuts off no redo.
"""

from __future__ import annotations

import getpass
import json
import sqlite3
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from engine.records.changes import Changed, State
from engine.tools import clock

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
_NAMED = 5  # names in a summary at most; the payload has them all
IMAGES = (
    *("undo_identities", "undo_faces", "undo_spans", "undo_decisions"),
    *("undo_apart", "undo_unknowns"),
)


def record(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> Changed:
    """Notes a change of people's data in the transaction that makes it, as its last part.

    What was undone before it can be redone no more: its entries stay, its rows are let go.

    Args:
        action: a verb such as ``import``.
        summary: one sentence for the person.
        payload: which rows it touched.
    """
    change, step = note(connection, action, summary, payload)
    return Changed(change, action, summary, *touched(connection, step))


def note(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> tuple[int, int]:
    """The same without telling what was touched, which may be a million faces.

    Returns:
        the change counter after it, and the number of the step that it is.
    """
    for (step,) in connection.execute("SELECT step FROM history WHERE state = 'undone'").fetchall():
        forget(connection, step)
    connection.execute("UPDATE history SET state = 'cut', step = NULL WHERE state = 'undone'")
    change = enter(connection, action, summary, payload, "done")
    (step,) = connection.execute("SELECT step FROM gallery").fetchone()
    connection.execute("UPDATE history SET step = ? WHERE change = ?", (step, change))
    connection.execute("UPDATE gallery SET step = step + 1")
    return change, int(step)


def record_aside(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> int:
    """Notes a change that is no step to be undone; returns the change counter after it."""
    return enter(connection, action, summary, payload, "aside")


def record_beginning(
    connection: sqlite3.Connection, action: str, summary: str, payload: Mapping[str, Any]
) -> None:
    """Notes a change that there is no way back from: nothing before it can be come to."""
    enter(connection, action, summary, payload, "fixed")
    (step,) = connection.execute("SELECT step FROM gallery").fetchone()
    forget(connection, step)


def enter(
    connection: sqlite3.Connection,
    action: str,
    summary: str,
    payload: Mapping[str, Any],
    state: State,
) -> int:
    """Adds an entry and moves the change counter, which it returns."""
    connection.execute("UPDATE gallery SET change = change + 1")
    connection.execute(
        "INSERT INTO history (change, at, actor, action, summary, payload, state) "
        "SELECT change, ?, ?, ?, ?, ?, ? FROM gallery",
        (clock.now(), actor(), action, summary, json.dumps(payload, ensure_ascii=False), state),
    )
    return int(connection.execute("SELECT change FROM gallery").fetchone()[0])


def touched(connection: sqlite3.Connection, step: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids of the identities and of the faces that a step touched, ascending."""
    identities = connection.execute(_TOUCHED_IDENTITIES, {"step": step})
    faces = {face for (face,) in connection.execute(_TOUCHED_FACES, {"step": step})}
    return tuple(sorted(identity for (identity,) in identities)), tuple(sorted(faces))


def forget(connection: sqlite3.Connection, step: int) -> None:
    """Lets go what was kept of a step."""
    for table in IMAGES:
        connection.execute(f"DELETE FROM {table} WHERE step = ?", (step,))


def counted(count: int, noun: str) -> str:
    """A count with its noun, such as "1,200 faces"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def who(names: Iterable[str]) -> str:
    """Names for a summary, such as “Ann” and “Bo”; of many the first ones and how many more."""
    quoted = [f"“{name}”" for name in names]
    if len(quoted) > _NAMED + 1:
        quoted[_NAMED:] = [f"{len(quoted) - _NAMED:,} more"]
    *most, last = quoted
    return f"{', '.join(most)} and {last}" if most else last


@cache
def actor() -> str:
    """The operating system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without an account, as in some containers
        return "unknown"
