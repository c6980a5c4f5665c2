"""The triplet training: its speed against plain Keras, and what becomes of the faces.

    .venv/bin/python -m benchmarks.training_triplet [--parts speed table] [--rounds 5] [--epochs N]
        [--sets lfw-158-dlib lfw-158-weak] [--presets notebook default] [--seeds 3]

``speed``: steps per second of our compiled epoch and of a Keras model with a ``train_step`` of its
own under ``fit``: same network, batches, loss and TensorFlow, in turns, medians of five. Keras is
asked twice: with the loss as it is usually written, and with our own quick one, which leaves the
way that ``fit`` goes from batch to batch as the only difference.
``table``: both presets on the sound and the weak faces of FACE_GALLERY_SHARED, three seeds; the
share of right names is that of 5 nearest neighbours on a fifth of the faces, held out.
``--epochs`` is how many there are in a round of ``speed``, and the most in a training of ``table``.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from typing import Any

from engine.training import runtime

runtime.prepare()  # both sides run under the same settings

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402

from benchmarks.options import SHARED, parser, require  # noqa: E402
from engine.models import fit_scaler  # noqa: E402
from engine.progress import SILENT  # noqa: E402
from engine.records.parameters import NOTEBOOK_TRIPLET, TripletParameters  # noqa: E402
from engine.tools.distances import prepare  # noqa: E402
from engine.training.batches import Pool  # noqa: E402
from engine.training.dataset import holdout  # noqa: E402
from engine.training.mining import distances, loss, pairs  # noqa: E402
from engine.training.triplet import train_triplet  # noqa: E402
from engine.training.triplet_epoch import Epochs  # noqa: E402

SETS = ["lfw-158-dlib", "lfw-158-weak"]
PRESETS = {"notebook": NOTEBOOK_TRIPLET, "default": TripletParameters()}
MEASURED = TripletParameters(
    hidden=(),
    scaling="whitened",
    start="input",
    identities=32,
    faces=4,
    rate=1e-3,
)
EPOCHS = 5


def read(name: str) -> tuple[Any, Any]:
    require(SHARED / f"{name}.npz")
    with np.load(SHARED / f"{name}.npz", allow_pickle=False) as data:
        return data["embeddings"], np.unique(data["names"], return_inverse=True)[1]


class Metric(keras.Model):
    """The residual linear map as one would write it in Keras."""

    def __init__(self, dimension: int, ours: bool) -> None:
        super().__init__()
        self.ours = ours
        self.dense = keras.layers.Dense(dimension, kernel_initializer="zeros")
        self.loss_mean = keras.metrics.Mean(name="loss")

    def call(self, rows: Any) -> Any:
        raw = rows + self.dense(rows)
        return raw / tf.sqrt(tf.reduce_sum(raw * raw, axis=1, keepdims=True) + 1e-12)

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_mean]

    def train_step(self, data: Any) -> dict[str, Any]:
        rows, (labels, faces) = data
        with tf.GradientTape() as tape:
            outputs = self(rows, training=True)
            value = quick(outputs, labels, faces) if self.ours else usual(outputs, labels)
        slopes = tape.gradient(value, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        self.loss_mean.update_state(value)
        return {"loss": self.loss_mean.result()}


def quick(outputs: Any, labels: Any, faces: Any) -> Any:
    """Semi-hard triplet loss as this project has it."""
    found = pairs(outputs, faces, labels, tf.zeros((0,), tf.int32), MEASURED.faces, False)
    return loss(MEASURED.mining, found, MEASURED.margin, tf.zeros(()))[0]


def usual(outputs: Any, labels: Any) -> Any:
    """The same over all anchors, positives and negatives at once, differentiated as it stands."""
    gaps = distances(outputs, outputs, squared=False)
    same = labels[:, None] == labels[None, :]
    far = tf.where(same, np.inf, gaps)[:, None, :]
    nearest = tf.reduce_min(tf.where(far > gaps[:, :, None], far, np.inf), axis=2)
    furthest = tf.reduce_max(tf.where(same, 0.0, gaps), axis=1, keepdims=True)
    excess = gaps - tf.where(nearest < np.inf, nearest, furthest) + MEASURED.margin
    counts = tf.linalg.set_diag(tf.cast(same, tf.float32), tf.zeros_like(gaps[0]))
    return tf.reduce_sum(counts * tf.nn.relu(excess)) / tf.reduce_sum(counts)


@dataclass
class Ours:
    """Some epochs of the compiled training a round."""

    training: Epochs
    epochs: int

    def round(self) -> float:
        runs = [self.training.run(MEASURED.rate, MEASURED.rate, SILENT) for _ in range(self.epochs)]
        return runs[-1].loss


@dataclass
class Plain:
    """As many steps in one ``fit``, over batches that are ready."""

    model: Metric
    inputs: Any
    pool: Pool
    random: np.random.Generator
    epochs: int

    def round(self) -> float:
        draws = [self.pool.draw(self.random) for _ in range(self.epochs)]
        rows = np.concatenate([draw.rows for draw in draws]).astype(np.int32)
        labels = np.concatenate([draw.labels for draw in draws]).astype(np.int32)
        batches = tf.data.Dataset.from_tensor_slices((self.inputs[rows], (labels, rows)))
        history = self.model.fit(batches, verbose=0)
        return float(history.history["loss"][-1])


def speed(rounds: int, epochs: int) -> None:
    """Prints steps per second and the losses after the same number of steps."""
    vectors, labels = read("lfw-158-weak")
    mean, scale = fit_scaler(vectors, "cosine", MEASURED.scaling)
    inputs = ((prepare(vectors, "cosine") - mean) @ scale).astype(np.float32)
    dimension = inputs.shape[1]
    pool = Pool(np.arange(len(labels)), labels, MEASURED.identities, MEASURED.faces)
    zeros = [np.zeros((dimension, dimension), np.float32), np.zeros(dimension, np.float32)]
    sides: dict[str, Ours | Plain] = {
        "fit, usual loss": plain(dimension, inputs, pool, epochs, ours=False),
        "fit, our loss": plain(dimension, inputs, pool, epochs, ours=True),
        "ours": Ours(Epochs(zeros, inputs, pool, MEASURED, np.random.default_rng(0)), epochs),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    losses: dict[str, float] = {}
    for turn in range(rounds + 1):
        for name, side in sides.items():
            began = time.perf_counter()
            losses[name] = side.round()
            if turn:  # the first one compiles
                seconds[name].append(time.perf_counter() - began)
    steps = epochs * pool.steps
    rates = {name: steps / float(np.median(taken)) for name, taken in seconds.items()}
    print(
        f"batches of {MEASURED.identities} × {MEASURED.faces}, {steps} steps a round, "
        f"medians of {rounds}"
    )
    for name, rate in rates.items():
        print(
            f"  {name:15} {rate:6.0f} steps/s   ours is {rates['ours'] / rate:.1f} times that   "
            f"loss after {(rounds + 1) * steps} steps {losses[name]:.4f}"
        )


def plain(dimension: int, inputs: Any, pool: Pool, epochs: int, *, ours: bool) -> Plain:
    model = Metric(dimension, ours)
    model.compile(optimizer=keras.optimizers.Adam(MEASURED.rate))
    return Plain(model, inputs, pool, np.random.default_rng(0), epochs)


def right(faces: Any, owners: Any, queries: Any, names: Any) -> tuple[float, float]:
    """Plain and balanced share of queries that 5 nearest neighbours name right."""
    hits = KNeighborsClassifier(5).fit(faces, owners).predict(queries) == names
    return float(hits.mean()), float(np.mean([hits[names == one].mean() for one in set(names)]))


def row(name: str, preset: str, seed: int, epochs: int | None) -> str:
    vectors, labels = read(name)
    kept, held = holdout(labels, 0.2, np.random.default_rng(seed))
    parameters = replace(PRESETS[preset], **({"epochs": epochs} if epochs else {}))
    began = time.perf_counter()
    trained = train_triplet(
        vectors[kept], labels[kept], parameters, "cosine", seed=seed, reporter=SILENT
    )
    seconds = time.perf_counter() - began
    before = right(*_sides(lambda rows: prepare(rows, "cosine"), vectors, labels, kept, held))
    after = right(*_sides(trained.network, vectors, labels, kept, held))
    start, end = trained.curves[0].values, trained.curves[-1].values
    changes = "  ".join(
        f"{start[key]:.3f} → {end[key]:.3f}" for key in ("loss", "active", "spread05", "spread95")
    )
    shares = "   ".join(
        f"{100 * old:5.1f} → {100 * new:4.1f}" for old, new in zip(before, after, strict=True)
    )
    return (
        f"{name[4:]:9} {preset:8} {seed}   {changes}   {shares}   "
        f"{'collapsed' if trained.collapsed else 'sound':9} "
        f"{trained.best_epoch:3} of {len(trained.curves) - 1:3}  {seconds:5.1f} s"
    )


def _sides(space: Any, vectors: Any, labels: Any, kept: Any, held: Any) -> tuple[Any, ...]:
    return space(vectors[kept]), labels[kept], space(vectors[held]), labels[held]


def table(asked: argparse.Namespace) -> None:
    """Prints start → end of loss, active share and spread, and 5-NN before → after in percent."""
    print(
        "set       preset  seed  loss           active         5th percentile 95th percentile"
        "   5-NN plain    balanced        outcome  best epoch     time"
    )
    for name in asked.sets:
        for preset in asked.presets:
            for seed in range(asked.seeds):
                print(row(name, preset, seed, asked.epochs), flush=True)


def main() -> None:
    options = parser(__doc__)
    parts = ["speed", "table"]
    options.add_argument("--parts", nargs="+", choices=parts, default=parts)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--epochs", type=int)
    options.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    options.add_argument("--presets", nargs="+", choices=list(PRESETS), default=list(PRESETS))
    options.add_argument("--seeds", type=int, default=3)
    asked = options.parse_args()
    if "speed" in asked.parts:
        speed(asked.rounds, asked.epochs or EPOCHS)
    if "table" in asked.parts:
        table(asked)


if __name__ == "__main__":
    main()
