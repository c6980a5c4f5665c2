"""Triplet losses over a batch of P identities with K faces each, by which triplets count.

All take distances and masks as tensors, so that one compiled step holds any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from engine.records.parameters import Mining

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
