"""The measure of near-duplicates of a gallery: learned when it is first needed, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from engine.records.parsing import checked, parsed
from engine.store import Store

_NAME = "index/near_duplicates.json"
_STALE = 0.02
"""Share of faces that may come, or be taken back, before it is learned anew. Others that go leave
the distances among those that stay as they are."""


@dataclass(frozen=True)
class _Kept:
    """Distances up to which two faces are near-duplicates, and the same vector, and the last
    face that there was when they were learned.
    """

    limit: float
    same: float
    last: int


class MeasureKeeper:
    """Learns, loads and saves it; derived, so losing it costs a thousand searches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: _Kept | None = None

    def current(self, learn: Callable[[], tuple[float, float]]) -> tuple[float, float]:
        """Distances up to which two faces are near-duplicates, and the same vector."""
        last = self._store.faces.last_id()  # counting a million takes 10 ms
        kept = self._kept or self._loaded()
        if kept is None or abs(last - kept.last) > _STALE * kept.last:
            kept = _Kept(*learn(), last)
            self._store.derived.write(_NAME, json.dumps(asdict(kept)))
        self._kept = kept
        return kept.limit, kept.same

    def _loaded(self) -> _Kept | None:
        try:
            return checked(_Kept(**parsed(self._store.derived.read(_NAME) or "")))
        except (ValueError, TypeError):
            return None  # absent or damaged
