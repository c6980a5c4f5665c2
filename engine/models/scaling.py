"""Scalers of a network's input, fitted on the training part alone."""

from __future__ import annotations

import numpy as np

from engine.records.parameters import Scaling
from engine.tools.distances import prepare
from engine.types import Distance, Vectors

_FLOOR = 1e-3
"""Directions with less than this share of the mean variance are not blown up any further."""


def fit_scaler(vectors: Vectors, distance: Distance, scaling: Scaling) -> tuple[Vectors, Vectors]:
    """Mean ``(d,)`` and scale of a :class:`engine.models.network.Network`.

    Args:
        vectors: the training part ``(n, d)``, as they came.
        scaling: ``none`` leaves prepared vectors as they are; ``standardised`` gives each
            component variance 1, ``(d,)``; ``whitened`` gives every direction variance 1 by the
            symmetric square root of the inverse covariance (ZCA), ``(d, d)``.
    """
    rows = prepare(vectors, distance).astype(np.float64)
    if scaling == "none":
        return _plain(np.zeros(rows.shape[1])), _plain(np.ones(rows.shape[1]))
    mean = rows.mean(axis=0)
    if scaling == "standardised":
        deviation = rows.std(axis=0)
        least = np.sqrt(_FLOOR * max(float((deviation**2).mean()), 1e-24))
        return _plain(mean), _plain(1 / np.maximum(deviation, least))
    covariance = np.cov(rows, rowvar=False, bias=True).reshape(rows.shape[1], rows.shape[1])
    values, directions = np.linalg.eigh(covariance)
    least = _FLOOR * max(float(values.mean()), 1e-24)
    stretched = directions / np.sqrt(np.maximum(values, least))
    return _plain(mean), _plain(stretched @ directions.T)


def _plain(array: object) -> Vectors:
    return np.ascontiguousarray(array, dtype=np.float32)
