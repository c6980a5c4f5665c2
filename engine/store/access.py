"""What every part of a store stands on: its database, asked and taken at its word with care."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import GalleryDamagedError
from engine.store.database import Database
from engine.store.failures import RESTORE


class Access:
    """The database of a :class:`engine.store.Store`."""

    dimension: int
    _database: Database

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._database.reading() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Around what takes values for granted that damage can have made something else."""
        try:
            yield
        except (TypeError, ValueError) as error:
            raise GalleryDamagedError(
                f"The database holds values that make no sense ({error})",
                file=self._database.path,
                remedy=RESTORE,
            ) from error
