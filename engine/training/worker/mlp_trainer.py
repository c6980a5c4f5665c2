"""Trains the MLP: a classifier of the enrolled identities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from engine.errors import TrainingError
from engine.models.network import Layer, Network, fit_scaler
from engine.progress import Measured, Reporter
from engine.records.training_parameters import MlpParameters
from engine.records.types import Distance, Ids, Vectors
from engine.training.worker.classifier_epoch import (
    ClassifierEpochs,
    ClassifierMetrics,
    ClassifierSettings,
    TrainingRows,
)
from engine.training.worker.dataset import balance, holdout
from engine.training.worker.partial_softmax import (
    BLOCK,
    EPOCHS,
    FASTER,
    WHOLE,
    PartialSoftmaxEpochs,
)
from engine.training.worker.schedule import Falling, Schedule
from engine.training.worker.trained import Trained

Rejected = tuple[Vectors, Ids]
"""Vectors ``(r, d)``, and for each the label that it is not, ``(r,)``."""

_STOPPED = "It stopped after {} epochs, when the validation loss no longer fell."
_HURRIED = (
    "Of {:,} people, it was trained on {:,} at a time and for no more than {} epochs. Training "
    "on all at once until it no longer improves would take many times as long."
)
_UNWATCHED = "No one has two faces, so none could be held out for validation."


def train_mlp(
    vectors: Vectors,
    labels: Ids,
    parameters: MlpParameters,
    distance: Distance,
    *,
    seed: int,
    reporter: Reporter,
    rejected: Rejected | None = None,
) -> Trained:
    """Train on a part of the faces, watch the others, and keep the best epoch.

    Args:
        vectors: as they came, ``(n, d)``.
        labels: 0 to C - 1, ``(n,)``; the network gives one logit for each, in this order.
        rejected: what people said "not this person" to: their target is 0 on that label and the
            same on all others.

    Raises:
        TrainingError: fewer than two identities, or a rate so high that no loss is a number.
        CancelledError: stopped by the reporter, between two epochs.
    """
    classes = int(labels.max(initial=-1)) + 1
    if classes < 2:
        raise TrainingError("There are fewer than two people", remedy="Enroll more people first.")
    random = np.random.default_rng(seed)
    kept, held = holdout(labels, parameters.validation, random)
    drawn = kept[balance(labels[kept], parameters.balance, random)]
    watched = held if len(held) else kept
    scaler = Network(distance, *fit_scaler(vectors[kept], distance, parameters.scaling), ())
    many = classes > WHOLE
    epochs = (PartialSoftmaxEpochs if many else ClassifierEpochs)(
        initial_weights((vectors.shape[1], *parameters.hidden, classes), random),
        ClassifierSettings(
            parameters.batch, parameters.dropout, parameters.noise, parameters.weight_decay
        ),
        _targets(scaler, vectors[drawn], labels[drawn], parameters, classes, rejected),
        TrainingRows.certain(scaler.scaled(vectors[watched]), labels[watched]),
        seed=int(random.integers(2**31)),
    )
    course = _hurried(parameters) if many else parameters
    schedule = (
        Falling(course.rate, course.epochs)
        if many
        else Schedule(course.rate, course.plateau, course.patience)
    )
    weights, curves, best, remarks = _run(epochs, course.epochs, schedule, reporter)
    caveat = _HURRIED.format(classes, BLOCK, course.epochs) if many else ""
    if not len(held):
        remarks = (_UNWATCHED, *remarks)
    weights[-1] = _adjusted(weights[-1], labels[drawn], parameters.adjustment)
    network = replace(scaler, layers=layers_of(weights))
    return Trained(network, curves, best, remarks=remarks, caveat=caveat)


def _hurried(parameters: MlpParameters) -> MlpParameters:
    """Parameters for very many people: few epochs, unless another number was asked for."""
    epochs = EPOCHS if parameters.epochs == MlpParameters.epochs else parameters.epochs
    return replace(parameters, rate=FASTER * parameters.rate, epochs=epochs)


def _run(
    epochs: ClassifierEpochs | PartialSoftmaxEpochs,
    most: int,
    schedule: Schedule | Falling,
    reporter: Reporter,
) -> tuple[list[Vectors], tuple[Measured, ...], int, tuple[str, ...]]:
    """Weights of the best of so many epochs, the curves, that epoch's number and remarks."""
    best, number = epochs.weights, 0
    curves: list[Measured] = []
    for epoch in range(1, most + 1):
        reporter.check()
        rate = schedule.rate
        figures = epochs.run(rate)
        if schedule.step(figures.validation_loss):
            best, number = epochs.weights, epoch
        curves.append(_measured(epoch, most, figures, rate))
        reporter.tell(curves[-1])
        if schedule.stop:
            break
    reporter.check()
    if not number:
        raise TrainingError("The training diverged", remedy="Try again with a lower learning rate.")
    remarks = (_STOPPED.format(epoch),) if schedule.stop else ()
    return [np.array(weight) for weight in best], tuple(curves), number, remarks


def _measured(epoch: int, epochs: int, figures: ClassifierMetrics, rate: float) -> Measured:
    return Measured("mlp", epoch, epochs, {**vars(figures), "rate": rate})


def _targets(
    scaler: Network,
    vectors: Vectors,
    labels: Ids,
    parameters: MlpParameters,
    classes: int,
    rejected: Rejected | None,
) -> TrainingRows:
    """The training rows: smoothed targets, and the refused ones behind them."""
    smoothing = parameters.label_smoothing
    hit = np.full(len(labels), 1 - smoothing)
    rest = np.full(len(labels), smoothing / classes)
    if rejected is not None and len(rejected[0]):
        share = np.full(len(rejected[0]), 1 / (classes - 1))
        vectors = np.concatenate([vectors, rejected[0]])
        labels = np.concatenate([labels, rejected[1]])
        hit, rest = np.concatenate([hit, -share]), np.concatenate([rest, share])
    return TrainingRows(scaler.scaled(vectors), labels, hit, rest)


def _adjusted(bias: Vectors, labels: Ids, adjustment: float) -> Vectors:
    """The last bias without so much of what the identities' numbers of faces put there."""
    shares = np.maximum(np.bincount(labels, minlength=len(bias)), 1) / len(labels)
    return (bias - adjustment * np.log(shares)).astype(np.float32)


def initial_weights(widths: Sequence[int], random: np.random.Generator) -> list[Vectors]:
    """Kernels ``(inputs, outputs)`` and biases ``(outputs,)`` of layers between these widths in
    turn, by Glorot and Bengio (2010), uniform, as Keras begins.
    """
    weights: list[Vectors] = []
    for inputs, outputs in pairwise(widths):
        limit = np.sqrt(6 / (inputs + outputs))
        weights.append(random.uniform(-limit, limit, (inputs, outputs)).astype(np.float32))
        weights.append(np.zeros(outputs, np.float32))
    return weights


def layers_of(weights: Sequence[Vectors]) -> tuple[Layer, ...]:
    """Layers of kernels ``(inputs, outputs)`` and biases ``(outputs,)`` in turn; ReLU but for the
    last.
    """
    pairs = list(zip(weights[::2], weights[1::2], strict=True))
    return tuple(
        Layer(kernel, bias, number < len(pairs)) for number, (kernel, bias) in enumerate(pairs, 1)
    )
