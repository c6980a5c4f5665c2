"""How faces come into a gallery's database: one change, one transaction, one history entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.progress import SILENT, Reporter
from engine.records.wording import counted
from engine.store import adding, comparing
from engine.store.access import Access
from engine.store.recording import note
from engine.store.shelving import forget_enrolled
from engine.types import Added, FaceBatch

_NO_THUMBNAILS: Mapping[int, bytes] = MappingProxyType({})
_MANY = 10_000
"""Faces after which the pages that SQLite keeps at hand are worth letting go."""


class Writing(Access):
    """What a :class:`engine.store.Store` takes in.

    Each raises GalleryReadOnlyError when it is open for reading only and GalleryWriteError when
    the disk refuses; whatever is raised, nothing was changed.
    """

    def add(
        self,
        batch: FaceBatch,
        *,
        keys: Mapping[str, str] | Callable[[str], str],
        thumbnails: Mapping[int, bytes] = _NO_THUMBNAILS,
        action: str = "import",
        summary: str | None = None,
        overrule: bool = False,
        reporter: Reporter = SILENT,
        dry_run: bool = False,
        beforehand: Callable[[int], object] | None = None,
    ) -> Added:
        """Enrols a batch. A vector that its identity has already, or has twice in the batch, is
        left out as a duplicate; one that another identity has is kept and told as a conflict.
        What was on the shelf of unknown queries and is enrolled now leaves it. Where all are
        duplicates nothing is changed.

        Args:
            batch: every row named.
            keys: the look-alike key of a name.
            thumbnails: encoded pictures by row of the batch.
            action, summary: for the history; the summary is made up when None.
            overrule: a person says that these are these people: decisions that they are not
                are deleted with it. They stay, and go on holding, where False.
            dry_run: change nothing and tell what would be; ids not given yet are 0. Also for a
                gallery that is open for reading only.
            beforehand: is told how many faces come in before anything is written, outside the
                transaction; what it raises keeps it from being.

        Raises:
            MismatchError, EmbeddingError, IdentityNameError: a row that cannot be enrolled.
            CancelledError: through the reporter, at any time before it is committed.
        """
        names = adding.check(batch, self.dimension)
        with self._database.reading() as connection:
            at = _change(connection)
            made = comparing.plan(connection, batch, names, reporter)
            if dry_run:
                return adding.foresee(connection, made)
        if beforehand is not None and len(made.rows):
            beforehand(len(made.rows))
        key_of = keys.__getitem__ if isinstance(keys, Mapping) else keys
        with self._database.transaction() as connection:
            if _change(connection) != at:  # another thread changed the gallery meanwhile
                made = comparing.plan(connection, batch, names, reporter)
            if not len(made.rows):
                return adding.foresee(connection, made)
            with self._sound():
                first = adding.next_face(connection)
            added = adding.insert(connection, batch, made, first, key_of, thumbnails, reporter)
            if overrule:
                adding.overrule(connection, added.face_ids)
            forget_enrolled(connection)
            note(connection, action, summary or _summary(added), _span(added))
        if len(added.face_ids) > _MANY:
            self._database.forget_pages()
        return added

    def set_setting(self, key: str, value: str) -> None:
        """Keeps a value with the gallery; not a change in the sense of the history."""
        with self._database.transaction() as connection:
            connection.execute("REPLACE INTO settings (key, value) VALUES (?, ?)", (key, value))


def _change(connection: sqlite3.Connection) -> object:
    return connection.execute("SELECT change FROM gallery").fetchone()


def _span(added: Added) -> dict[str, Any]:
    """Face ids are consecutive: first and last say it all."""
    return {
        "faces": [int(added.face_ids[0]), int(added.face_ids[-1])],
        "new_identities": len(added.new_identities),
        "duplicates": len(added.duplicates),
    }


def _summary(added: Added) -> str:
    faces = counted(len(added.face_ids), "face")
    if not added.new_identities:
        return f"{faces} added"
    count = len(added.new_identities)
    return f"{faces} added, {count} new {'identity' if count == 1 else 'identities'}"
