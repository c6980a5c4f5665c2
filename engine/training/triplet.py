"""Trains a triplet embedding: faces of one identity close, those of others a margin further."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.errors import TrainingError
from engine.models import Layer, Network, fit_scaler
from engine.progress import Reporter
from engine.records.parameters import TripletParameters
from engine.training.batches import Pool
from engine.training.course import Course, followed
from engine.training.dataset import balance, holdout_classes
from engine.training.discriminant import discriminant
from engine.training.heldout import HeldOut
from engine.training.trained import Trained
from engine.training.triplet_epoch import Epochs
from engine.types import Distance, Ids, Vectors

_PAST_ALARM = 10
_SAMPLE = 512
_TRIPLETS = 2**28
"""Triplets of a batch at most: 1 GB of them."""
_RESTARTED = "It was started again with a gentler setting, after a first collapse."


def train_triplet(
    vectors: Vectors,
    labels: Ids,
    parameters: TripletParameters,
    distance: Distance,
    *,
    seed: int,
    reporter: Reporter,
    rejected: tuple[Vectors, Ids] | None = None,
) -> Trained:
    """Trains on all identities but those held out to watch, and keeps the best epoch.

    With ``refit`` it then trains once more on everybody, for as many epochs at the same rates: the
    people held out are in the gallery too.

    Args:
        vectors: as they came, ``(n, d)``.
        labels: 0 to C - 1, ``(n,)``.
        rejected: what people said "not this person" to, vectors ``(r, d)``, and for each the
            label that it is not, ``(r,)``: a negative for that label and nothing else.

    Raises:
        TrainingError: fewer than two identities have two faces, or a batch is too large.
        CancelledError: asked for by the reporter's token.
    """
    _check(labels, parameters)
    data = _Data(vectors, labels, distance, rejected)
    trained = _attempt(data, parameters, seed, reporter, 0 if parameters.restart else _PAST_ALARM)
    if not trained.collapsed or not parameters.restart:
        return trained
    reporter.message("It starts again with a gentler setting.", alarm=True)
    again = _attempt(data, gentler(parameters), seed, reporter, 0)
    return replace(again, remarks=(_RESTARTED, *again.remarks))


def gentler(parameters: TripletParameters) -> TripletParameters:
    """What is tried after a collapse: triplets of every difficulty in true distances, from a
    start where nothing is lost, with small steps."""
    return replace(
        parameters,
        hidden=() if parameters.output else parameters.hidden,
        output=0,
        residual=True,
        scaling="standardised" if parameters.scaling == "none" else parameters.scaling,
        mining="batch-all",
        squared=False,
        rate=parameters.rate / 10,
        warm_up=max(parameters.warm_up, 5),
    )


@dataclass(frozen=True, eq=False)
class _Data:
    """What there is to learn from, as it was handed in."""

    vectors: Vectors
    labels: Ids
    distance: Distance
    rejected: tuple[Vectors, Ids] | None


def _check(labels: Ids, parameters: TripletParameters) -> None:
    if _with_pairs(labels) < 2:
        raise TrainingError(
            "Fewer than two people have two faces, so there are no pairs to learn from",
            remedy="Enroll more faces of the people in the gallery.",
        )
    batch = min(parameters.identities, len(np.unique(labels))) * parameters.faces
    if batch * batch * parameters.faces > _TRIPLETS:
        raise TrainingError(
            f"A batch of {batch:,} faces has more triplets than fit in memory",
            remedy="Choose fewer identities or fewer faces of each for a batch.",
        )


def _attempt(
    data: _Data, parameters: TripletParameters, seed: int, reporter: Reporter, past_alarm: int
) -> Trained:
    random = np.random.default_rng(seed)
    kept, held = _parted(data.labels, parameters.validation, random)
    start, epochs = _ready(data, kept, parameters, random)
    sample = data.vectors[random.choice(kept, min(len(kept), _SAMPLE), replace=False)]
    held_out = (
        HeldOut(data.vectors[held], data.labels[held], parameters, random) if len(held) else None
    )
    trained = Course(start, epochs, sample, held_out, parameters, reporter, past_alarm).run()
    if held_out is None or not parameters.refit or trained.collapsed or not trained.best_epoch:
        return trained
    reporter.message(f"Training on everybody for {trained.best_epoch} epochs.")
    start, epochs = _ready(data, np.arange(len(data.labels)), parameters, random)
    return replace(trained, network=followed(trained, start, epochs, reporter))


def _ready(
    data: _Data, kept: Ids, parameters: TripletParameters, random: np.random.Generator
) -> tuple[Network, Epochs]:
    """A network to start from, and the epochs that train it on the kept rows."""
    start = _start(data.vectors[kept], data.labels[kept], parameters, data.distance, random)
    inputs, rejected = data.vectors, None
    if data.rejected is not None:
        rejected = np.arange(len(data.rejected[0])) + len(inputs), data.rejected[1]
        inputs = np.concatenate([inputs, data.rejected[0]])
    drawn = kept[balance(data.labels[kept], parameters.balance, random)]
    pool = Pool(drawn, data.labels[drawn], parameters.identities, parameters.faces, rejected)
    weights = [array for layer in start.layers for array in (layer.kernel, layer.bias)]
    return start, Epochs(weights, start.scaled(inputs), pool, parameters, random)


def _parted(labels: Ids, share: float, random: np.random.Generator) -> tuple[Ids, Ids]:
    """Rows to train on and rows to watch; none of these where no pairs would be left to learn."""
    kept, held = holdout_classes(labels, share, random)
    if _with_pairs(labels[kept]) < 2:
        return np.arange(len(labels)), np.arange(0)
    return kept, held


def _with_pairs(labels: Ids) -> int:
    """How many identities have two faces."""
    return int(np.count_nonzero(np.unique(labels, return_counts=True)[1] > 1))


def _start(
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
