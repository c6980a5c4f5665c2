"""The lens that a gallery's portraits are drawn through: fitted once, kept with the gallery."""

from __future__ import annotations

from engine.appearance import Appearance
from engine.store import Store
from engine.types import Vectors

_ENOUGH = 50  # faces; with fewer the lens is fitted anew at each opening


class Lens:
    """Gives each face the same portrait every time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fitted: Appearance | None = None

    def traits(self, vectors: Vectors) -> Vectors:
        """Numbers to draw portraits with, ``(n, 16)``, for embeddings ``(n, d)``."""
        if self._fitted is None:
            self._fitted = self._kept() or self._fit(vectors)
        return self._fitted.traits(vectors)

    def forget(self) -> None:
        """Fits it anew when it is next needed."""
        self._fitted = None

    def _kept(self) -> Appearance | None:
        kept = self._store.setting("appearance")
        return Appearance.from_json(kept) if kept is not None else None

    def _fit(self, vectors: Vectors) -> Appearance:
        enrolled = self._store.vectors()[2]
        fitted = Appearance.fit(enrolled if len(enrolled) else vectors)
        if self._store.writable and len(enrolled) >= _ENOUGH:
            self._store.set_setting("appearance", fitted.to_json())
        return fitted
