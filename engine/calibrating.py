"""The calibration of a gallery: fitted when it is first needed, kept beside the index."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from engine.identification import Calibration, calibrate
from engine.identification.templates import TemplateTable
from engine.records import checked, parsed
from engine.store import Store
from engine.store.derived import CALIBRATION

_STALE = 0.02
"""Share of faces that may come to identities or leave them before it is fitted anew; one that
moves from one to another does both."""


@dataclass(frozen=True)
class _Kept:
    """What the file holds: a calibration, the change that it stands for, and how many faces each
    identity had then.
    """

    change: int
    faces: Mapping[str, int]
    calibration: str


class CalibrationKeeper:
    """Fits, loads and saves one gallery's calibration; derived, so losing it costs a fit.

    Attributes:
        latest: the calibration of the last call of :meth:`current`.
        unsaved: whether it could not be saved when it was fitted last.
    """

    latest: Calibration

    def __init__(self, store: Store) -> None:
        self._store = store
        self._faces: dict[int, int] | None = None
        self._checked = -1
        self.unsaved = False

    def current(self, templates: Callable[[], TemplateTable], change: int) -> Calibration:
        """The calibration that speaks for the gallery at this change.

        Args:
            templates: gives those of all identities; asked only after a change.
        """
        if change == self._checked:
            return self.latest
        table = templates()
        faces = dict(zip(table.ids.tolist(), table.counts.astype(int).tolist(), strict=True))
        if not self._speaks_for(faces):
            self._load(change)
        if not self._speaks_for(faces):
            ids, owners, vectors = self._store.vectors()
            self.latest = calibrate(ids, owners, vectors, self._store.distance)
            self._faces = faces
            self._save(change)
        self._checked = change
        return self.latest

    def _speaks_for(self, faces: Mapping[int, int]) -> bool:
        """Whether it is told of about as many faces of each identity."""
        known = self._faces
        if known is None:
            return False
        other = sum(abs(faces.get(one, 0) - known.get(one, 0)) for one in {*faces, *known})
        return other <= _STALE * sum(known.values())

    def _load(self, change: int) -> None:
        try:
            kept = checked(_Kept(**parsed(self._store.derived(CALIBRATION) or "")))
            if kept.change <= change:  # else the gallery was put back to an older state
                calibration = Calibration.from_json(kept.calibration)
                self._faces = {int(one): count for one, count in kept.faces.items()}
                self.latest = calibration
        except (ValueError, TypeError):
            return  # absent or damaged: it is fitted anew

    def _save(self, change: int) -> None:
        """A reader saves it too, where it can: it is derived, stamped with the change, and written
        whole.
        """
        faces = {str(one): count for one, count in (self._faces or {}).items()}
        kept = _Kept(change, faces, self.latest.to_json())
        self.unsaved = not self._store.keep_derived(CALIBRATION, json.dumps(asdict(kept)))
