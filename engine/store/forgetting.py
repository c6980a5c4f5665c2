"""What an erasure leaves of the history: entries in their order, without whom they told of.

A change that touched the person cannot be undone faithfully any more; as changes are undone newest
first, neither can those before it. They become fixed, and what was kept to undo them goes; so does
what could be redone, as with any other change. Changes after them stay as they were.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from engine.store.reading import as_json
from engine.store.recording import IMAGES
from engine.store.subject import Subject
from engine.store.whereabouts import CONCERNED, DIGESTS, FACES, GOING, TEXTS

_NAMELESS = "Erased"
_TOUCHED = " UNION ".join(
    (
        f"SELECT step FROM undo_identities WHERE id IN {CONCERNED}",
        f"SELECT step FROM undo_faces WHERE id IN {FACES} OR digest IN {DIGESTS} "
        f"OR identity_id IN {CONCERNED}",
        "SELECT s.step FROM undo_spans s JOIN json_each(:faces) face "
        "ON face.value BETWEEN s.first AND s.last",
        *(f"SELECT step FROM undo_{table} WHERE {theirs}" for table, theirs in GOING),
        *(  # made by the step, and going now
            f"SELECT step FROM undo_{table} WHERE id IN (SELECT id FROM {table} WHERE {theirs})"
            for table, theirs in GOING
        ),
    )
)


def steps_to_fix(
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
    """Steps whose kept rows mention a name with somebody else, or as somebody else's then."""
    query = " UNION ".join(
        f"SELECT step, {column} FROM undo_{table} WHERE {column} <> ''"
        for table, column in (("identities", "name"), *TEXTS)
    )
    rows = connection.execute(query)
    return {step for step, text in rows if subject.mentions.found(text)}


def fix(connection: sqlite3.Connection, changes: Sequence[int]) -> None:
    """Marks changes as not to be undone, and those that could be redone as cut off."""
    connection.execute(
        "UPDATE history SET state = 'fixed', step = NULL "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (as_json(changes),),
    )
    connection.execute("UPDATE history SET state = 'cut', step = NULL WHERE state = 'undone'")


def clear_undo(connection: sqlite3.Connection) -> None:
    """Lets go what belongs to no change that can be undone, also what this erasure touched."""
    for table in IMAGES:
        connection.execute(
            f"DELETE FROM {table} WHERE step NOT IN "
            "(SELECT step FROM history WHERE state = 'done' AND step IS NOT NULL)"
        )


def make_nameless(connection: sqlite3.Connection, subject: Subject) -> None:
    """Takes summary and payload of entries that tell of them; when and by whom stays."""
    rows = connection.execute("SELECT change, summary, payload FROM history").fetchall()
    theirs = [change for change, *told in rows if subject.concerns(*told)]
    connection.execute(
        "UPDATE history SET summary = ?, payload = ? "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (_NAMELESS, json.dumps({"erased": True}), as_json(theirs)),
    )
