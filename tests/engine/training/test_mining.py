"""Which triplets count, against plain loops over all of them."""

import numpy as np
import pytest
import tensorflow as tf

from engine.training.worker.triplet_epoch import distances, loss, pairs

pytestmark = pytest.mark.training

P, K, MARGIN = 4, 3, 0.4
ROWS = np.arange(P * K)
LABELS = np.repeat([5, 0, 9, 3], K)


def outputs(count=P * K, seed=0):
    made = np.random.default_rng(seed).normal(size=(count, 4))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def found(rows=ROWS, labels=LABELS, space=None, not_labels=(), squared=False):
    space = outputs(len(rows) + len(not_labels)) if space is None else space
    return pairs(
        tf.constant(space),
        tf.constant(rows, tf.int32),
        tf.constant(labels, tf.int32),
        tf.constant(np.array(not_labels, dtype=np.int32)),
        K,
        squared,
    )


def value(mining, pairs_, seed=0):
    noise = np.random.default_rng(seed).random(pairs_.far.shape).astype(np.float32)
    mean, active = loss(mining, pairs_, tf.constant(MARGIN), tf.constant(noise))
    return float(mean), float(active)


def gaps(space):
    return np.linalg.norm(space[:, None] - space[None, :], axis=2)


def others(anchor, labels=LABELS, rows=ROWS):
    """Positives and negatives of an anchor."""
    same = labels == labels[anchor]
    return np.flatnonzero(same & (rows != rows[anchor])), np.flatnonzero(~same)


def summed(excesses):
    over = np.maximum(np.array(excesses), 0)
    return over.mean(), (over > 0).mean()


def test_batch_all_is_the_mean_over_the_active_triplets():
    apart = gaps(outputs())
    excesses = np.array(
        [
            apart[a, p] - apart[a, n] + MARGIN
            for a in ROWS
            for p in others(a)[0]
            for n in others(a)[1]
        ]
    )
    active = excesses[excesses > 0]
    assert value("batch-all", found()) == pytest.approx(
        (active.mean(), len(active) / len(excesses)), abs=1e-5
    )


def test_batch_hard_takes_the_furthest_positive_and_the_nearest_negative():
    apart = gaps(outputs())
    expected = summed(
        [apart[a, others(a)[0]].max() - apart[a, others(a)[1]].min() + MARGIN for a in ROWS]
    )
    assert value("batch-hard", found()) == pytest.approx(expected, abs=1e-5)


def test_semi_hard_takes_the_nearest_negative_beyond_the_positive_or_else_the_furthest():
    space = outputs()
    space[2] = -space[0]  # as far as can be: nothing lies beyond it
    apart = gaps(space)
    excesses, without = [], 0
    for a in ROWS:
        positives, negatives = others(a)
        for p in positives:
            beyond = [apart[a, n] for n in negatives if apart[a, n] > apart[a, p]]
            without += not beyond
            chosen = min(beyond) if beyond else apart[a, negatives].max()
            excesses.append(apart[a, p] - chosen + MARGIN)
    assert 0 < without < len(excesses)
    assert value("semi-hard", found(space=space)) == pytest.approx(summed(excesses), abs=1e-5)


def test_furthest_random_takes_the_furthest_positive_and_every_negative_in_its_turn():
    apart = gaps(outputs())
    possible = {
        a: [apart[a, others(a)[0]].max() - apart[a, n] + MARGIN for n in others(a)[1]] for a in ROWS
    }
    drawn = [value("furthest-random", found(), seed)[0] for seed in range(150)]
    expected = np.mean([np.maximum(possible[a], 0).mean() for a in ROWS])
    assert np.mean(drawn) == pytest.approx(expected, abs=0.03)
    assert len(set(drawn)) > 100


def test_a_face_drawn_twice_is_no_pair_with_itself():
    rows = np.array([0, 0, 1, *range(3, 12)])
    is_positive = found(rows=rows).is_positive.numpy().T
    assert is_positive[:3].tolist() == [
        [False, False, True],
        [False, False, True],
        [True, True, False],
    ]


@pytest.mark.parametrize("mining", ["semi-hard", "batch-all", "batch-hard", "furthest-random"])
def test_identities_with_one_face_are_negatives_but_never_anchors(mining):
    rows = np.repeat([0, 1, 2, 3], K)  # every identity has one face, drawn K times
    assert value(mining, found(rows=rows)) == (0, 0)
    rows = np.array([0, 1, 2, *np.repeat([3, 4, 5], K)])
    assert value(mining, found(rows=rows))[1] > 0


def test_a_rejected_face_is_a_negative_for_its_label_alone():
    is_negative = found(not_labels=[5, -1, 3, -1]).is_negative.numpy().T[:, P * K :]
    assert (is_negative[:, 0] == (LABELS == 5)).all()
    assert (is_negative[:, 2] == (LABELS == 3)).all()
    assert not is_negative[:, [1, 3]].any()


def test_distances_are_true_or_squared():
    space = outputs()
    assert distances(space, space, False).numpy() == pytest.approx(gaps(space), abs=1e-3)
    assert distances(space, space, True).numpy() == pytest.approx(gaps(space) ** 2, abs=1e-5)


@pytest.mark.parametrize("mining", ["semi-hard", "batch-all", "batch-hard", "furthest-random"])
@pytest.mark.parametrize("squared", [False, True])
def test_outputs_that_are_all_the_same_give_the_margin_and_finite_gradients(mining, squared):
    space = tf.constant(np.repeat(outputs(1), P * K, axis=0))
    with tf.GradientTape() as tape:
        tape.watch(space)
        mean, active = loss(
            mining,
            found(space=space, squared=squared),
            tf.constant(MARGIN),
            tf.random.uniform((P * K, P * K)),
        )
    assert float(mean) == pytest.approx(MARGIN, abs=1e-2)
    assert float(active) == 1
    assert np.isfinite(tape.gradient(mean, space).numpy()).all()


def plain_semi_hard(space, rows, labels):
    """As one would write it down, for the gradient: minima over all triplets at once."""
    apart = distances(space, space, False)
    is_positive = (labels[:, None] == labels[None, :]) & (rows[:, None] != rows[None, :])
    is_negative = labels[:, None] != labels[None, :]
    far, near = apart[:, None, :], apart[:, :, None]  # (anchor, positive, negative)
    beyond = tf.where(is_negative[:, None, :] & (far > near), far, 1e6)
    nearest = tf.reduce_min(beyond, axis=2)
    furthest = tf.reduce_max(tf.where(is_negative, apart, -1e6), axis=1)
    chosen = tf.where(nearest < 1e6, nearest, furthest[:, None])
    excess = tf.nn.relu(apart - chosen + MARGIN)
    return tf.reduce_sum(tf.where(is_positive, excess, 0.0)) / is_positive.sum()


@pytest.mark.parametrize(
    "rows", [ROWS, np.array([0, 1, 2, 3, 4, 4, 5, 5, 6, 7, 7, 8])], ids=["all differ", "ties"]
)
def test_semi_hard_has_the_gradient_of_its_plain_form(rows):
    space = tf.constant(outputs()[rows])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(space)
        ours = loss("semi-hard", found(rows=rows, space=space), tf.constant(MARGIN), None)[0]
        plain = plain_semi_hard(space, rows, LABELS)
    assert float(ours) == pytest.approx(float(plain), abs=1e-5)
    expected = tape.gradient(plain, space).numpy()
    assert np.abs(expected).max() > 0.01
    assert tape.gradient(ours, space).numpy() == pytest.approx(expected, abs=1e-4)
