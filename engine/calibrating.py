"""The calibration of a gallery: fitted when it is first needed, kept beside the index."""

from __future__ import annotations

import json

from engine.files import write_atomically
from engine.identification import Calibration, calibrate
from engine.store import Store

_STALE = 0.02  # share of faces that may come or go before it is fitted anew


class CalibrationKeeper:
    """Fits, loads and saves one gallery's calibration; derived, so losing it costs a fit.

    Attributes:
        latest: the calibration of the last call of :meth:`current`.
        made_anew: whether it was fitted here, not read from disk.
    """

    latest: Calibration

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file = store.folder / "index" / "calibration.json"
        self._faces = -1
        self.made_anew = False

    def current(self, faces: int, change: int) -> Calibration:
        """The calibration that speaks for a gallery of so many faces at this change."""
        if not self._speaks_for(faces):
            self._load(change)
        if not self._speaks_for(faces):
            ids, owners, vectors = self._store.vectors()
            self.latest = calibrate(ids, owners, vectors, self._store.distance)
            self._faces = len(ids)
            self.made_anew = True
            self._save(change)
        return self.latest

    def _speaks_for(self, faces: int) -> bool:
        return self._faces >= 0 and abs(faces - self._faces) <= _STALE * self._faces

    def _load(self, change: int) -> None:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["change"] <= change:  # else the gallery was put back to an older state
                self.latest = Calibration.from_json(kept["calibration"])
                self._faces = int(kept["faces"])
        except (OSError, ValueError, KeyError, TypeError):
            return  # absent or damaged: it is fitted anew

    def _save(self, change: int) -> None:
        if not self._store.writable:
            return
        kept = {"change": change, "faces": self._faces, "calibration": self.latest.to_json()}
        try:
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(self._file, json.dumps(kept).encode())
        except OSError:
            return  # it only saves work
