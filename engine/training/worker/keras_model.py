"""A trained network as a Keras model of standard layers, for those who want to use it elsewhere."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import keras
import numpy as np

from engine.models.network import Network
from engine.utils.files import sync_folder


def to_keras(network: Network) -> keras.Model:
    """A model from vectors ``(n, d)`` as they came to what ``network`` gives, float32.

    Preparation and scaling are layers of it, so that nothing else is needed to use it.
    """
    inputs = keras.Input((network.dimension,), name="embedding")
    rows = inputs
    if network.distance == "cosine":
        rows = keras.layers.UnitNormalization(name="unit_length")(rows)
    start = rows = _scaled(network, rows)
    for number, layer in enumerate(network.layers, 1):
        dense = keras.layers.Dense(
            layer.kernel.shape[1],
            activation="relu" if layer.relu else None,
            name=f"dense_{number}",
        )
        rows = dense(rows)
        dense.set_weights([layer.kernel, layer.bias])
    if network.residual:
        rows = keras.layers.Add(name="residual")([rows, start])
    if network.unit:
        rows = keras.layers.UnitNormalization(name="unit_output")(rows)
    return keras.Model(inputs, rows, name="network")


def save_keras(network: Network, path: Path) -> None:
    """Write a ``.keras`` file that loads without code of ours, whole or not at all.

    Raises:
        OSError: nothing was written; what was at ``path`` is as it was.
    """
    model = to_keras(network)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        written = Path(folder) / "model.keras"
        model.save(written)
        with written.open("r+b") as stream:
            os.fsync(stream.fileno())
        os.replace(written, path)
    sync_folder(path.parent)


def _scaled(network: Network, rows: keras.KerasTensor) -> keras.KerasTensor:
    """Shift and scale as layers; the shift first, where it loses no digits."""
    whole = network.scale.ndim == 2
    variance = np.ones_like(network.mean) if whole else 1 / network.scale**2
    rows = keras.layers.Normalization(
        mean=network.mean.tolist(), variance=variance.tolist(), name="scaled"
    )(rows)
    if not whole:
        return rows
    whitening = keras.layers.Dense(network.scale.shape[1], use_bias=False, name="whitened")
    rows = whitening(rows)
    whitening.set_weights([network.scale])
    return rows
