"""The calibration of a gallery: fitted when it is first needed, kept beside the index."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from engine.files import write_atomically
from engine.identification import Calibration, calibrate
from engine.records import checked, parsed
from engine.store import Store
from engine.types import Ids

_STALE = 0.02  # share of faces that may come or go before it is fitted anew


@dataclass(frozen=True)
class _Kept:
    """What the file holds: a calibration, and the faces and the change that it stands for."""

    change: int
    faces: int
    newest: int
    calibration: str


class CalibrationKeeper:
    """Fits, loads and saves one gallery's calibration; derived, so losing it costs a fit.

    Attributes:
        latest: the calibration of the last call of :meth:`current`.
    """

    latest: Calibration

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = store.folder / "index" / "calibration.json"
        self._faces = -1
        self._newest = 0
        self._checked = -1

    def current(self, enrolled: Callable[[], Ids], change: int) -> Calibration:
        """The calibration that speaks for the gallery at this change.

        Args:
            enrolled: gives the ids of all faces, ascending; asked only after a change.
        """
        if change == self._checked:
            return self.latest
        faces = enrolled()
        if not self._speaks_for(faces):
            self._load(change)
        if not self._speaks_for(faces):
            ids, owners, vectors = self._store.vectors()
            self.latest = calibrate(ids, owners, vectors, self._store.distance)
            self._faces, self._newest = len(ids), int(ids[-1]) if len(ids) else 0
            self._save(change)
        self._checked = change
        return self.latest

    def _speaks_for(self, faces: Ids) -> bool:
        """Whether few faces came or went since: ids grow and are never given again."""
        if self._faces < 0:
            return False
        stayed = int(np.searchsorted(faces, self._newest, side="right"))
        return len(faces) - stayed + self._faces - stayed <= _STALE * self._faces

    def _load(self, change: int) -> None:
        try:
            kept = checked(_Kept(**parsed(self._file.read_text(encoding="utf-8"))))
            if kept.change <= change:  # else the gallery was put back to an older state
                self.latest = Calibration.from_json(kept.calibration)
                self._faces, self._newest = kept.faces, kept.newest
        except (OSError, ValueError, TypeError):
            return  # absent or damaged: it is fitted anew

    def _save(self, change: int) -> None:
        """A reader saves it too: it is derived, stamped with the change, and written whole."""
        kept = _Kept(change, self._faces, self._newest, self.latest.to_json())
        try:
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(self._file, json.dumps(asdict(kept)).encode())
        except OSError:
            return  # it only saves work
