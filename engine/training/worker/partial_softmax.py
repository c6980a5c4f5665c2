"""Epochs of a classifier of very many identities, which are told apart a block at a time.

Nearly all that a step costs is the softmax and what it changes, ten times as much for 10,000
identities as for 1,000 (213 ms and 20). So each epoch deals the identities out anew, and the rows
of a block are told apart among the block's identities alone: what An et al. 2021 ("Partial FC:
Training 10 Million Identities on a Single Machine") find enough with a tenth of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from engine.records.types import Ids, Vectors
from engine.training.worker.classifier_epoch import (
    ClassifierMetrics,
    ClassifierSettings,
    Numbers,
    TrainingRows,
    chance,
    compiled,
)

WHOLE = 2_000
"""Up to so many identities are told apart all at once."""
BLOCK = 500
"""Identities of a block, beyond that. Of 10,000 people the first name was right as often as with
blocks of 1,000 (92.2 and 92.0 %), in four fifths of the processor's time."""
FASTER = 4.0
"""Times the learning rate: an output is trained only in its block's steps. Of 2,120 people the
first name was right, after 6 epochs, for 97.3 % of the watched faces; at the plain rate, all at
once, for 92.8 %."""
EPOCHS = 20
"""At most, with a rate that falls to nothing in the second half of them. Of 10,000 people it then
named 92.0 % of the faces asked with, and 91.0 % where the rate stayed; each epoch took 4 s."""
_ROOM = 4_096
"""Rows of a block are padded to a multiple: chance deals out a few more or less of them."""
_WATCHED = 2_000
_LOGITS = 4_000_000
"""Outputs for the watched rows held in memory at once (16 MB)."""


class PartialSoftmaxEpochs:
    """Epochs of a classifier whose last layer is trained by its columns."""

    def __init__(
        self,
        weights: Sequence[Vectors],
        recipe: ClassifierSettings,
        training: TrainingRows,
        watched: TrainingRows,
        seed: int,
    ) -> None:
        """
        Args:
            weights: kernel and bias of each layer in turn.
            watched: of which so many by chance are, against all identities.
        """
        self._random = np.random.default_rng(seed)
        self._recipe, self._training = recipe, training
        self._watched = self._some(watched)
        *others, kernel, bias = weights
        weights, outputs = [*others, kernel.T, bias], len(bias)  # a block's lie together so
        times = [np.float32(0)] * (len(weights) - 2) + [np.zeros(outputs, np.float32)] * 2
        zeros = [np.zeros_like(weight) for weight in weights]
        self._state: list[list[Any]] = [
            [np.array(weight, order="C") for weight in part]
            for part in (weights, zeros, zeros, times)
        ]
        self._block = min(BLOCK, outputs)

    @property
    def weights(self) -> list[Vectors]:
        """Kernel ``(inputs, outputs)`` and bias ``(outputs,)`` of each layer in turn."""
        *others, kernel, bias = self._state[0]
        return [np.array(weight, order="C") for weight in (*others, kernel.T, bias)]

    def run(self, rate: float) -> ClassifierMetrics:
        """Train one epoch at this learning rate, every row once, and look at the watched."""
        sums = np.zeros(2)
        for block, rows in self._dealt():
            sums += self._trained(block, rows, rate)
        return ClassifierMetrics(*map(float, (*sums / self._training.count, *self._seen())))

    def _some(self, watched: TrainingRows) -> TrainingRows:
        rows = self._random.permutation(watched.count)[:_WATCHED]
        return _part(watched, rows, watched.labels[rows])

    def _dealt(self) -> Iterator[tuple[Ids, Ids]]:
        """Identities of each block, and the rows that are trained on with them.

        The last block is filled up with identities that were in one before; not with their rows.
        """
        order = self._random.permutation(len(self._state[0][-1]))
        dealt = np.empty_like(order)
        dealt[order] = np.arange(len(order)) // self._block
        block_of = dealt[self._training.labels]
        for number, start in enumerate(range(0, len(order), self._block)):
            rows = np.flatnonzero(block_of == number)
            if len(rows):
                yield order[min(start, len(order) - self._block) :][: self._block], rows

    def _trained(self, block: Ids, rows: Ids, rate: float) -> Numbers:
        """Loss and hits, summed over the rows of a block."""
        place = np.zeros(len(self._state[0][-1]), np.int64)
        place[block] = np.arange(len(block))
        training = self._targets(rows, place[self._training.labels[rows]])
        nothing = _part(training, rows[:0], rows[:0])
        weights, *moments = [_of(part, block) for part in self._state]
        weights, moments, sums = compiled(self._recipe)(
            weights,
            tuple(moments),
            training.tensors,
            tf.constant(training.count),
            chance(training, self._recipe, weights, self._random),
            nothing.tensors,
            tf.constant(0),
            tf.constant(rate, tf.float32),
        )
        for part, fresh in zip(self._state, (weights, *moments), strict=True):
            part[:-2] = [weight.numpy() for weight in fresh[:-2]]
            for whole, block_part in zip(part[-2:], fresh[-2:], strict=True):
                whole[block] = block_part.numpy().T
        return np.asarray(sums.numpy()[:2], dtype=np.float64)

    def _targets(self, rows: Ids, labels: Ids) -> TrainingRows:
        """Some rows, what their targets have on all identities spread over those of a block."""
        part = _part(self._training, rows, labels)
        share = len(self._state[0][-1]) / self._block
        hit = np.where(part.hit < 0, share * part.hit, part.hit)
        return replace(part, hit=hit, rest=share * part.rest, room=_ROOM)

    def _seen(self) -> tuple[float, float]:
        """Loss and accuracy on the watched rows, against all identities."""
        watched, outputs = self._watched, len(self._state[0][-1])
        step, losses, hits = max(1, _LOGITS // outputs), 0.0, 0
        for start in range(0, watched.count, step):
            part = slice(start, start + step)
            logits = _logits(self._state[0], watched.inputs[part])
            labels, top = watched.labels[part], logits.max(axis=1)
            own = logits[np.arange(len(labels)), labels]
            level = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
            losses += float((level - own).sum())
            hits += int((logits.argmax(axis=1) == labels).sum())
        return losses / watched.count, hits / watched.count


def _part(rows: TrainingRows, which: Ids, labels: Ids) -> TrainingRows:
    return TrainingRows(rows.inputs[which], labels, rows.hit[which], rows.rest[which], rows.room)


def _of(part: list[Any], block: Ids) -> list[Any]:
    """Weights, or what belongs to them: the last layer's of a block alone."""
    return [tf.constant(weight) for weight in (*part[:-2], *(last[block].T for last in part[-2:]))]


def _logits(weights: Sequence[Vectors], rows: Vectors) -> Vectors:
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        rows = np.maximum(rows @ kernel + bias, 0.0)
    return np.asarray(rows @ weights[-2].T + weights[-1])
