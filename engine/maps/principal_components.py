"""Principal components, found in one run through the faces and applied in another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from engine.records.types import Vectors


@dataclass(frozen=True, eq=False)
class Principal:
    """The directions in which faces differ most (Pearson 1901; Hotelling 1933).

    Attributes:
        mean: ``(d,)``.
        components: ``(dimensions, d)``, of unit length, the most telling first.
        share: of the variance that each explains, ``(dimensions,)``.
    """

    mean: Vectors
    components: Vectors
    share: Vectors

    @classmethod
    def fit(cls, parts: Iterable[Vectors], dimensions: int) -> Principal:
        """Of faces that come in parts ``(n, d)``: only sums are held in memory.

        Where there are fewer directions than dimensions, the rest are zeros.
        """
        count, total, products, shift = 0, None, None, None
        for part in parts:
            shift = part[:1].astype(np.float64) if shift is None else shift  # keeps sums small
            rows = part - shift
            count += len(rows)
            total = rows.sum(axis=0) if total is None else total + rows.sum(axis=0)
            products = rows.T @ rows if products is None else products + rows.T @ rows
        if total is None or products is None or shift is None:
            raise ValueError("no faces")
        middle = total / count
        values, vectors = np.linalg.eigh(products / count - np.outer(middle, middle))
        order = np.argsort(values)[::-1][:dimensions]
        components = np.zeros((dimensions, len(middle)))
        components[: len(order)] = _upright(vectors[:, order].T)
        share = np.zeros(dimensions)
        share[: len(order)] = np.maximum(values[order], 0.0) / max(values.sum(), 1e-12)
        return cls(
            np.asarray(shift[0] + middle, dtype=np.float32),
            components.astype(np.float32),
            share.astype(np.float32),
        )

    def __call__(self, rows: Vectors) -> Vectors:
        """Points ``(n, dimensions)`` of faces ``(n, d)``."""
        return np.asarray((rows - self.mean) @ self.components.T, dtype=np.float32)


def _upright(components: Vectors) -> Vectors:
    """Components turned so that the largest number of each is positive: their sign is arbitrary."""
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return np.asarray(components * np.where(signs == 0, 1.0, signs)[:, None])
