"""Speed of training beside plain Keras: both sides train the same network on the same batches from
the same starting weights, in turns.

    .venv/bin/python -m benchmarks.training_speed [--runs 5] [--epochs 6] [--only mlp triplet]
        [--batches 32 128] [--data DIR]

``mlp``: epochs per second of the ``notebook`` preset in batches of 32 and of 128, validation
included, beside ``model.fit``. Each side's first epoch compiles and is left out.
``triplet``: steps per second beside a Keras model with a ``train_step`` of its own under ``fit``.
Keras is measured with the loss as it is usually written, and with the loss of this project, which
leaves the way from batch to batch as the only difference.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.training.worker import tensorflow_runtime

tensorflow_runtime.prepare()  # before TensorFlow is imported; the same for both sides

import keras
import numpy as np
import tensorflow as tf

from benchmarks.common import parser
from benchmarks.difficulty import real_faces
from engine.models.network import (
    Network,
    fit_scaler,
)
from engine.progress import SILENT
from engine.records.training_parameters import NOTEBOOK_MLP, TripletParameters
from engine.training.worker.classifier_epoch import (
    ClassifierEpochs,
    ClassifierSettings,
    TrainingRows,
)
from engine.training.worker.dataset import Pool, balance, holdout
from engine.training.worker.mlp_trainer import initial_weights, layers_of
from engine.training.worker.triplet_epoch import TripletEpochs as TripletEpochs
from engine.training.worker.triplet_epoch import distances, loss, pairs
from engine.utils.distances import prepare

TRIPLET = TripletParameters(
    hidden=(), scaling="whitened", start="input", identities=32, faces=4, rate=1e-3
)

Faces = tuple[np.ndarray, np.ndarray]
"""Labels ``(n,)`` and vectors ``(n, d)``."""

# -- MLP -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """What both sides train on: scaled rows, labels and starting weights."""

    rows: np.ndarray
    labels: np.ndarray
    held_rows: np.ndarray
    held_labels: np.ndarray
    weights: list[np.ndarray]
    recipe: ClassifierSettings

    @classmethod
    def of(cls, faces: Faces, batch: int) -> Task:
        labels, vectors = faces
        random, parameters = np.random.default_rng(0), NOTEBOOK_MLP
        kept, held = holdout(labels, parameters.validation, random)
        mean, scale = fit_scaler(vectors[kept], "cosine", parameters.scaling)
        scaler = Network("cosine", mean, scale, ())
        drawn = kept[balance(labels[kept], parameters.balance, random)]
        sizes = (len(mean), *parameters.hidden, int(labels.max()) + 1)
        return cls(
            scaler.scaled(vectors[drawn]),
            labels[drawn],
            scaler.scaled(vectors[held]),
            labels[held],
            initial_weights(sizes, random),
            ClassifierSettings(batch, parameters.dropout, parameters.noise),
        )


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._last = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now


def keras_mlp(task: Task) -> keras.Model:
    """The same network in Keras, with noise and dropout where the recipe has them."""
    layers: list[keras.Layer] = [keras.Input((task.rows.shape[1],))]
    if task.recipe.noise:
        layers.append(keras.layers.GaussianNoise(task.recipe.noise))
    for layer in layers_of(task.weights):
        activation = "relu" if layer.relu else None
        layers.append(keras.layers.Dense(layer.kernel.shape[1], activation=activation))
        if layer.relu and task.recipe.dropout:
            layers.append(keras.layers.Dropout(task.recipe.dropout))
    model = keras.Sequential(layers)
    model.set_weights(task.weights)
    model.compile(
        keras.optimizers.Adam(NOTEBOOK_MLP.rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def keras_epochs(task: Task, epochs: int) -> float:
    """Epochs per second of ``model.fit`` after the first."""
    model, clock = keras_mlp(task), Clock()
    model.fit(
        task.rows,
        task.labels,
        batch_size=task.recipe.batch,
        epochs=epochs,
        validation_data=(task.held_rows, task.held_labels),
        callbacks=[clock],
        verbose=0,
    )
    return (epochs - 1) / sum(clock.seconds[1:])


def own_epochs(task: Task, epochs: int) -> float:
    """Epochs per second of the compiled epoch after the first."""
    rows = TrainingRows.certain(task.rows, task.labels)
    held = TrainingRows.certain(task.held_rows, task.held_labels)
    training = ClassifierEpochs(task.weights, task.recipe, rows, held, seed=0)
    training.run(NOTEBOOK_MLP.rate)
    started = time.perf_counter()
    for _ in range(epochs - 1):
        training.run(NOTEBOOK_MLP.rate)
    return (epochs - 1) / (time.perf_counter() - started)


def mlp(faces: Faces, runs: int, epochs: int, batches: list[int]) -> None:
    for batch in batches:
        task = Task.of(faces, batch)
        sides = {"Keras": keras_epochs, "Face Gallery": own_epochs}
        compare(
            f"MLP notebook, batch {batch}: {len(task.rows)} rows, epochs per second",
            {name: partial(side, task, epochs) for name, side in sides.items()},
            runs,
        )


# -- triplet ---------------------------------------------------------------------------------


class ResidualMap(keras.Model):
    """The residual linear map as one would write it in Keras."""

    def __init__(self, dimension: int, triplet_loss: Callable[..., Any]) -> None:
        super().__init__()
        self.triplet_loss = triplet_loss
        self.dense = keras.layers.Dense(dimension, kernel_initializer="zeros")
        self.loss_mean = keras.metrics.Mean(name="loss")
        self.compile(optimizer=keras.optimizers.Adam(TRIPLET.rate))

    def call(self, rows: Any) -> Any:
        raw = rows + self.dense(rows)
        return raw / tf.sqrt(tf.reduce_sum(raw * raw, axis=1, keepdims=True) + 1e-12)

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_mean]

    def train_step(self, data: Any) -> dict[str, Any]:
        rows, (labels, faces) = data
        with tf.GradientTape() as tape:
            value = self.triplet_loss(self(rows, training=True), labels, faces)
        slopes = tape.gradient(value, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        self.loss_mean.update_state(value)
        return {"loss": self.loss_mean.result()}


def own_loss(outputs: Any, labels: Any, faces: Any) -> Any:
    """Semi-hard triplet loss as this project has it."""
    found = pairs(outputs, faces, labels, tf.zeros((0,), tf.int32), TRIPLET.faces, False)
    return loss(TRIPLET.mining, found, TRIPLET.margin, tf.zeros(()))[0]


def usual_loss(outputs: Any, labels: Any, _: Any) -> Any:
    """Semi-hard triplet loss over all anchors, positives and negatives at once, differentiated as
    it stands.
    """
    gaps = distances(outputs, outputs, squared=False)
    same = labels[:, None] == labels[None, :]
    far = tf.where(same, np.inf, gaps)[:, None, :]
    nearest = tf.reduce_min(tf.where(far > gaps[:, :, None], far, np.inf), axis=2)
    furthest = tf.reduce_max(tf.where(same, 0.0, gaps), axis=1, keepdims=True)
    excess = gaps - tf.where(nearest < np.inf, nearest, furthest) + TRIPLET.margin
    counts = tf.linalg.set_diag(tf.cast(same, tf.float32), tf.zeros_like(gaps[0]))
    return tf.reduce_sum(counts * tf.nn.relu(excess)) / tf.reduce_sum(counts)


def triplet(faces: Faces, runs: int, epochs: int, _: list[int]) -> None:
    labels, vectors = faces
    mean, scale = fit_scaler(vectors, "cosine", TRIPLET.scaling)
    inputs = ((prepare(vectors, "cosine") - mean) @ scale).astype(np.float32)
    dimension = inputs.shape[1]
    pool = Pool(np.arange(len(labels)), labels, TRIPLET.identities, TRIPLET.faces)
    zeros = [np.zeros((dimension, dimension), np.float32), np.zeros(dimension, np.float32)]
    own = TripletEpochs(zeros, inputs, pool, TRIPLET, np.random.default_rng(0))
    steps = epochs * pool.steps

    def train() -> float:
        started = time.perf_counter()
        for _ in range(epochs):
            own.run(TRIPLET.rate, TRIPLET.rate, SILENT)
        return steps / (time.perf_counter() - started)

    def fit(model: ResidualMap, random: np.random.Generator) -> float:
        started = time.perf_counter()
        draws = [pool.draw(random) for _ in range(epochs)]
        rows = np.concatenate([draw.rows for draw in draws]).astype(np.int32)
        owners = np.concatenate([draw.labels for draw in draws]).astype(np.int32)
        batches = tf.data.Dataset.from_tensor_slices((inputs[rows], (owners, rows)))
        model.fit(batches, verbose=0)
        return steps / (time.perf_counter() - started)

    sides: dict[str, Callable[[], float]] = {"Face Gallery": train}
    for name, function in (("Keras, usual loss", usual_loss), ("Keras, our loss", own_loss)):
        model, random = ResidualMap(dimension, function), np.random.default_rng(0)
        sides[name] = partial(fit, model, random)
    for side in sides.values():
        side()  # compiles
    title = f"triplet, batches of {TRIPLET.identities} × {TRIPLET.faces}: steps per second"
    compare(title, sides, runs)


# -- both ------------------------------------------------------------------------------------


def compare(title: str, sides: dict[str, Callable[[], float]], runs: int) -> None:
    """Print the median rate of each side, measured in turns, and how many times it ours is."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(runs):
        for name, side in sides.items():
            rates[name].append(side())
    print(f"{title}, medians of {runs}")
    for name, found in rates.items():
        pairs_ = zip(rates["Face Gallery"], found, strict=True)
        ratio = statistics.median(ours / other for ours, other in pairs_)
        print(f"  {name:18} {statistics.median(found):9.2f}   ours is {ratio:.1f} times that")


def main() -> None:
    kinds = {"mlp": mlp, "triplet": triplet}
    options = parser(__doc__, data=True)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--epochs", type=int, default=6)
    options.add_argument("--only", nargs="+", choices=kinds, default=list(kinds))
    options.add_argument("--batches", type=int, nargs="+", default=[32, 128], help="of the MLP")
    given = options.parse_args()
    faces = real_faces(Path(given.data))
    for kind in given.only:
        kinds[kind](faces, given.runs, given.epochs, given.batches)


if __name__ == "__main__":
    main()
