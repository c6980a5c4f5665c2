"""The fixed linear lens that turns embeddings into the few numbers of a drawn portrait."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import GalleryDamagedError
from engine.records.domains import parsed
from engine.records.types import Ids, Vectors
from engine.store import Store

_log = logging.getLogger(__name__)

TRAITS = 16
_SAMPLE = 5_000
_ENOUGH = 64  # faces from which on principal axes say more than chance
_PRIOR = 8.0  # faces that the origin counts for while there are few
_SEED = 20_070
_SOFTNESS = 1.25  # standard deviations at which a trait is well on its way to its end


@dataclass(frozen=True, eq=False)
class Appearance:
    """The lens: ``traits = tanh((vector - mean) @ axes)``.

    Attributes:
        mean: float32 ``(d,)``.
        axes: float32 ``(d, 16)``, scaled so that each trait fills [-1, 1] evenly; the axes
            that tell most faces apart come first.
    """

    mean: Vectors
    axes: Vectors

    @classmethod
    def fit(cls, vectors: Vectors) -> Appearance:
        """Fit a lens to a gallery's embeddings, the same for the same vectors.

        Principal axes of at most 5,000 evenly spaced rows; below 64 rows, where those would
        follow chance, a seeded random orthogonal projection.

        Args:
            vectors: ``(n, d)``, finite, ``n`` and ``d`` at least 1.
        """
        sample = np.asarray(vectors[sample_rows(len(vectors))], dtype=np.float64)
        mean, axes = _principal(sample) if len(sample) >= _ENOUGH else _by_chance(sample)
        return cls(mean.astype(np.float32), _spread(axes).astype(np.float32))

    @property
    def dimension(self) -> int:
        return len(self.mean)

    def traits(self, vectors: Vectors) -> Vectors:
        """Float32 ``(n, 16)`` in [-1, 1] for ``(n, d)`` embeddings; near ones stay near."""
        centred = np.asarray(vectors, dtype=np.float32) - self.mean
        return np.asarray(np.tanh(centred @ self.axes), dtype=np.float32)

    def to_json(self) -> str:
        """The lens as text; :meth:`from_json` gives back exactly the same."""
        return json.dumps({"mean": _packed(self.mean), "axes": _packed(self.axes)})

    @classmethod
    def from_json(cls, text: str) -> Appearance:
        """Raise GalleryDamagedError for a text that :meth:`to_json` did not write."""
        try:
            parts = parsed(text)
            mean, axes = _unpacked(parts["mean"]), _unpacked(parts["axes"])
            lens = cls(mean, axes.reshape(len(mean), TRAITS))
            if not (len(mean) and np.isfinite(mean).all() and np.isfinite(axes).all()):
                raise ValueError("no finite numbers")
        except (ValueError, KeyError, TypeError) as error:
            raise GalleryDamagedError(
                "The stored projection for drawn portraits cannot be read",
                remedy="It can be computed again from the faces.",
            ) from error
        return lens


def sample_rows(count: int) -> Ids:
    """Rows ``(m,)`` of ``count`` faces that a lens is fitted to; of such a sample all of them."""
    return np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64)


def _principal(sample: Any) -> tuple[Any, Any]:
    """Mean ``(d,)`` and up to 16 leading axes ``(d, k)``, each over its standard deviation."""
    mean = sample.mean(axis=0)
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(sample, rowvar=False)))
    variances, axes = variances[::-1][:TRAITS], axes[:, ::-1][:, :TRAITS]
    largest = np.abs(axes).argmax(axis=0)
    signs = np.sign(axes[largest, np.arange(axes.shape[1])])  # eigh leaves the sign open
    floor = max(float(variances[0]) * 1e-4, 1e-12)  # an axis along which nothing varies
    return mean, axes * signs / np.sqrt(np.maximum(variances, floor))


def _by_chance(sample: Any) -> tuple[Any, Any]:
    """Mean drawn towards the origin, and seeded orthogonal axes over the typical deviation."""
    mean = sample.sum(axis=0) / (len(sample) + _PRIOR)
    deviation = max(float(np.sqrt(np.mean((sample - mean) ** 2))), 1e-6)
    return mean, _orthogonal(sample.shape[1], min(TRAITS, sample.shape[1])) / deviation


def _spread(axes: Any) -> Any:
    """Softened axes ``(d, 16)``; where there are fewer, mixtures of them fill the rest."""
    found = axes.shape[1]
    if found < TRAITS:
        axes = axes @ _orthogonal(TRAITS, found).T * np.sqrt(TRAITS / found)
    return axes / _SOFTNESS


def _orthogonal(rows: int, columns: int) -> Any:
    """Seeded ``(rows, columns)`` with orthonormal columns; ``columns`` at most ``rows``."""
    random = np.random.default_rng(_SEED).standard_normal((rows, columns))
    basis, upper = np.linalg.qr(random)
    return basis * np.sign(np.diagonal(upper))


def _packed(numbers: Vectors) -> str:
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode("ascii")


def _unpacked(text: str) -> Vectors:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float32)


_FACES_TO_KEEP = 50  # faces; with fewer the lens is fitted anew at each opening


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
        """Fit it anew when it is next needed."""
        self._fitted = None

    def _kept(self) -> Appearance | None:
        """What was fitted before; None where there is none, or it is damaged."""
        kept = self._store.settings.get("appearance")
        if kept is None:
            return None
        try:
            lens = Appearance.from_json(kept)
        except GalleryDamagedError:
            _log.info("The saved lens of the portraits is damaged", exc_info=True)
            return None
        return lens if lens.dimension == self._store.dimension else None

    def _fit(self) -> Appearance | None:
        ids, _ = self._store.faces.membership()
        if not len(ids):
            return None
        fitted = Appearance.fit(self._store.faces.vectors(ids[sample_rows(len(ids))])[2])
        if self._store.writable and len(ids) >= _FACES_TO_KEEP:
            self._store.settings.set("appearance", fitted.to_json())
        return fitted
