"""Redaction of the history by an erasure: entries stay in order, without what they tell of people.

A change that touched the person cannot be undone faithfully any more; as changes are undone newest
first, neither can those before it. They become fixed, and what was kept to undo them is deleted;
so is what could be redone, as with any other change. Changes after them stay as they were.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from engine.store.database import as_json
from engine.store.erasure.personal_data import (
    CONCERNED,
    DIGESTS,
    FACES,
    GOING,
    TEXTS,
    Subject,
)

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
    """Return the changes that can be undone now and touched them, and all before; oldest first."""
    touched = {step for (step,) in connection.execute(_TOUCHED, asked)}
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
    )
    rows = connection.execute(query)
    return {step for step, text in rows if subject.mentions.found(text)}


def redact_entries(connection: sqlite3.Connection, subject: Subject) -> None:
    """Replace summary and payload of entries about them; when and by whom stays."""
    rows = connection.execute("SELECT change, summary, payload FROM history").fetchall()
    theirs = [change for change, *told in rows if subject.concerns(*told)]
    connection.execute(
        "UPDATE history SET summary = ?, payload = ? "
        "WHERE change IN (SELECT value FROM json_each(?))",
        (_NAMELESS, json.dumps({"erased": True}), as_json(theirs)),
    )
