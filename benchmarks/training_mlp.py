"""Epochs per second of the MLP: Keras's own ``model.fit`` beside the compiled epoch of
``engine.training.loop``; same model, starting weights, data, batch size and number of epochs,
validation on both sides, interleaved in one run. The first epoch of each side compiles; it is
left out of the ratio and shown beside it.

    .venv/bin/python -m benchmarks.training_mlp [--runs 5] [--epochs 6] [--data DIR]
        [--presets notebook default]
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.training import runtime

runtime.prepare()  # before TensorFlow is imported; both sides run under the same settings

import keras  # noqa: E402
import numpy as np  # noqa: E402

from benchmarks.options import parser  # noqa: E402
from engine.embeddings import read_sources  # noqa: E402
from engine.models import Layer, Network, fit_scaler  # noqa: E402
from engine.records.parameters import NOTEBOOK_MLP, MlpParameters  # noqa: E402
from engine.training.dataset import balance, holdout  # noqa: E402
from engine.training.loop import Epochs, Recipe, Rows  # noqa: E402
from engine.training.mlp import initial_weights, layers_of  # noqa: E402

PRESETS = {
    "notebook": (NOTEBOOK_MLP, (32, 128)),
    "default": (MlpParameters(), (MlpParameters().batch,)),
}


@dataclass(frozen=True)
class Task:
    """What both sides are given: scaled rows, labels and starting weights."""

    rows: np.ndarray
    labels: np.ndarray
    watched: np.ndarray
    watched_labels: np.ndarray
    weights: list[np.ndarray]
    recipe: Recipe
    rate: float


@dataclass(frozen=True)
class Run:
    """Seconds of each epoch, and the losses after the last."""

    seconds: list[float]
    loss: float
    validation_loss: float

    @property
    def steady(self) -> float:
        """Epochs per second after the first."""
        return (len(self.seconds) - 1) / sum(self.seconds[1:])

    @property
    def whole(self) -> float:
        return len(self.seconds) / sum(self.seconds)


def task(data: Path, parameters: MlpParameters, batch: int) -> Task:
    faces = read_sources([data]).batch
    vectors, labels = faces.vectors, np.unique(faces.names, return_inverse=True)[1]
    random = np.random.default_rng(0)
    kept, held = holdout(labels, parameters.validation, random)
    mean, scale = fit_scaler(vectors[kept], "cosine", parameters.scaling)
    scaler = Network("cosine", mean, scale, ())
    drawn = kept[balance(labels[kept], parameters.balance, random)]
    return Task(
        scaler.scaled(vectors[drawn]),
        labels[drawn],
        scaler.scaled(vectors[held]),
        labels[held],
        initial_weights((len(mean), *parameters.hidden, int(labels.max()) + 1), random),
        Recipe(batch, parameters.dropout, parameters.noise),
        parameters.rate,
    )


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.last = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


def keras_model(given: Task) -> keras.Model:
    """The same network, with noise and dropout where the recipe has them."""
    dimension = given.rows.shape[1]
    layers: list[keras.Layer] = [keras.Input((dimension,))]
    if given.recipe.noise:
        layers.append(keras.layers.GaussianNoise(given.recipe.noise))
    for layer in layers_of(given.weights):
        layers.append(dense(layer))
        if layer.relu and given.recipe.dropout:
            layers.append(keras.layers.Dropout(given.recipe.dropout))
    model = keras.Sequential(layers)
    model.set_weights(given.weights)
    return model


def dense(layer: Layer) -> keras.Layer:
    return keras.layers.Dense(layer.kernel.shape[1], activation="relu" if layer.relu else None)


def by_fit(given: Task, epochs: int) -> Run:
    model, clock = keras_model(given), Clock()
    model.compile(
        keras.optimizers.Adam(given.rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    clock.last = time.perf_counter()
    history = model.fit(
        given.rows,
        given.labels,
        batch_size=given.recipe.batch,
        epochs=epochs,
        validation_data=(given.watched, given.watched_labels),
        callbacks=[clock],
        verbose=0,
    ).history
    return Run(clock.seconds, history["loss"][-1], history["val_loss"][-1])


def by_loop(given: Task, epochs: int) -> Run:
    seconds = []
    last = time.perf_counter()
    training = Epochs(
        given.weights,
        given.recipe,
        Rows.certain(given.rows, given.labels),
        Rows.certain(given.watched, given.watched_labels),
        seed=0,
    )
    for _ in range(epochs):
        figures = training.run(given.rate)
        now = time.perf_counter()
        seconds.append(now - last)
        last = now
    return Run(seconds, figures.loss, figures.validation_loss)


def compare(title: str, given: Task, runs: int, epochs: int) -> None:
    """Prints both sides. Every ``fit`` compiles anew; the loop only once for all runs."""
    print(f"{title}, batch {given.recipe.batch}: {len(given.rows)} rows, {epochs} epochs")
    fits, loops = [], []
    for _ in range(runs):
        fits.append(by_fit(given, epochs))
        loops.append(by_loop(given, epochs))
    for name, side in (("model.fit", fits), ("our epoch", loops)):
        print(
            f"  {name}  {median(side, lambda one: one.steady):7.2f} epochs/s;"
            f" first epoch {side[0].seconds[0]:.2f} s,"
            f" then with it included {median(side, lambda one: one.whole):7.2f} epochs/s;"
            f" loss {median(side, lambda one: one.loss):.3f},"
            f" validation {median(side, lambda one: one.validation_loss):.3f}"
        )
    pairs = list(zip(loops, fits, strict=True))
    ratio = statistics.median(ours.steady / theirs.steady for ours, theirs in pairs)
    cold = loops[0].whole / fits[0].whole
    print(
        f"  ratio {ratio:.1f} (median of {runs}); {cold:.1f} in the first run, compiling included"
    )


def median(side: list[Run], of: Callable[[Run], float]) -> float:
    return statistics.median(map(of, side))


def main() -> None:
    options = parser(__doc__, data=True)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--epochs", type=int, default=6)
    options.add_argument("--presets", nargs="+", choices=list(PRESETS), default=list(PRESETS))
    asked = options.parse_args()
    for name in asked.presets:
        parameters, batches = PRESETS[name]
        for batch in batches:
            compare(name, task(asked.data, parameters, batch), asked.runs, asked.epochs)


if __name__ == "__main__":
    main()
