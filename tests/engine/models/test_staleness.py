"""How much of a gallery a model has not seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.training_service import staleness

MEMBERSHIP = st.dictionaries(st.integers(1, 30), st.integers(1, 5), max_size=20)


def arrays(membership: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    faces = sorted(membership)
    return np.array(faces, np.int64), np.array([membership[face] for face in faces], np.int64)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({1: 1, 2: 1, 3: 2}, (0, 0, 0)),
        ({1: 1, 2: 1, 3: 2, 4: 1}, (0, 1, 0)),
        ({1: 1, 2: 1, 3: 2, 4: 3, 5: 3}, (1, 2, 0)),
        ({1: 1, 3: 2}, (0, 0, 1)),
        ({1: 1, 2: 2, 3: 2}, (0, 1, 1)),
        ({1: 1, 2: 9, 3: 2}, (1, 1, 1)),
        ({}, (0, 0, 3)),
    ],
    ids=["same", "enrolled", "new-person", "removed", "moved", "moved-to-a-new-person", "emptied"],
)
def test_what_came_and_went_is_counted(now, expected):
    assert staleness(*arrays({1: 1, 2: 1, 3: 2}), *arrays(now)) == expected


@settings(derandomize=True)
@given(seen=MEMBERSHIP, now=MEMBERSHIP)
def test_it_counts_as_sets_would(seen, now):
    expected = (
        len(set(now.values()) - set(seen.values())),
        len(now.items() - seen.items()),
        len(seen.items() - now.items()),
    )
    assert staleness(*arrays(seen), *arrays(now)) == expected


def test_the_gallery_may_come_in_any_order_and_is_not_changed():
    seen = arrays({face: face % 7 for face in range(1, 100)})
    order = np.random.default_rng(0).permutation(99)
    faces, owners = seen[0][order], seen[1][order]
    assert staleness(*seen, faces, owners) == (0, 0, 0)
    assert np.array_equal(faces, seen[0][order])
