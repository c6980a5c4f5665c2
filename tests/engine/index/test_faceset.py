"""A set of ids is what Python's own set would be, whatever the ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.index.base import IdBitmap

ids = st.lists(
    st.one_of(
        st.integers(0, 3000), st.integers(2**26 - 2, 2**26 + 2), st.integers(2**62, 2**63 - 1)
    ),
    unique=True,
    max_size=20,
)


def as_ids(numbers):
    return np.array(numbers, dtype=np.int64)


@pytest.mark.slow
@example([(True, [(1 << 26) - 2]), (True, [(1 << 26) - 1, 1 << 26])], [1 << 26])
@given(st.lists(st.tuples(st.booleans(), ids), max_size=8), ids)
def test_any_changes_leave_what_a_set_would_hold(changes, asked):
    held, truth = IdBitmap(), set()
    for coming, some in changes:
        if coming:
            held.add(as_ids(some))
            truth |= set(some)
        else:
            held.discard(as_ids(some))
            truth -= set(some)
    assert held.ids().tolist() == sorted(truth)
    assert len(held) == len(truth)
    assert held.holds(as_ids(asked)).tolist() == [one in truth for one in asked]


def test_a_number_that_is_no_id_is_not_in_it():
    assert IdBitmap(as_ids([0, 1023])).holds(as_ids([-1, -1024, 1024])).tolist() == [False] * 3
