"""What every part of a store stands on: its database, asked and taken at its word with care."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.errors import GalleryDamagedError
from engine.store import encoding, integrity
from engine.store.database import Database
from engine.store.failures import RESTORE, TAKE_OUT
from engine.types import Vectors

# Fewer than the 700 new tuples that set Python's collector off: 100,000 faces are read in 122 ms,
# with 4,000 at once in 223, and other threads wait 4 ms at most for the interpreter instead of 17.
_ROWS_AT_ONCE = 500
_SHOWN = 120  # characters of what is wrong


class Access:
    """The database of a :class:`engine.store.Store`."""

    dimension: int
    _database: Database

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(query, values).fetchall()

    def _each(self, query: str, *values: object) -> Iterator[list[Any]]:
        """The rows of one moment, some hundred at a time."""
        with self._database.reading() as connection:
            cursor = connection.execute(query, values)
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                yield rows

    def _genuine(
        self,
        blobs: Sequence[bytes],
        digests: Sequence[bytes],
        ids: Sequence[int],
        table: str,
    ) -> Vectors:
        """The vectors ``(n, d)`` of rows of a table with these ids.

        Raises:
            GalleryDamagedError: one is not the one that was kept there, or none of this gallery.
        """
        with self._sound():
            if not (wrong := encoding.altered(blobs, digests)):
                return encoding.from_blobs(blobs, self.dimension)
        with self._database.reading() as connection:
            sentence = integrity.altered_one(connection, table, ids[wrong[0]])
        raise GalleryDamagedError(sentence, file=self._database.path, remedy=TAKE_OUT)

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Around what takes values for granted that damage can have made something else."""
        try:
            yield
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            raise GalleryDamagedError(
                f"The database holds values that make no sense ({str(error)[:_SHOWN]})",
                file=self._database.path,
                remedy=RESTORE,
            ) from error
