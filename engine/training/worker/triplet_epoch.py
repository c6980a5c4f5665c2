"""Epochs of triplet training as compiled functions, and the losses by which triplets count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engine.progress import Reporter
from engine.records.training_parameters import Mining, TripletParameters
from engine.records.types import Vectors
from engine.training.worker.dataset import Draw, Pool

Tensor = Any
"""TensorFlow has no types to offer."""

_EPSILON = 1e-12
"""Under the root, where its slope would be infinite."""
_FAR = 1e6
"""Beyond any distance: stands where a mask forbids a pair."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Distances from each of ``b`` anchors to its ``k`` group mates and to ``m`` others.

    Anchors lie along the last axis: so the compiler reduces over others many anchors at a time.

    Attributes:
        near: ``(k, b)``, and ``is_positive`` where that is another face of the same identity.
        far: ``(m, b)``, and ``is_negative`` where that is a face of another identity.
    """

    near: Tensor
    is_positive: Tensor
    far: Tensor
    is_negative: Tensor


def distances(outputs: Tensor, others: Tensor, squared: bool) -> Tensor:
    """Euclidean distances ``(b, m)`` between unit vectors, or their squares.

    With an epsilon under the root: two equal vectors still have a finite gradient.
    """
    squares = tf.maximum(2.0 - 2.0 * tf.matmul(outputs, others, transpose_b=True), 0.0)
    return squares if squared else tf.sqrt(squares + _EPSILON)


def pairs(
    outputs: Tensor, rows: Tensor, labels: Tensor, not_labels: Tensor, faces: int, squared: bool
) -> Pairs:
    """The pairs of a batch.

    Args:
        outputs: ``(m, o)`` of unit length: ``b`` faces, ``faces`` after one another of each
            identity, then ``m - b`` further negatives.
        rows: which face each of the ``b`` is, ``(b,)``; the same face twice is no pair.
        labels: the identity of each of the ``b``, ``(b,)``.
        not_labels: the identity that each further negative is not, ``(m - b,)``; -1 for none.
    """
    size = rows.shape[0]
    anchors = outputs[:size]
    far = distances(outputs, anchors, squared)
    groups = size // faces
    own = tf.repeat(tf.eye(groups), faces, axis=1)  # of each anchor, (groups, size)
    near = tf.reduce_sum(tf.reshape(far[:size], (groups, faces, size)) * own[:, None, :], axis=0)
    mates = tf.repeat(tf.transpose(tf.reshape(rows, (-1, faces))), faces, axis=1)
    is_negative = tf.concat(
        [labels[:, None] != labels[None, :], not_labels[:, None] == labels[None, :]], axis=0
    )
    return Pairs(near, mates != rows[None, :], far, is_negative)


def loss(mining: Mining, found: Pairs, margin: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Mean loss over the triplets that count, and the share of them that is active.

    Args:
        mining: ``semi-hard``: for each pair of one identity the nearest negative beyond it, else
            the furthest one (Schroff et al. 2015, "FaceNet"). ``batch-all``: every triplet, the
            mean over the active ones; ``batch-hard``: furthest positive and nearest negative of
            each anchor (both Hermans et al. 2017). ``furthest-random``: furthest positive and
            any negative.
        margin: in the distance of ``found``.
        noise: uniform numbers ``(m, b)``, for whom chance decides.
    """
    return _LOSSES[mining](found, margin, noise)


