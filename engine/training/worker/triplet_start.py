"""The network that a triplet training starts from: a discriminant map, and layers on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.models.network import Layer, Network, fit_scaler
from engine.records.training_parameters import TripletParameters
from engine.records.types import Distance, Ids, Vectors

_FLOOR = 1e-6


def starting_network(
    vectors: Vectors,
    labels: Ids,
    parameters: TripletParameters,
    distance: Distance,
    random: np.random.Generator,
) -> Network:
    """The network before its training, its scaler fitted on the training part alone.

    A residual one gives the scaled input itself; any other has weights at random.
    """
    mean, scale = fit_scaler(vectors, distance, parameters.scaling)
    if parameters.start == "lda":
        width = parameters.output if parameters.residual else 0
        scaled = Network(distance, mean, scale, ()).scaled(vectors)
        turned = discriminant(scaled - scaled.mean(axis=0), labels, width)
        scale = scale[:, None] * turned if scale.ndim == 1 else scale @ turned
    inputs = scale.shape[-1]
    outputs = inputs if parameters.residual else parameters.output or inputs
    widths = (inputs, *parameters.hidden, outputs)
    layers = _glorot(widths, random)
    if parameters.residual:
        last = layers[-1]
        layers = (*layers[:-1], replace(last, kernel=np.zeros_like(last.kernel)))
    return Network(distance, mean, scale, layers, parameters.residual, unit=True)


def _glorot(widths: tuple[int, ...], random: np.random.Generator) -> tuple[Layer, ...]:
    """Layers as Keras begins them (Glorot and Bengio 2010), ReLU but for the last."""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(widths):
        limit = np.sqrt(6 / (inputs + outputs))
        kernel = random.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        layers.append(Layer(kernel, np.zeros(outputs, np.float32), len(layers) < len(widths) - 2))
    return tuple(layers)


def with_weights(network: Network, weights: Sequence[Vectors]) -> Network:
    """The network with other kernels ``(inputs, outputs)`` and biases, one of each a layer."""
    pairs = zip(network.layers, weights[::2], weights[1::2], strict=True)
    return replace(
        network, layers=tuple(Layer(kernel, bias, old.relu) for old, kernel, bias in pairs)
    )


def discriminant(rows: Vectors, labels: Ids, outputs: int = 0) -> Vectors:
    """A map ``(d, o)`` after which faces of one identity scatter alike in every direction.

    Directions are ordered by how far identities lie apart in them, against their own scatter
    (Fisher 1936; Rao 1948), each identity counting once. The scatter within identities is shrunk
    towards a multiple of the unit matrix (Ledoit and Wolf 2004), so that few faces do no harm.

    Args:
        rows: ``(n, d)``, centred.
        labels: a number for the identity of each, ``(n,)``.
        outputs: o; 0 keeps d. Mapped rows have a mean squared length of o.
    """
    exact = rows.astype(np.float64)
    _, group = np.unique(labels, return_inverse=True)
    means = np.zeros((group.max() + 1, exact.shape[1]))
    np.add.at(means, group, exact)
    means /= np.bincount(group)[:, None]
    values, axes = np.linalg.eigh(_shrunk_covariance(exact - means[group]))
    whitening = (axes / np.sqrt(np.maximum(values, _FLOOR * values.mean() + 1e-24))) @ axes.T
    apart = (means - means.mean(axis=0)) @ whitening
    _, directions = np.linalg.eigh(apart.T @ apart)  # ascending
    found = whitening @ directions[:, ::-1][:, : outputs or directions.shape[1]]
    length = np.mean(np.sum((exact @ found) ** 2, axis=1))
    return np.ascontiguousarray(
        found * np.sqrt(found.shape[1] / max(length, 1e-24)), dtype=np.float32
    )


def _shrunk_covariance(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ledoit and Wolf's estimate from centred rows ``(n, d)``."""
    count, width = rows.shape
    sample = rows.T @ rows / count
    target = np.trace(sample) / width * np.eye(width)
    apart = float(np.sum((sample - target) ** 2))
    lengths = np.einsum("ij,ij->i", rows, rows)
    noise = (float(np.mean(lengths**2)) - float(np.sum(sample**2))) / count
    share = min(max(noise, 0.0) / apart, 1.0) if apart > 0 else 1.0
    return np.asarray((1 - share) * sample + share * target)
