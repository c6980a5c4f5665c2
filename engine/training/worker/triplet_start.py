"""The network that a triplet training starts from: a discriminant map, and layers on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from engine.models.discriminant import discriminant
from engine.models.network import Layer, Network, fit_scaler
from engine.records.training_parameters import TripletParameters
from engine.records.types import Distance, Ids, Vectors


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
