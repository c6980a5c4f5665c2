"""Where a gallery's database holds people who are to be erased, and what of it is theirs.

A table that is added belongs in the lists here, or erasing would leave people in it; the tables
``undo_*`` hold the same columns.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.errors import UnknownIdentityError
from engine.records.domains import parsed
from engine.records.names import name_key
from engine.store.database import as_json
from engine.store.enrolled_rows import require_one, unknown_identity
from engine.utils.name_search import Mentions

BY_IDENTITY = (("decisions", "identity_id"), ("apart", "one"), ("apart", "other"))
"""Rows that are about an identity, by its id."""
BY_DIGEST = ("decisions", "unknowns", "detections")
"""Rows that hold a vector of its own, under its digest."""
NEVER_UNDONE = frozenset({"detections", "photographs"})
"""Tables of which no row is kept for undo."""
TEXTS = (("identities", "note"), ("faces", "file"), ("unknowns", "file"), ("photographs", "file"))
"""Words and file names that may mention somebody else."""

# As conditions on them; the parameters are lists as JSON.
THEIRS = "(SELECT value FROM json_each(:identities))"
CONCERNED = "(SELECT value FROM json_each(:concerned))"
DIGESTS = "(SELECT from_hex(value) FROM json_each(:digests))"
FACES = "(SELECT value FROM json_each(:faces))"
GOING = (
    *((table, f"{column} IN {THEIRS}") for table, column in BY_IDENTITY),
    *((table, f"digest IN {DIGESTS}") for table in BY_DIGEST),
)

_NAMED = ("identities", "from", "into", "to")  # in payloads: ids by name
_OWNED = "identity_id IN (SELECT value FROM json_each(?1))"
_DEAD = f"vector IS NOT NULL AND {_OWNED} AND id NOT IN (SELECT id FROM faces)"


@dataclass(frozen=True, eq=False)
class Subject:
    """The people who are to be erased.

    Attributes:
        gallery: uuid of the gallery.
        identities: ids, also of those that were deleted before or merged into them.
        names: all that they ever had here, but for those that somebody else has now.
        faces: ids of faces enrolled under them.
        elsewhere: ids of faces enrolled under other names with the very same vector.
        dead: ids of faces that are not enrolled any more but kept for undo.
        digests: of all their vectors.
        mentions: finds their names in a text.
    """

    gallery: str
    identities: frozenset[int]
    names: tuple[str, ...]
    faces: tuple[int, ...]
    elsewhere: tuple[int, ...]
    dead: tuple[int, ...]
    digests: frozenset[bytes]
    mentions: Mentions

    def concerns(self, summary: str, payload_json: str) -> bool:
        """Tell whether an entry of the history is about them: by id, by digest or by name."""
        payload = parsed(payload_json)
        texts = [summary, *(node for node in _nodes(payload) if isinstance(node, str))]
        return any(identity in self.identities for identity, _ in _people(payload)) or any(
            text in self._hex or self.mentions.found(text) for text in texts
        )

    @cached_property
    def _hex(self) -> frozenset[str]:
        return frozenset(digest.hex() for digest in self.digests)


def find_subject(connection: sqlite3.Connection, names: Sequence[str]) -> Subject:
    """Find people by name. Raise UnknownIdentityError where nobody of a name is enrolled, nor
    kept for undo.
    """
    if not names:
        raise UnknownIdentityError("No one was named", remedy="Choose the person to erase.")
    names = [_enrolled_or_kept(connection, name) for name in names]
    query = (
        "SELECT id FROM identities WHERE name = ?1 UNION SELECT id FROM undo_identities "
        "WHERE name = ?1 AND id NOT IN (SELECT id FROM identities)"
    )
    identities = {identity for name in names for identity in _values(connection, query, name)}
    identities |= _merged_into(connection, identities)
    ids = as_json(identities)
    faces = _values(connection, f"SELECT id FROM faces WHERE {_OWNED}", ids)
    enrolled = _values(connection, f"SELECT digest FROM faces WHERE {_OWNED}", ids)
    elsewhere = _elsewhere(connection, enrolled, identities)
    dead = _values(connection, f"SELECT id FROM undo_faces WHERE {_DEAD}", ids)
    further = _values(
        connection,
        f"SELECT digest FROM undo_faces WHERE {_DEAD} "
        f"UNION SELECT digest FROM decisions WHERE kind = 'is' AND {_OWNED}",
        ids,
    )
    own = {digest for digest in further if not _elsewhere(connection, {digest}, identities)}
    others = _others(connection, identities)
    gone = tuple(sorted((_names_of(connection, identities) | set(names)) - others))
    (uuid,) = connection.execute("SELECT uuid FROM gallery").fetchone()
    return Subject(
        uuid,
        frozenset(identities),
        gone,
        tuple(sorted(faces)),
        tuple(elsewhere),
        tuple(sorted(dead)),
        frozenset({*enrolled, *own}),
        Mentions(gone, others),
    )


def count_mentions(
    connection: sqlite3.Connection, mentions: Mentions, going: Mapping[str, str]
) -> int:
    """Count the notes and file names of others in which a name would be struck out.

    Args:
        going: ids of ``identities`` and ``faces`` that go, as JSON.
    """
    return sum(len(found) for *_, found in _mentioning(connection, mentions, going))


def strike_mentions(connection: sqlite3.Connection, mentions: Mentions) -> None:
    """Strike names out of other people's notes and file names."""
    for table, column, found in _mentioning(connection, mentions, {}):
        connection.executemany(
            f"UPDATE {table} SET {column} = ? WHERE id = ?",
            [(mentions.struck(text), row) for row, text in found],
        )


