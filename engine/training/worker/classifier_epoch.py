"""A whole epoch of a classifier in one compiled call: shuffled batches, Adam, then validation.

Keras's ``fit`` goes back to Python for every batch, which on models this small costs more than
the mathematics. Here XLA compiles the loop over the batches. All state is passed in and out, so
that one compiled function serves every training of the same shapes; what chance decides comes in
as well, from NumPy, whose generator is many times faster than XLA's on a CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engine.records.types import Ids, Vectors

Numbers = npt.NDArray[np.float64]
Tensor = Any
"""TensorFlow brings no types."""

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-7
"""Of Adam (Kingma and Ba 2015), as Keras has them."""
_BITS = 2**16
_ROUND = 512
"""Row counts are padded to a multiple, so that folds of about one size are compiled once."""


@dataclass(frozen=True)
class ClassifierSettings:
    """What is compiled in; a change of any of these compiles anew.

    Attributes:
        batch: rows a step.
        dropout: share of each hidden layer's units left out at each step.
        noise: standard deviation of what is added to the scaled input at each step.
        weight_decay: L2 on the kernels, part of what is minimised but not of the loss reported.
    """

    batch: int
    dropout: float = 0.0
    noise: float = 0.0
    weight_decay: float = 0.0


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows to train on or to watch.

    The target of a row is ``hit`` on its label plus ``rest`` on every label, its own included.

    Attributes:
        inputs: scaled, ``(n, d)``.
        labels, hit, rest: ``(n,)``.
        room: their number is padded to a multiple of this where it is compiled for.
    """

    inputs: Vectors
    labels: Ids
    hit: Numbers
    rest: Numbers
    room: int = _ROUND

    @property
    def count(self) -> int:
        return len(self.inputs)

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The columns, padded."""
        return (
            _padded(self.inputs, np.float32, self.room),
            _padded(self.labels, np.int32, self.room),
            _padded(self.hit, np.float32, self.room),
            _padded(self.rest, np.float32, self.room),
        )

    @classmethod
    def certain(cls, inputs: Vectors, labels: Ids) -> TrainingRows:
        """Rows ``(n, d)`` whose whole target is their label, ``(n,)``."""
        return cls(inputs, labels, np.ones(len(labels)), np.zeros(len(labels)))

    @property
    def padded(self) -> int:
        return int(self.tensors[0].shape[0])


@dataclass(frozen=True)
class ClassifierMetrics:
    """Of one epoch: means over the rows; those of training on the way, with dropout."""

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


class ClassifierEpochs:
    """One training: its weights and Adam's moments, an epoch at a time.

    Attributes:
        weights: kernel and bias of each layer in turn; they are replaced, never changed in place.
    """

    def __init__(
        self,
        weights: Sequence[Vectors],
        recipe: ClassifierSettings,
        training: TrainingRows,
        watched: TrainingRows,
        seed: int,
    ) -> None:
        self.weights: list[Tensor] = [tf.constant(weight) for weight in weights]
        zeros = [tf.zeros_like(weight) for weight in self.weights]
        self._moments = zeros, zeros, [tf.constant(0.0) for _ in zeros]
        self._training, self._watched = training, watched
        self._recipe = recipe
        self._run = compiled(recipe)
        self._random = np.random.default_rng(seed)

    def run(self, rate: float) -> ClassifierMetrics:
        """Train one epoch at this learning rate, every row once, and look at the watched."""
        training, watched = self._training, self._watched
        self.weights, self._moments, sums = self._run(
            self.weights,
            self._moments,
            training.tensors,
            tf.constant(training.count),
            chance(training, self._recipe, self.weights, self._random),
            watched.tensors,
            tf.constant(watched.count),
            tf.constant(rate, tf.float32),
        )
        figures = sums.numpy() / np.repeat([training.count, watched.count], 2)
        return ClassifierMetrics(*map(float, figures))


def chance(
    training: TrainingRows,
    recipe: ClassifierSettings,
    weights: Sequence[Any],
    random: np.random.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """For each step and row: which row, 16 bits for each hidden unit, noise on the input."""
    steps = -(-training.padded // recipe.batch)
    order = np.zeros(steps * recipe.batch, np.int32)
    order[: training.count] = random.permutation(training.count)
    hidden = sum(bias.shape[0] for bias in weights[1:-2:2]) if recipe.dropout else 0
    inputs = weights[0].shape[0] if recipe.noise else 0
    bits = random.integers(_BITS, size=(steps, recipe.batch, hidden), dtype=np.uint16)
    noise = random.standard_normal((steps, recipe.batch, inputs), np.float32)
    return tf.constant(order.reshape(steps, -1)), tf.constant(bits), tf.constant(noise)


@lru_cache(maxsize=16)
def compiled(recipe: ClassifierSettings) -> Any:
    """The epoch as a function of tensors alone; TensorFlow compiles it once for each shape.

    Of each weight it takes the value, Adam's moments, and after how many steps these are: one
    number, or one for each output.
    """

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def epoch(
        weights: list[Tensor],
        moments: tuple[list[Tensor], list[Tensor], list[Tensor]],
        training: tuple[Tensor, ...],
        count: Tensor,
        drawn: tuple[Tensor, Tensor, Tensor],
        watched: tuple[Tensor, ...],
        watched_count: Tensor,
        rate: Tensor,
    ) -> Any:
        steps = (count + recipe.batch - 1) // recipe.batch

        def step(number: Tensor, weights: Any, moments: Any, sums: Tensor) -> Any:
            order, bits, noise = (draws[number] for draws in drawn)
            batch = [tf.gather(column, order) for column in training]
            real = number * recipe.batch + tf.range(recipe.batch) < count
            with tf.GradientTape() as tape:
                tape.watch(weights)
                outputs = _shaken(weights, batch[0], recipe, bits, noise)
                found = _sums(outputs, batch, real)
                loss = found[0] / tf.reduce_sum(tf.cast(real, tf.float32))
                loss += recipe.weight_decay * sum(tf.reduce_sum(k * k) for k in weights[::2])
            gradients = tape.gradient(loss, weights)
            weights, moments = _adam(weights, moments, gradients, rate)
            return number + 1, weights, moments, sums + found

        _, weights, moments, sums = tf.while_loop(
            lambda number, *_: number < steps, step, (0, weights, moments, tf.zeros(2))
        )
        real = tf.range(tf.shape(watched[0])[0]) < watched_count
        seen = _sums(_forward(weights, watched[0]), watched, real)
        return weights, moments, tf.concat([sums, seen], 0)

    return epoch


def _forward(weights: list[Tensor], rows: Tensor) -> Tensor:
    """Logits."""
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        rows = tf.nn.relu(rows @ kernel + bias)
    return rows @ weights[-2] + weights[-1]


def _shaken(
    weights: list[Tensor], rows: Tensor, recipe: ClassifierSettings, bits: Tensor, noise: Tensor
) -> Tensor:
    """Logits in training, with its noise and dropout."""
    if recipe.noise:
        rows += recipe.noise * noise
    least, start = round(recipe.dropout * _BITS), 0
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        rows = tf.nn.relu(rows @ kernel + bias)
        if recipe.dropout:
            kept = tf.cast(bits[:, start : start + bias.shape[0]], tf.int32) >= least
            rows = tf.where(kept, rows / (1 - recipe.dropout), 0.0)
            start += bias.shape[0]
    return rows @ weights[-2] + weights[-1]


def _sums(outputs: Tensor, rows: Sequence[Tensor], real: Tensor) -> Tensor:
    """Cross-entropy and hits, summed over the real rows."""
    _, labels, hit, rest = rows
    shares = tf.nn.log_softmax(outputs)
    own = tf.gather(shares, labels, batch_dims=1)
    losses = -(hit * own + rest * tf.reduce_sum(shares, 1))
    hits = tf.equal(tf.argmax(outputs, 1, tf.int32), labels)
    return tf.stack(
        [
            tf.reduce_sum(tf.where(real, measure, 0.0))
            for measure in (losses, tf.cast(hits, tf.float32))
        ]
    )


def _adam(weights: list[Tensor], moments: Any, gradients: list[Tensor], rate: Tensor) -> Any:
    first, second, times = moments
    times = [time + 1.0 for time in times]
    steps = [rate * tf.sqrt(1 - _BETA2**time) / (1 - _BETA1**time) for time in times]
    first = [m + (1 - _BETA1) * (g - m) for m, g in zip(first, gradients, strict=True)]
    second = [v + (1 - _BETA2) * (g * g - v) for v, g in zip(second, gradients, strict=True)]
    weights = [
        w - step * m / (tf.sqrt(v) + _EPSILON)
        for w, m, v, step in zip(weights, first, second, steps, strict=True)
    ]
    return weights, (first, second, times)


def _padded(array: npt.NDArray[Any], kind: Any, room: int) -> Tensor:
    width = [(0, -len(array) % room)] + [(0, 0)] * (array.ndim - 1)
    return tf.constant(np.pad(array, width).astype(kind))
