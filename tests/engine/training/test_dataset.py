"""Splits and class balance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.training.worker.dataset import balance, holdout, holdout_classes

galleries = st.lists(st.integers(1, 30), min_size=1, max_size=25).map(
    lambda counts: np.random.default_rng(7).permutation(np.repeat(np.arange(len(counts)), counts))
)


@given(galleries, st.floats(0.01, 0.5), st.integers(0, 1000))
def test_every_identity_keeps_a_face_and_every_face_is_on_one_side(labels, share, seed):
    kept, held = holdout(labels, share, np.random.default_rng(seed))
    assert sorted([*kept, *held]) == list(range(len(labels)))
    assert set(labels[kept]) == set(labels)


@pytest.mark.slow
@given(galleries, st.floats(0.01, 0.5), st.integers(0, 1000))
def test_the_split_takes_its_share_of_every_identity_to_within_one_face(labels, share, seed):
    _, held = holdout(labels, share, np.random.default_rng(seed))
    counts = np.bincount(labels)
    several = counts[counts > 1]
    taken = np.bincount(labels[held], minlength=len(counts))
    wanted = max(1, int(share * several.sum())) if len(several) else 0
    assert len(held) == wanted
    assert (taken[counts == 1] == 0).all()
    if wanted:
        exact = several * wanted / several.sum()
        assert (np.abs(taken[counts > 1] - exact) < 1 + 1e-9).all()


def test_an_identity_with_one_face_is_never_held_out():
    labels = np.array([0, 1, 1, 1, 1, 2])
    for seed in range(50):
        _, held = holdout(labels, 0.5, np.random.default_rng(seed))
        assert len(held) == 2
        assert set(labels[held]) == {1}


def test_where_everybody_has_one_face_nothing_is_held_out():
    kept, held = holdout(np.arange(5), 0.3, np.random.default_rng(0))
    assert list(kept) == [0, 1, 2, 3, 4]
    assert len(held) == 0


def test_another_seed_holds_out_other_faces():
    labels = np.repeat(np.arange(10), 10)
    splits = {tuple(holdout(labels, 0.2, np.random.default_rng(seed))[1]) for seed in range(5)}
    assert len(splits) == 5


@given(galleries, st.floats(0.05, 0.5), st.integers(0, 1000))
def test_an_identity_held_out_is_nowhere_among_the_kept(labels, share, seed):
    kept, held = holdout_classes(labels, share, np.random.default_rng(seed))
    assert sorted([*kept, *held]) == list(range(len(labels)))
    assert not set(labels[kept]) & set(labels[held])
    assert len(set(labels[kept])) >= min(2, len(set(labels)))
    if len(held):
        assert np.bincount(labels)[labels[held]].min() >= 2
        assert len(set(labels[held])) >= 2


def test_a_share_of_the_identities_is_held_out_whole():
    labels = np.repeat(np.arange(40), 5)
    _, held = holdout_classes(labels, 0.25, np.random.default_rng(0))
    assert len(set(labels[held])) == 10
    assert len(held) == 50


@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 2, 3, 4]])
def test_where_two_identities_cannot_be_held_and_two_stay_none_is(labels):
    _, held = holdout_classes(np.array(labels), 0.3, np.random.default_rng(0))
    assert len(held) == 0


@given(galleries, st.integers(1, 40), st.integers(0, 1000))
def test_a_balanced_set_shows_everybody_alike_and_leaves_out_no_face_it_has_room_for(
    labels, per_identity, seed
):
    rows = balance(labels, per_identity, np.random.default_rng(seed))
    shown = np.bincount(labels[rows])
    assert (shown == per_identity).all()
    different = np.bincount(labels[np.unique(rows)])
    assert (different == np.minimum(np.bincount(labels), per_identity)).all()


def test_a_balance_of_nought_leaves_the_faces_as_they_are():
    rows = balance(np.array([3, 3, 1]), 0, np.random.default_rng(0))
    assert list(rows) == [0, 1, 2]
