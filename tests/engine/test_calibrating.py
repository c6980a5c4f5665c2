"""When a calibration still speaks for a gallery that changed."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.calibrating import _difference

FACES = st.dictionaries(st.integers(1, 30), st.integers(1, 9), max_size=12)


@given(FACES, FACES)
def test_faces_that_came_or_left_are_counted_whoever_they_are_of(
    one: dict[int, int], other: dict[int, int]
) -> None:
    def arrays(faces: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
        ids = sorted(faces)
        return np.array(ids, np.int64), np.array([faces[owner] for owner in ids], np.int64)

    moved = Counter(one)
    moved.subtract(other)
    expected = sum(map(abs, moved.values()))
    assert _difference(arrays(one), arrays(other)) == expected
