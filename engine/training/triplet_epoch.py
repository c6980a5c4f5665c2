"""Epochs of triplet training, each one call of a compiled function.

Keras's ``fit`` goes back to Python for every batch, which on networks this small costs more than
the mathematics. All that differs between epochs and trainings is an argument here, rounded up in
shape, so that a training on a little more or less data compiles nothing anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engine.progress import Reporter
from engine.records.parameters import Mining, TripletParameters
from engine.training.batches import Draw, Pool
from engine.training.mining import loss, pairs
from engine.types import Vectors

Tensor = Any
"""TensorFlow has no types to offer."""

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-7
"""Of Adam (Kingma and Ba 2015), as Keras has them."""
_STEPS = 64
"""Numbers of steps are rounded up to a multiple of this."""
_CALL = 256
"""Steps a call at most: a few tenths of a second, after which a cancellation is heard."""


@dataclass(frozen=True)
class Recipe:
    """What is compiled in: a change of any of these compiles anew.

    Attributes:
        residual: the input is added to what the last layer gives.
        faces: K, rows of one identity after one another in a batch.
        squared: distances are squared ones.
    """

    mining: Mining
    residual: bool
    faces: int
    squared: bool


@dataclass(frozen=True)
class Figures:
    """Means over the steps of an epoch.

    Attributes:
        active: share of the triplets that have a loss.
        norm: length of the outputs before they are made unit vectors.
    """

    loss: float
    active: float
    norm: float


class Epochs:
    """One training: its weights and Adam's moments, an epoch at a time."""

    def __init__(
        self,
        weights: Sequence[Vectors],
        inputs: Vectors,
        pool: Pool,
        parameters: TripletParameters,
        random: np.random.Generator,
    ) -> None:
        """
        Args:
            weights: kernel and bias of each layer in turn.
            inputs: scaled rows ``(n, d)``, those that the pool names among them.
        """
        self._state = _fresh(weights)
        self._inputs = tf.constant(inputs)
        self._pool, self._random = pool, random
        self._margin = tf.constant(parameters.margin, tf.float32)
        self._run = _compiled(
            Recipe(parameters.mining, parameters.residual, parameters.faces, parameters.squared)
        )

    @property
    def weights(self) -> list[Vectors]:
        """Kernel and bias of each layer in turn."""
        return [np.array(weight) for weight in self._state[0]]

    def look(self, reporter: Reporter) -> Figures:
        """The figures of an epoch that changes nothing."""
        state = self._state
        figures = self.run(0.0, 0.0, reporter)
        self._state = state
        return figures

    def run(self, first: float, last: float, reporter: Reporter) -> Figures:
        """Trains one epoch; the learning rate goes evenly from ``first`` to ``last``.

        Raises:
            CancelledError: asked for by the reporter's token, also within a long epoch.
        """
        draw = self._pool.draw(self._random)
        rates = np.linspace(first, last, draw.steps, dtype=np.float32)
        sums = np.zeros(3)
        for begin in range(0, draw.steps, _CALL):
            reporter.check()
            end = min(begin + _CALL, draw.steps)
            sums += self._call(draw.part(begin, end), rates[begin:end])
        return Figures(*map(float, sums / draw.steps))

    def _call(self, draw: Draw, rates: Vectors) -> npt.NDArray[np.float32]:
        rows = _padded(draw.rows)
        self._state, sums = self._run(
            self._state,
            tf.gather(self._inputs, rows),  # outside of what is compiled: row by row it is slow
            rows,
            *(_padded(array) for array in (draw.labels, draw.not_labels, rates)),
            tf.constant(draw.steps),
            self._margin,
            tf.constant(self._random.integers(2**31), tf.int32),
        )
        return np.asarray(sums)


def _fresh(weights: Sequence[Vectors]) -> Any:
    """Weights, Adam's moments at zero, and no step done."""
    tensors = [tf.constant(weight) for weight in weights]
    zeros = [tf.zeros_like(tensor) for tensor in tensors]
    return tensors, zeros, zeros, tf.constant(0.0)


def _padded(steps: npt.NDArray[Any]) -> Tensor:
    """An array with one entry a step, as many as are compiled for."""
    kind = tf.float32 if steps.dtype.kind == "f" else tf.int32
    widths = [(0, -len(steps) % _STEPS)] + [(0, 0)] * (steps.ndim - 1)
    return tf.constant(np.pad(steps, widths), kind)


@lru_cache(maxsize=16)
def _compiled(recipe: Recipe) -> Any:
    """The epoch as a function of tensors alone; TensorFlow compiles it once for each shape."""

    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def epoch(
        state: Any,
        inputs: Tensor,
        rows: Tensor,
        labels: Tensor,
        not_labels: Tensor,
        rates: Tensor,
        steps: Tensor,
        margin: Tensor,
        seed: Tensor,
    ) -> Any:
        def step(number: Tensor, state: Any, sums: Tensor) -> Any:
            batch = (inputs[number], rows[number], labels[number], not_labels[number])
            noise = tf.random.stateless_uniform(
                (rows.shape[1], labels.shape[1]), tf.stack([seed, number])
            )
            with tf.GradientTape() as tape:
                tape.watch(state[0])
                measured = _measured(recipe, state[0], batch, margin, noise)
            slopes = tape.gradient(measured[0], state[0])
            return number + 1, _adam(state, slopes, rates[number]), sums + tf.stack(measured)

        _, state, sums = tf.while_loop(
            lambda number, *_: number < steps, step, (0, state, tf.zeros(3))
        )
        return state, sums

    return epoch


def _measured(
    recipe: Recipe,
    weights: Sequence[Tensor],
    batch: tuple[Tensor, Tensor, Tensor, Tensor],
    margin: Tensor,
    noise: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss, active share and mean length of a batch."""
    inputs, rows, labels, not_labels = batch
    outputs = _forward(weights, inputs, recipe.residual)
    lengths = tf.sqrt(tf.reduce_sum(outputs * outputs, axis=1, keepdims=True) + 1e-12)
    found = pairs(
        outputs / lengths, rows[: len(labels)], labels, not_labels, recipe.faces, recipe.squared
    )
    return *loss(recipe.mining, found, margin, noise), tf.reduce_mean(lengths)


def _forward(weights: Sequence[Tensor], rows: Tensor, residual: bool) -> Tensor:
    start = rows
    for number in range(0, len(weights), 2):
        rows = tf.matmul(rows, weights[number]) + weights[number + 1]
        if number + 2 < len(weights):
            rows = tf.nn.relu(rows)
    return rows + start if residual else rows


def _adam(state: Any, slopes: Sequence[Tensor], rate: Tensor) -> Any:
    weights, first, second, time = state
    time += 1.0
    step = rate * tf.sqrt(1 - _BETA2**time) / (1 - _BETA1**time)
    first = [m + (1 - _BETA1) * (g - m) for m, g in zip(first, slopes, strict=True)]
    second = [v + (1 - _BETA2) * (g * g - v) for v, g in zip(second, slopes, strict=True)]
    weights = [
        w - step * m / (tf.sqrt(v) + _EPSILON)
        for w, m, v in zip(weights, first, second, strict=True)
    ]
    return weights, first, second, time