def _semi_hard(found: Pairs, margin: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The choice is made outside the gradient, which would go through all triplets once more.

    ``weights`` holds how often each pair was chosen as an active triplet's negative; negatives
    that are equally far share one choice.
    """
    far = tf.stop_gradient(tf.where(found.is_negative, found.far, _FAR))
    furthest = tf.reduce_max(tf.where(found.is_negative, far, -_FAR), axis=0)
    counts = found.is_positive & (furthest > -_FAR)[None, :]
    weights, active = tf.zeros_like(far), []
    for mates, count in zip(tf.unstack(found.near), tf.unstack(counts), strict=True):
        near = tf.stop_gradient(mates)
        nearest = tf.reduce_min(tf.where(far > near, far, _FAR), axis=0)
        chosen = tf.where(nearest < _FAR, nearest, furthest)
        active.append(tf.cast(count & (near - chosen + margin > 0), tf.float32))
        is_chosen = tf.cast(far == chosen, tf.float32)
        weights += is_chosen * (active[-1] / tf.maximum(tf.reduce_sum(is_chosen, axis=0), 1.0))
    over = tf.reduce_sum(tf.stack(active) * found.near) - tf.reduce_sum(weights * found.far)
    number = tf.reduce_sum(tf.stack(active))
    total = tf.maximum(tf.reduce_sum(tf.cast(counts, tf.float32)), 1.0)
    return (over + margin * number) / total, number / total


def _batch_all(found: Pairs, margin: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    excess = found.near[None, :, :] - found.far[:, None, :] + margin
    counts = found.is_positive[None, :, :] & found.is_negative[:, None, :]
    over = tf.where(counts, tf.nn.relu(excess), 0.0)
    active = tf.reduce_sum(tf.cast(over > 0, tf.float32))
    total = tf.reduce_sum(tf.cast(counts, tf.float32))
    return tf.reduce_sum(over) / tf.maximum(active, 1.0), active / tf.maximum(total, 1.0)


def _batch_hard(found: Pairs, margin: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    nearest = tf.reduce_min(tf.where(found.is_negative, found.far, _FAR), axis=0)
    return _mean(_furthest_positive(found) - nearest + margin, _anchors(found))


def _furthest_random(found: Pairs, margin: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    lot = tf.where(found.is_negative, noise, -1.0)
    drawn = tf.stop_gradient(tf.cast(lot == tf.reduce_max(lot, axis=0), tf.float32))
    chosen = tf.reduce_sum(drawn * found.far, axis=0) / tf.reduce_sum(drawn, axis=0)
    return _mean(_furthest_positive(found) - chosen + margin, _anchors(found))


def _furthest_positive(found: Pairs) -> Tensor:
    return tf.reduce_max(tf.where(found.is_positive, found.near, -_FAR), axis=0)


def _anchors(found: Pairs) -> Tensor:
    return tf.reduce_any(found.is_positive, axis=0) & tf.reduce_any(found.is_negative, axis=0)


def _mean(excess: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Mean hinge loss and active share where ``counts``."""
    over = tf.where(counts, tf.nn.relu(excess), 0.0)
    total = tf.maximum(tf.reduce_sum(tf.cast(counts, tf.float32)), 1.0)
    return tf.reduce_sum(over) / total, tf.reduce_sum(tf.cast(over > 0, tf.float32)) / total


_LOSSES: dict[Mining, Callable[[Pairs, Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "semi-hard": _semi_hard,
    "batch-all": _batch_all,
    "batch-hard": _batch_hard,
    "furthest-random": _furthest_random,
}


"""TensorFlow has no types to offer."""

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-7
"""Of Adam (Kingma and Ba 2015), as Keras has them."""
_STEPS = 64
"""Numbers of steps are rounded up to a multiple of this."""
_CALL = 256
"""Steps a call at most: a few tenths of a second, after which a cancellation is heard."""


@dataclass(frozen=True)
class TripletSettings:
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
class TripletMetrics:
    """Means over the steps of an epoch.

    Attributes:
        active: share of the triplets that have a loss.
        norm: length of the outputs before they are made unit vectors.
    """

    loss: float
    active: float
    norm: float


class TripletEpochs:
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
            TripletSettings(
                parameters.mining, parameters.residual, parameters.faces, parameters.squared
            )
        )

    @property
    def weights(self) -> list[Vectors]:
        """Kernel ``(inputs, outputs)`` and bias ``(outputs,)`` of each layer in turn."""
        return [np.array(weight) for weight in self._state[0]]

    def look(self, reporter: Reporter) -> TripletMetrics:
        """The figures of an epoch that changes nothing."""
        state = self._state
        figures = self.run(0.0, 0.0, reporter)
        self._state = state
        return figures

    def run(self, first: float, last: float, reporter: Reporter) -> TripletMetrics:
        """Train one epoch; the learning rate goes evenly from ``first`` to ``last``.

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
        return TripletMetrics(*map(float, sums / draw.steps))

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
def _compiled(recipe: TripletSettings) -> Any:
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
    recipe: TripletSettings,
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
