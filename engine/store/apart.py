"""What a person decided about identities for good: that two of them are two people."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from engine.errors import InputError
from engine.records.changes import Changed
from engine.store.access import Access
from engine.store.name_lookup import NamedIdentity, require_identity
from engine.store.reading import as_json
from engine.store.recording import actor, record
from engine.tools import clock


class Apart(Access):
    """The questions and changes of a :class:`engine.store.Store` about identities that look alike
    and are not one person.

    A pair goes with either of its identities, and comes back when that is undone. Changes return
    what they touched, or None where all was known; they raise as
    :class:`engine.store.correcting.Correcting`.
    """

    def apart(self) -> frozenset[tuple[int, int]]:
        """Pairs of ids of identities that were said to be two people, the smaller id first."""
        return frozenset(self._rows("SELECT one, other FROM apart"))

    def keep_apart(self, name: str, other: str) -> Changed | None:
        """Remembers that two identities are two people.

        Raises:
            InputError: they are one identity.
        """
        with self._database.transaction() as connection:
            one, two = _pair(connection, name, other)
            made = connection.execute(
                "INSERT INTO apart (one, other, at, actor) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (one.id, two.id, clock.now(), actor()),
            ).rowcount
            if not made:
                return None
            payload = {"identities": sorted((one.name, two.name)), "ids": (one.id, two.id)}
            summary = f"“{one.name}” and “{two.name}” are two people"
            return record(connection, "apart", summary, payload)

    def unkeep_apart(self, name: str, other: str) -> Changed | None:
        """Forgets what :meth:`keep_apart` remembered. Raises as it does."""
        with self._database.transaction() as connection:
            one, two = _pair(connection, name, other)
            query = "DELETE FROM apart WHERE one = ? AND other = ?"
            if not connection.execute(query, (one.id, two.id)).rowcount:
                return None
            payload = {"identities": sorted((one.name, two.name)), "ids": (one.id, two.id)}
            summary = f"“{one.name}” and “{two.name}” may be one person again"
            return record(connection, "unapart", summary, payload)


def join_apart(connection: sqlite3.Connection, others: Sequence[int], target: int) -> None:
    """What was said of identities that are about to go is said of the one they go into."""
    rows = connection.execute(
        "SELECT one, other, at, actor FROM apart "
        "WHERE one IN (SELECT value FROM json_each(:asked)) "
        "OR other IN (SELECT value FROM json_each(:asked)) ORDER BY id",
        {"asked": as_json(others)},
    ).fetchall()
    merged = {target, *others}
    for one, other, at, by in rows:
        left = {one, other} - merged
        connection.execute("DELETE FROM apart WHERE one = ? AND other = ?", (one, other))
        if left:
            connection.execute(
                "INSERT INTO apart (one, other, at, actor) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (*sorted({target, *left}), at, by),
            )


def _pair(
    connection: sqlite3.Connection, name: str, other: str
) -> tuple[NamedIdentity, NamedIdentity]:
    """The smaller id first."""
    one, two = sorted((require_identity(connection, name), require_identity(connection, other)))
    if one == two:
        raise InputError(
            f"“{name}” cannot be kept apart from itself", remedy="Name two people of the gallery."
        )
    return one, two
