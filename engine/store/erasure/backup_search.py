"""Search of a backup file for people who are to be erased."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.errors import FaceGalleryError
from engine.store.backup.archive import Archive
from engine.store.cipher import Key
from engine.store.database import opened
from engine.store.erasure.personal_data import BY_DIGEST, BY_IDENTITY, TEXTS, Subject
from engine.store.schema import require_ours
from engine.utils.files import scratch_folder
from engine.utils.gallery_folder import DATABASE

_log = logging.getLogger(__name__)

_TABLES = ("faces", *BY_DIGEST)
_DIGESTS = (*_TABLES, *(f"undo_{table}" for table in _TABLES))
_IDS = (("identities", "id"), ("faces", "identity_id"), *BY_IDENTITY)
_OWNERS = (*_IDS, *((f"undo_{table}", column) for table, column in _IDS))
_WORDS = (("identities", "name"), *TEXTS)
_TEXTS = (*_WORDS, *((f"undo_{table}", column) for table, column in _WORDS),
          ("history", "summary"), ("history", "payload"))  # fmt: skip


def found_in_backup(
    path: Path, subject: Subject, models: Sequence[str], place: Path, key: Key | None
) -> bool:
    """Tell whether one of their vectors, a name, a row about them or one of the models is in it.

    Args:
        models: ids of models that saw them.
        place: a folder that may be written; nothing is left there.
        key: key of an encrypted backup.

    Returns:
        True where it cannot be read: nobody can tell what is in it.
    """
    try:
        with Archive(path) as archive, scratch_folder(place) as scratch:
            if any(f"models/{model}/" in name for name in archive.members for model in models):
                return True
            archive.extract(DATABASE, scratch / DATABASE)
            opens = key if archive.backup.encrypted else None
            database = scratch / DATABASE
            with opened(database, "mode=ro&immutable=1", opens) as connection:
                require_ours(connection, database)
                (uuid,) = connection.execute("SELECT uuid FROM gallery").fetchone()
                return _holds(connection, subject, uuid == subject.gallery)
    except (FaceGalleryError, OSError):
        _log.info("A backup cannot be searched and counts as holding the person", exc_info=True)
        return True


def _holds(connection: sqlite3.Connection, subject: Subject, same: bool) -> bool:
    """Search a backup's database.

    Args:
        same: it is of the same gallery, so that ids of identities are theirs.
    """
    if any(digest in subject.digests for digest in _values(connection, _DIGESTS, "digest")):
        return True
    for table, column in _OWNERS:
        ids = _values(connection, (table,), column)
        if same and any(identity in subject.identities for identity in ids):
            return True
    return any(
        subject.mentions.found(text)
        for table, column in _TEXTS
        for text in _values(connection, (table,), column)
    )


def _values(connection: sqlite3.Connection, tables: Sequence[str], column: str) -> Iterator[Any]:
    """Yield the values of a column of tables; an older schema may lack some."""
    for table in tables:
        columns = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
        if column in columns:
            query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
            yield from (value for (value,) in connection.execute(query))
