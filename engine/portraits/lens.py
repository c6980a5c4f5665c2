"""The lens that a gallery's portraits are drawn through: fitted once, kept with the gallery."""

from __future__ import annotations

import numpy as np

from engine.errors import GalleryDamagedError
from engine.portraits.appearance import TRAITS, Appearance, sample_rows
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
        if not len(vectors):
            return np.empty((0, TRAITS), dtype=np.float32)  # nothing to fit a lens to either
        if self._fitted is None:
            self._fitted = self._kept() or self._fit()
        # where nobody is enrolled yet, the faces shown are a measure for one another
        lens = self._fitted or Appearance.fit(vectors)
        return lens.traits(vectors)

    def forget(self) -> None:
        """Fits it anew when it is next needed."""
        self._fitted = None

    def _kept(self) -> Appearance | None:
        """What was fitted before; None where there is none, or it is damaged."""
        kept = self._store.settings.get("appearance")
        if kept is None:
            return None
        try:
            lens = Appearance.from_json(kept)
        except GalleryDamagedError:
            return None
        return lens if lens.dimension == self._store.dimension else None

    def _fit(self) -> Appearance | None:
        ids, _ = self._store.faces.membership()
        if not len(ids):
            return None
        fitted = Appearance.fit(self._store.faces.vectors(ids[sample_rows(len(ids))])[2])
        if self._store.writable and len(ids) >= _ENOUGH:
            self._store.settings.set("appearance", fitted.to_json())
        return fitted