def _mentioning(
    connection: sqlite3.Connection, mentions: Mentions, going: Mapping[str, str]
) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    """Yield table and column, with id and text of each row that mentions a name."""
    for table, column in TEXTS:
        rows = connection.execute(
            f"SELECT id, {column} FROM {table} WHERE {column} <> '' "
            "AND id NOT IN (SELECT value FROM json_each(?))",
            (going.get(table, "[]"),),
        )
        yield table, column, [(row, text) for row, text in rows if mentions.found(text)]


def digests_as_json(connection: sqlite3.Connection, digests: Iterable[bytes]) -> str:
    """Return digests as the one parameter that json_each takes; ``from_hex`` decodes each."""
    connection.create_function("from_hex", 1, bytes.fromhex, deterministic=True)
    return json.dumps([digest.hex() for digest in digests])


def _enrolled_or_kept(connection: sqlite3.Connection, name: str) -> str:
    """Return the name that is meant, by the rule of :mod:`engine.store.enrolled_rows`.

    Raises:
        UnknownIdentityError, AmbiguousNameError: nobody's, or several people's.
    """
    rows = connection.execute(
        "SELECT name FROM identities WHERE name = ?1 OR key = ?2 UNION SELECT name FROM "
        "undo_identities WHERE (name = ?1 OR key = ?2) AND id NOT IN (SELECT id FROM identities)",
        (name, name_key(name)),
    )
    found = [str(found_name) for (found_name,) in rows]
    if name in found:
        return name
    require_one(name, found)
    if not found:
        raise unknown_identity(connection, name, "in the gallery or kept for undo")
    return found[0]


def _merged_into(connection: sqlite3.Connection, identities: Iterable[int]) -> set[int]:
    """Return ids of those merged into them; newest merge first, so that chains are found."""
    found = set(identities)
    rows = connection.execute(
        "SELECT payload FROM history WHERE action = 'merge' AND state IN ('done', 'fixed') "
        "ORDER BY change DESC"
    )
    for (text,) in rows:
        payload = parsed(text)
        merge = payload if isinstance(payload, Mapping) else {}
        if found.intersection(dict(merge.get("into", ())).values()):
            found.update(dict(merge["from"]).values())
    enrolled = {identity for (identity,) in connection.execute("SELECT id FROM identities")}
    return found - enrolled


def _elsewhere(
    connection: sqlite3.Connection, digests: Iterable[bytes], identities: Iterable[int]
) -> list[int]:
    rows = connection.execute(
        "SELECT f.id, f.identity_id FROM json_each(?) asked "
        "CROSS JOIN faces f ON f.digest = from_hex(asked.value)",
        (digests_as_json(connection, digests),),
    )
    owners = set(identities)
    return sorted(face for face, owner in rows if owner not in owners)


def _names_of(connection: sqlite3.Connection, identities: set[int]) -> set[str]:
    ids = as_json(identities)
    rows = connection.execute(
        "SELECT name FROM identities WHERE id IN (SELECT value FROM json_each(?1)) "
        "UNION SELECT name FROM undo_identities WHERE name IS NOT NULL "
        "AND id IN (SELECT value FROM json_each(?1))",
        (ids,),
    )
    found = {str(name) for (name,) in rows}
    for (payload,) in connection.execute("SELECT payload FROM history"):
        people = _people(parsed(payload))
        found.update(name for identity, name in people if identity in identities)
    return found


def _others(connection: sqlite3.Connection, identities: set[int]) -> set[str]:
    rows = connection.execute("SELECT id, name FROM identities")
    return {str(name) for identity, name in rows if identity not in identities}


def _people(payload: object) -> Iterator[tuple[int, str]]:
    """Yield ids and names of identities anywhere in a payload."""
    for node in _nodes(payload):
        if not isinstance(node, Mapping):
            continue
        for key in _NAMED:
            if isinstance(ids_by_name := node.get(key), Mapping):
                yield from ((identity, name) for name, identity in ids_by_name.items())
        if "identity_id" in node:
            yield from ((node["identity_id"], node[key]) for key in ("name", "new") if key in node)


def _nodes(payload: object) -> Iterator[object]:
    """Yield everything in a JSON value: itself, keys, values and elements, at any depth."""
    yield payload
    if isinstance(payload, Mapping):
        yield from map(str, payload)
        payload = list(payload.values())
    for value in payload if isinstance(payload, list) else ():
        yield from _nodes(value)


def _values(connection: sqlite3.Connection, query: str, parameter: object) -> set[Any]:
    return {value for (value,) in connection.execute(query, (parameter,))}
