"""A trained network as plain arrays: NumPy answers a query in microseconds, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import ModelError
from engine.models.arrays import BROKEN, REMEDY, damaged, read_npz
from engine.records.training_parameters import Scaling
from engine.records.types import Distance, Vectors
from engine.utils.distances import prepare
from engine.utils.files import write_atomically

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


_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Layer:
    """Dense: ``x @ kernel + bias``, then ReLU where ``relu``. Shapes ``(i, o)`` and ``(o,)``."""

    kernel: Vectors
    bias: Vectors
    relu: bool


@dataclass(frozen=True, eq=False)
class Network:
    """A scaler and dense layers.

    What comes in is prepared as the gallery's distance asks (unit length for cosine), shifted by
    ``-mean`` and multiplied by ``scale``; then come the layers.

    Attributes:
        distance: the gallery's.
        mean: ``(d,)``.
        scale: ``(d,)`` for standardised input, ``(d, d)`` for whitened.
        layers: in order; may be none.
        residual: the scaled input is added to what the last layer gives (same dimension).
        unit: the output is brought to unit length.
    """

    distance: Distance
    mean: Vectors
    scale: Vectors
    layers: tuple[Layer, ...]
    residual: bool = False
    unit: bool = False

    @property
    def dimension(self) -> int:
        """Of the input."""
        return len(self.mean)

    @property
    def outputs(self) -> int:
        """Of the output."""
        return int((self.layers[-1].kernel if self.layers else self.scale).shape[-1])

    def scaled(self, vectors: Vectors) -> Vectors:
        """What the first layer sees of vectors ``(n, d)`` as they came."""
        rows = prepare(vectors, self.distance) - self.mean
        return np.asarray(rows * self.scale if self.scale.ndim == 1 else rows @ self.scale)

    def __call__(self, vectors: Vectors) -> Vectors:
        """Outputs ``(n, outputs)``, float32, of vectors ``(n, d)`` as they came."""
        start = rows = self.scaled(vectors)
        for layer in self.layers:
            rows = rows @ layer.kernel + layer.bias
            if layer.relu:
                rows = np.maximum(rows, 0.0)
        if self.residual and self.layers:
            rows = rows + start
        if self.unit:
            rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return np.ascontiguousarray(rows, dtype=np.float32)

    def hidden(self) -> Network:
        """What comes before the last layer, as a network of its own."""
        return replace(self, layers=self.layers[:-1], residual=False, unit=False)

    def save(self, path: Path) -> None:
        """Write an ``.npz`` without pickled objects, whole or not at all."""
        arrays: dict[str, Any] = {
            "format": np.array(_FORMAT),
            "distance": np.array(self.distance),
            "flags": np.array([self.residual, self.unit]),
            "mean": _floats(self.mean),
            "scale": _floats(self.scale),
            "relu": np.array([layer.relu for layer in self.layers], dtype=bool),
        }
        for number, layer in enumerate(self.layers):
            arrays[f"kernel{number}"] = _floats(layer.kernel)
            arrays[f"bias{number}"] = _floats(layer.bias)
        write_atomically(path, lambda stream: np.savez(stream, **arrays))

    @classmethod
    def load(cls, path: Path) -> Network:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: absent, damaged, or not written by :meth:`save` of this version.
        """
        try:
            network = cls._of(read_npz(path))
        except BROKEN as error:
            raise damaged(path, "The weights", error) from error
        if not network._is_sound():
            raise ModelError("The weights do not fit one another", file=path, remedy=REMEDY)
        return network

    @classmethod
    def _of(cls, arrays: Mapping[str, Any]) -> Network:
        if int(arrays["format"]) != _FORMAT or str(arrays["distance"]) not in _DISTANCES:
            raise ValueError("another version")
        layers = tuple(
            Layer(_stored(arrays[f"kernel{number}"]), _stored(arrays[f"bias{number}"]), bool(relu))
            for number, relu in enumerate(arrays["relu"])
        )
        residual, unit = map(bool, arrays["flags"])
        return cls(
            _DISTANCES[str(arrays["distance"])],
            _stored(arrays["mean"]),
            _stored(arrays["scale"]),
            layers,
            residual,
            unit,
        )

    def _is_sound(self) -> bool:
        """Whether shapes chain from input to output and every number is finite."""
        if self.mean.ndim != 1 or self.scale.ndim > 2 or self.scale.shape[:1] != self.mean.shape:
            return False
        width = self.scale.shape[-1]
        for layer in self.layers:
            if layer.kernel.ndim != 2 or layer.kernel.shape[0] != width:
                return False
            width = layer.kernel.shape[1]
            if layer.bias.shape != (width,):
                return False
        if self.residual and width != self.scale.shape[-1]:
            return False
        arrays = [self.mean, self.scale]
        arrays += [array for layer in self.layers for array in (layer.kernel, layer.bias)]
        return all(bool(array.size and np.isfinite(array).all()) for array in arrays)


_DISTANCES: Mapping[str, Distance] = {"cosine": "cosine", "euclidean": "euclidean"}


def _floats(array: Any) -> Vectors:
    return np.ascontiguousarray(array, dtype=np.float32)


def _stored(array: Any) -> Vectors:
    """An array as :meth:`Network.save` writes it. Raise ValueError for any other type."""
    if array.dtype != np.float32:
        raise ValueError(f"weights of type {array.dtype}")
    return _floats(array)
