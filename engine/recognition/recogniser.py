"""What a gallery needs to tell who a face is, kept up to date with its store.

Joins spaces (index and templates), models and calibration; all of them are derived from the store
or reproducible, and can be made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.progress import SILENT, Reporter
from engine.recognition.calibrating import CalibrationKeeper
from engine.recognition.questions import Questions
from engine.records.changes import Changed
from engine.records.types import Added, Rows
from engine.utils.files import discard_tree

Change = Callable[[], Changed | None]
_T = TypeVar("_T")


class Recogniser(Questions):
    """Spaces, models and calibration of one gallery. Safe to use from several threads."""

    # -- saving ------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Makes the index anew from the store and saves it."""
        with self._lock:
            self.close()
            discard_tree(self._grounds.folder, self._store.folder)
            self._calibration = CalibrationKeeper(self._store)
            self._grounds.take_up(None)
            self.save()

    def renew(self, change: Callable[[], _T]) -> _T:
        """Makes a change of the store after which nothing derived from it may be used again."""
        with self._lock:
            self.close()
            self._grounds.forget()
            self._calibration = CalibrationKeeper(self._store)
            changed = change()
            self._grounds.take_up(None)
            self.save()
            return changed

    @property
    def unsaved(self) -> bool:
        """Whether something was made anew that this reader may not save."""
        if self._store.writable:
            return False
        lost = self._store.encrypted and self._calibration.unsaved
        return lost or any(space.keeper.unsaved for space in self._grounds.spaces)

    def prepare(self, reporter: Reporter | None = None) -> None:
        """Makes whatever is missing or old and saves it. Raises CancelledError: stopped by the
        reporter while it calibrates; what was made before that stays.
        """
        self._ready_now(reporter)
        self.save()

    # -- changes -----------------------------------------------------------------------------

    def added(self, added: Added, vectors: Rows, reporter: Reporter = SILENT) -> None:
        """The store holds these faces now; from here on they are found.

        Args:
            vectors: of the faces, ``(n, d)``.
            reporter: is told how far it is; one that cannot cancel, for they are enrolled.
        """
        with self._changing():
            if self._grounds.spaces:
                self._grounds.add(added, vectors, reporter)
                return
            first = len(added.face_ids) == self._store.people.counts()[1]
            self._grounds.take_up(reporter.tell if first else self._listener)

    def apply(self, change: Change) -> Changed | None:
        """Makes a change of the store, then brings what is derived from it along."""
        with self._lock:
            self._ready = None
            changed = change()
            if changed is not None and self._grounds.spaces:
                with self._changing():
                    self._grounds.apply(changed)
            return changed

    def models_changed(self) -> None:
        """Other versions are in use now, or none."""
        with self._lock:
            if self._grounds.spaces:
                self._ready = None
                self._grounds.take_up(self._listener)

    def take_over(self) -> bool:
        """Lets the store write if it can; what was read only is taken up anew, to be saved."""
        with self._lock:
            before = self._store.writable
            if self._store.try_to_write() and not before and self._grounds.spaces:
                self._ready = None
                self._grounds.take_up(self._listener)
            return self._store.writable

    def save(self) -> None:
        """Writes what is derived from the faces where it changed."""
        for space in self._grounds.spaces:
            space.keeper.save()
        with self._lock:
            state = self._grounds.unremembered()
        if state is not None:
            self._grounds.remember(state)
