"""Lookup of the identity that a name means, typed by somebody or read from a file."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from engine.errors import AmbiguousNameError, UnknownIdentityError
from engine.records.names import name_key, nearest, search_lines

_SUGGESTED = 3


class NamedIdentity(NamedTuple):
    """An identity found by its name."""

    id: int
    name: str


def find_identities(
    connection: sqlite3.Connection, names: Collection[str]
) -> dict[str, list[NamedIdentity]]:
    """Return for each name the identity of exactly this name, else all whose names have the same
    :func:`name_key`; names that nobody has either way are left out.
    """
    found: defaultdict[str, list[NamedIdentity]] = defaultdict(list)
    for identity in _identities(connection, "name", names):
        found[identity.name].append(identity)
    keys: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        if name not in found:
            keys[name_key(name)].append(name)
    for identity in _identities(connection, "key", keys):
        for name in keys.get(name_key(identity.name), ()):
            found[name].append(identity)
    return dict(found)


def find_identity(connection: sqlite3.Connection, name: str) -> NamedIdentity | None:
    """Return the identity that a name means: the one of exactly this name, else the only one that
    :func:`find_identities` finds; None where there is none.

    Raises:
        AmbiguousNameError: there are several.
    """
    found = find_identities(connection, [name]).get(name, [])
    require_one(name, [identity.name for identity in found])
    return found[0] if found else None


def require_identity(connection: sqlite3.Connection, name: str) -> NamedIdentity:
    """Return the identity that a name means.

    Raises:
        UnknownIdentityError: nobody is meant; it suggests names that are spelled alike.
        AmbiguousNameError: several are.
    """
    found = find_identity(connection, name)
    if found is None:
        raise unknown_identity(connection, name)
    return found


def require_identities(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return ids by enrolled name, each once, in the order given.

    Raises:
        UnknownIdentityError: a name means nobody. AmbiguousNameError: it may mean several.
    """
    found = (require_identity(connection, name) for name in dict.fromkeys(names))
    return {name: identity for identity, name in found}


def require_one(name: str, candidates: Sequence[str]) -> None:
    """Raise AmbiguousNameError where a name may mean several people."""
    if len(candidates) > 1:
        raise AmbiguousNameError(
            ambiguous_words(name, candidates),
            remedy="Write the name exactly as listed, or merge them.",
        )


def unknown_identity(
    connection: sqlite3.Connection, name: str, where: str = "enrolled"
) -> UnknownIdentityError:
    """Return the error that nobody has a name, with similar names that may have been meant."""
    known = [known for (known,) in connection.execute("SELECT name FROM identities ORDER BY name")]
    keys = search_lines("\n".join(other.replace("\n", " ") for other in known)).split("\n")
    near = [f"“{known[row]}”" for row in nearest(name, keys, _SUGGESTED) if known]
    question = f"Did you mean {' or '.join(near)}?" if near else "See `face-gallery people`."
    return UnknownIdentityError(f"No one named “{name}” is {where}", remedy=question)


def ambiguous_words(name: str, candidates: Sequence[str]) -> str:
    """Say that a name may mean several people; names that look the same are distinguished."""
    composed = [unicodedata.normalize("NFC", candidate) for candidate in candidates]
    listed = [
        f"“{candidate}”"
        + " (accents apart, NFD)" * (composed.count(whole) > 1 and candidate != whole)
        for candidate, whole in zip(candidates, composed, strict=True)
    ]
    return f"“{name}” may be {' or '.join(listed)}"


def _identities(
    connection: sqlite3.Connection, column: str, values: Collection[str]
) -> list[NamedIdentity]:
    query = (
        f"SELECT id, name FROM identities WHERE {column} IN (SELECT value FROM json_each(?)) "
        "ORDER BY name"
    )
    rows = connection.execute(query, (json.dumps(list(values)),))
    return [NamedIdentity(int(identity), str(name)) for identity, name in rows]
