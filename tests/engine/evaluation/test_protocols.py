"""Splits: disjoint, stratified, honest about whom they leave out."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TrainingError
from engine.evaluation.splits import closed_splits, open_splits
from engine.records.types import Ids

COUNTS = st.lists(st.integers(1, 12), min_size=6, max_size=25).filter(
    lambda counts: sum(count > 1 for count in counts) >= 4
)


def labelled(counts: list[int], seed: int = 0) -> Ids:
    """So many faces of each identity, in any order, with numbers that are not contiguous."""
    labels = np.repeat(10 * np.arange(len(counts)) + 7, counts)
    return np.random.default_rng(seed).permutation(labels)


@given(COUNTS, st.integers(0, 1000))
def test_closed_splits_are_disjoint_whole_and_stratified(counts: list[int], seed: int) -> None:
    labels = labelled(counts)
    for split in closed_splits(labels, 2, seed):
        assert sorted([*split.enrolled, *split.queries]) == list(range(len(labels)))
        assert set(labels[split.queries]) <= set(labels[split.enrolled])
        assert set(labels[split.enrolled]) == set(labels)
        for number, count in enumerate(counts):
            asked = (labels[split.queries] == 10 * number + 7).sum()
            assert asked == (0 if count == 1 else max(1, int(0.2 * count + 0.5)))


@given(COUNTS, st.integers(0, 1000))
def test_open_splits_are_disjoint_by_face_and_by_person(counts: list[int], seed: int) -> None:
    labels = labelled(counts)
    for split in open_splits(labels, 2, seed):
        parts = [getattr(split, one.name) for one in fields(split) if one.name != "askable"]
        assert sorted(np.concatenate(parts)) == list(range(len(labels)))
        enrolled, mated_c, mated_t, outside_c, outside_t = (set(labels[part]) for part in parts)
        assert mated_c | mated_t <= enrolled
        assert not mated_c & mated_t
        assert not outside_c & outside_t
        assert not (outside_c | outside_t) & enrolled
        assert min(map(len, (mated_c, mated_t, outside_c, outside_t))) >= 1


def test_a_third_of_the_people_is_never_enrolled_and_another_third_each_time() -> None:
    labels = labelled([8] * 60 + [1] * 30)
    left_out = [
        frozenset(labels[np.concatenate([one.non_mated_calibration, one.non_mated_test])])
        for one in open_splits(labels, 4, seed=3)
    ]
    assert [len(one) for one in left_out] == [30] * 4
    assert len(set(left_out)) == 4


def test_the_same_seed_gives_the_same_splits_and_another_gives_others() -> None:
    labels = labelled([6] * 12)
    first, again, other = (
        next(iter(closed_splits(labels, 1, seed))).queries.tolist() for seed in (5, 5, 6)
    )
    assert first == again != other


@pytest.mark.parametrize("counts", [[9], [9, 1, 1], [1, 1, 1]])
def test_a_gallery_too_small_for_the_closed_set_is_refused_with_a_remedy(counts: list[int]) -> None:
    with pytest.raises(TrainingError, match="two people need two faces each"):
        list(closed_splits(labelled(counts), 1, 0))


@pytest.mark.parametrize("counts", [[9] * 5, [2, 2, 2, 1, 1, 1, 1]])
def test_a_gallery_too_small_for_the_open_set_is_refused_with_a_remedy(counts: list[int]) -> None:
    with pytest.raises(TrainingError, match="At least six people"):
        list(open_splits(labelled(counts), 1, 0))
