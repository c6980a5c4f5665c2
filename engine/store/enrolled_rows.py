"""Rows of identities and faces: looked up by name or id, moved, deleted, brought up to date."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from engine.errors import AmbiguousNameError, UnknownIdentityError
from engine.records.names import name_key, nearest, search_lines
from engine.store.database import as_json

_SUGGESTED = 3
_DIGESTS_AT_ONCE = 10_000


class NamedIdentity(NamedTuple):
    """An identity found by its name."""

    id: int
    name: str


class Enrolled(NamedTuple):
    """A face as a change finds it."""

    id: int
    identity_id: int
    digest: bytes
    name: str


# -- looking up by name ---------------------------------------------------------------------------


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


# -- looking up by id or vector -------------------------------------------------------------------


def known_faces(connection: sqlite3.Connection, ids: Iterable[int]) -> list[Enrolled]:
    """Return those of the faces that are enrolled, by id."""
    rows = connection.execute(
        "SELECT f.id, f.identity_id, f.digest, i.name "
        "FROM faces f JOIN identities i ON i.id = f.identity_id "
        "WHERE f.id IN (SELECT value FROM json_each(?)) ORDER BY f.id",
        (as_json(ids),),
    )
    return [Enrolled(*row) for row in rows]


def require_faces(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Enrolled]:
    """Return the faces by id. Raise UnknownIdentityError where one of them is not enrolled."""
    found = known_faces(connection, ids)
    missing = {int(face) for face in ids} - {face.id for face in found}
    if missing:
        raise UnknownIdentityError(
            f"Face {min(missing)} is not enrolled", remedy="Choose faces that are in the gallery."
        )
    return found


def require_owner(face: Enrolled, identity: int, name: str) -> None:
    """Raise UnknownIdentityError where the face is not this identity's."""
    if face.identity_id != identity:
        raise UnknownIdentityError(
            f"Face {face.id} is not one of “{name}”", remedy="Choose one of its own faces."
        )


def identity_called(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the id of the identity of exactly this name; None where there is none."""
    row = connection.execute("SELECT id FROM identities WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def holders(
    connection: sqlite3.Connection, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[int, str]]]:
    """Return who has these vectors: digest to (face id, identity name) pairs, by face id."""
    if connection.execute("SELECT 1 FROM faces LIMIT 1").fetchone() is None:
        return {}  # spares the first import its look-ups
    query = (
        "SELECT f.digest, f.id, i.name FROM faces f JOIN identities i ON i.id = f.identity_id "
        "WHERE f.digest IN ({}) ORDER BY f.id"
    )
    return lookup_digests(connection, query, digests)


def lookup_digests(
    connection: sqlite3.Connection, query: str, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[int, str]]]:
    """Return the (id, name) pairs that a query finds for each digest.

    Args:
        query: selects digest, id and name; ``{}`` stands for the digests.
    """
    found: dict[bytes, list[tuple[int, str]]] = {}
    for start in range(0, len(digests), _DIGESTS_AT_ONCE):
        chunk = list(dict.fromkeys(digests[start : start + _DIGESTS_AT_ONCE]))
        for digest, identifier, name in connection.execute(
            query.format(",".join("?" * len(chunk))), chunk
        ):
            found.setdefault(digest, []).append((identifier, name))
    return found


def describe_faces(
    connection: sqlite3.Connection, faces: Sequence[Enrolled]
) -> list[dict[str, object]]:
    """Return what a history entry keeps of faces."""
    rows = connection.execute(
        "SELECT id, file, row FROM faces WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (as_json(face.id for face in faces),),
    ).fetchall()
    return [
        {"id": face.id, "identity_id": face.identity_id, "name": face.name, "file": file, "row": at}
        for face, (_, file, at) in zip(faces, rows, strict=True)
    ]


# -- changing ------------------------------------------------------------------------------------


def put_under(
    connection: sqlite3.Connection, faces: Sequence[Enrolled], name: str
) -> tuple[int, set[int]]:
    """Move faces to an identity, known or new, and overrule decisions that contradict it.

    Returns:
        the id of the identity, and the ids of faces that were dropped; all identities concerned
        are to be settled afterwards.
    """
    target = identity_called(connection, name)
    if target is None:
        query = "INSERT INTO identities (name, key) VALUES (?, ?)"
        target = int(connection.execute(query, (name, name_key(name))).lastrowid or 0)
    connection.executemany(
        "DELETE FROM decisions WHERE digest = ? AND ((identity_id = ? AND kind = 'is') "
        "OR (identity_id = ? AND kind = 'is-not'))",
        [(face.digest, face.identity_id, target) for face in faces],
    )
    return target, hand_over(connection, faces, target)


def hand_over(connection: sqlite3.Connection, faces: Sequence[Enrolled], target: int) -> set[int]:
    """Move faces to an identity; return ids of those dropped because it has their vector."""
    rows = connection.execute(
        "SELECT f.digest FROM json_each(?) asked CROSS JOIN faces mine ON mine.id = asked.value "
        "JOIN faces f ON f.digest = mine.digest WHERE f.identity_id = ?",
        (as_json(face.id for face in faces), target),
    )
    target_digests = {digest for (digest,) in rows}
    dropped = set()
    for face in faces:  # by id: of several with one vector the oldest stays
        if face.digest in target_digests:
            dropped.add(face.id)
        target_digests.add(face.digest)
    delete_faces(connection, dropped)
    connection.execute(
        "UPDATE faces SET identity_id = ? WHERE id IN (SELECT value FROM json_each(?))",
        (target, as_json(face.id for face in faces)),
    )
    return dropped


def delete_faces(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete faces with embeddings and photographs; their identities are to be settled then."""
    connection.execute(
        "DELETE FROM faces WHERE id IN (SELECT value FROM json_each(?))", (as_json(ids),)
    )


def settle(connection: sqlite3.Connection, identity_ids: set[int]) -> None:
    """Delete identities that have no faces left, and bring the others up to date."""
    connection.execute(
        "DELETE FROM identities WHERE id IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM faces WHERE identity_id = identities.id)",
        (as_json(identity_ids),),
    )
    refresh(connection, identity_ids)


def refresh(connection: sqlite3.Connection, identity_ids: Iterable[int]) -> None:
    """Update number of faces and portrait of identities. The portrait is the chosen face while it
    is theirs, else the first with a photograph, else the first.
    """
    connection.execute(
        """
        UPDATE identities SET
            face_count = (SELECT count(*) FROM faces WHERE identity_id = identities.id),
            chosen = (SELECT f.id FROM faces f
                WHERE f.id = chosen AND f.identity_id = identities.id),
            portrait = coalesce(
                (SELECT f.id FROM faces f WHERE f.id = chosen AND f.identity_id = identities.id),
                (SELECT f.id FROM faces f CROSS JOIN photos p ON p.face_id = f.id
                 WHERE f.identity_id = identities.id ORDER BY f.id LIMIT 1),
                (SELECT min(id) FROM faces WHERE identity_id = identities.id))
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (as_json(identity_ids),),
    )
