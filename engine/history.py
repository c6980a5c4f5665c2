"""The history of an open gallery: what was changed, undo and redo."""

from __future__ import annotations

from engine.recognition.recogniser import Recogniser
from engine.records.changes import Changed, HistoryEntry
from engine.store import Store


class History:
    """Changes of a gallery. A step back or forward restores vectors, pictures, ids, dates and
    decisions exactly, and recognition follows at once.
    """

    def __init__(self, store: Store, recogniser: Recogniser) -> None:
        self._table = store.history
        self._recogniser = recogniser

    def undo(self) -> Changed | None:
        """Undo the last step; return what it touched, or None where there is nothing to undo."""
        return self._recogniser.apply(self._table.undo)

    def redo(self) -> Changed | None:
        """Do again what was undone last; None where there is nothing.

        A new change takes the place of what was undone.
        """
        return self._recogniser.apply(self._table.redo)

    def go_to(self, change: int) -> Changed | None:
        """Undo all steps after a change of the history, or redo all up to it, as one.

        Args:
            change: 0 for the beginning.

        Raises:
            HistoryError: there is no such change, or the way there is cut off.
        """
        return self._recogniser.apply(lambda: self._table.go_to(change))

    def undo_step(self) -> str | None:
        """Return the summary of what :meth:`undo` would undo."""
        return self._table.undo_step()

    def redo_step(self) -> str | None:
        """Return the summary of what :meth:`redo` would do again."""
        return self._table.redo_step()

    def changes(self, limit: int | None = None) -> list[HistoryEntry]:
        """Return changes, newest first, at most ``limit``.

        Undone ones are among them, also those that were cut off by a later change, but not the
        undoing and redoing.
        """
        return self._table.changes(limit)

    def last_change(self) -> int:
        """Return the change counter as committed, by whichever process."""
        return self._table.last_change()
