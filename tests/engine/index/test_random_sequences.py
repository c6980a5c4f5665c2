"""Any sequence of additions and removals leaves both indexes as a plain dict says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.errors import FaceGalleryError, UnknownIdentityError
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex

pytestmark = pytest.mark.slow

D = 4
some_ids = st.lists(st.integers(0, 40), unique=True, max_size=12)
seeds = st.integers(0, 2**32)


class Indexes(RuleBasedStateMachine):
    @initialize(distance=st.sampled_from(["cosine", "euclidean"]))
    def empty(self, distance):
        self.distance = distance
        self.truth: dict[int, np.ndarray] = {}
        self.indexes = [HnswIndex(D, distance), ExactIndex(D, distance)]

    @rule(ids=some_ids, seed=seeds)
    def add(self, ids, seed):
        rows = np.random.default_rng(seed).standard_normal((len(ids), D)).astype(np.float32)
        for index in self.indexes:
            if self.truth.keys() & set(ids):
                with pytest.raises(FaceGalleryError, match="already"):
                    index.add(np.array(ids, np.int64), rows)
            else:
                index.add(np.array(ids, np.int64), rows)
        if not self.truth.keys() & set(ids):
            self.truth.update(zip(ids, rows, strict=True))

    @rule(data=st.data())
    def remove(self, data):
        ids = data.draw(st.lists(st.sampled_from(sorted(self.truth) or [99]), unique=True))
        for index in self.indexes:
            if set(ids) - self.truth.keys():
                with pytest.raises(UnknownIdentityError):
                    index.remove(np.array(ids, np.int64))
            else:
                index.remove(np.array(ids, np.int64))
        for face in ids:
            self.truth.pop(face, None)

    @rule(seed=seeds, k=st.integers(0, 50))
    def search(self, seed, k):
        queries = np.random.default_rng(seed).standard_normal((2, D)).astype(np.float32)
        for index in self.indexes:
            found = index.search(queries, k)
            for query, ids, distances in zip(queries, found.ids, found.distances, strict=True):
                assert len(set(ids.tolist())) == min(k, len(self.truth))
                assert (np.diff(distances) >= 0).all()
                for face, distance in zip(ids.tolist(), distances, strict=True):
                    assert abs(self.measure(query, self.truth[face]) - distance) < 1e-5
                nearest = sorted(self.measure(query, row) for row in self.truth.values())
                np.testing.assert_allclose(distances, nearest[: len(ids)], atol=1e-5)

    def measure(self, a, b):
        a, b = a.astype(float), b.astype(float)
        if self.distance == "euclidean":
            return float(np.linalg.norm(a - b))
        return float(1 - a @ b / np.sqrt((a @ a) * (b @ b)))

    @invariant()
    def both_hold_the_same_faces(self):
        for index in getattr(self, "indexes", []):
            assert index.ids().tolist() == sorted(self.truth)
            assert len(index) == len(self.truth)


Indexes.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
test_any_sequence_of_changes_leaves_what_a_dict_would = Indexes.TestCase
