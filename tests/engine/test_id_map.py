"""A map of ids in two arrays is a dict, whatever is put there and taken away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.utils.id_map import IdMap, grown

KEYS = st.integers(0, 2**62)


@pytest.mark.slow
@given(st.dictionaries(KEYS, KEYS), st.lists(st.dictionaries(KEYS, st.one_of(st.just(-1), KEYS))))
def test_it_is_a_dict(first: dict[int, int], rounds: list[dict[int, int]]) -> None:
    keys = np.array(sorted(first), dtype=np.int64)
    kept = IdMap(keys, np.array([first[key] for key in sorted(first)], dtype=np.int64))
    expected = dict(first)
    for changes in rounds:
        at = np.array(sorted(changes), dtype=np.int64)
        kept.put(at, np.array([changes[key] for key in sorted(changes)], dtype=np.int64))
        expected.update(changes)
    expected = {key: value for key, value in expected.items() if value >= 0}
    found = dict(zip(*(part.tolist() for part in kept.items()), strict=True))
    assert found == expected
    assert list(found) == sorted(found)
    asked = np.array([[*first, 3, 5]], dtype=np.int64)
    assert kept.find(asked).tolist() == [[expected.get(key, -1) for key in [*first, 3, 5]]]
    assert kept.few(asked[0].tolist()) == kept.find(asked)[0].tolist()


@given(st.lists(st.integers(0, 12), max_size=12), st.sets(st.integers(3, 10)))
def test_a_few_keys_are_found_with_gaps_and_without(asked: list[int], missing: set[int]) -> None:
    keys = np.array([key for key in range(3, 11) if key not in missing], dtype=np.int64)
    kept = IdMap(keys, keys * 2)
    assert kept.few(asked) == kept.find(np.array(asked, dtype=np.int64)).tolist()


def test_an_array_grows_only_where_it_must() -> None:
    array = np.arange(6.0).reshape(3, 2)
    assert grown(array, 3) is array
    larger = grown(array, 4)
    assert len(larger) >= 4
    assert np.array_equal(larger[:3], array)
