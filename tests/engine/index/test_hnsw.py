"""The guard: what hnswlib alone would get wrong."""

from __future__ import annotations

import numpy as np
import pytest

from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters

D = 16


def recall(found, reference):
    pairs = zip(found.ids.tolist(), reference.ids.tolist(), strict=True)
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs])


def test_it_grows_beyond_its_first_capacity_one_by_one_and_at_once(make_faces):
    ids, rows = make_faces(3000)
    index = HnswIndex(D, "cosine")
    for at in range(1000, 1100):  # across the first capacity
        index.add(ids[at : at + 1], rows[at : at + 1])
    index.add(ids[:1000], rows[:1000])
    index.add(ids[1100:], rows[1100:])
    assert np.array_equal(index.ids(), ids)
    assert np.mean(index.search(rows, 1).ids[:, 0] == ids) > 0.99


def test_a_refused_row_does_not_harm_the_recall_of_the_others(make_faces):
    ids, rows = make_faces(1000)
    exact, index = ExactIndex(D, "euclidean"), HnswIndex(D, "euclidean")
    exact.add(ids, rows)
    for at in range(0, 1000, 50):
        spoiled = rows[at : at + 50].copy()
        spoiled[7] = np.nan
        with pytest.raises(Exception, match="Row 7"):
            index.add(ids[at : at + 50], spoiled)
        index.add(ids[at : at + 50], rows[at : at + 50])
    assert recall(index.search(rows, 5), exact.search(rows, 5)) > 0.99


@pytest.mark.parametrize("k", [1, 5, 13, 50, 200, 1000])
def test_recall_holds_for_every_k(make_faces, k):
    ids, rows = make_faces(1000)
    exact, index = ExactIndex(D, "cosine"), HnswIndex(D, "cosine")
    exact.add(ids, rows)
    index.add(ids, rows)
    queries = make_faces(100, first=5000)[1]
    assert recall(index.search(queries, k), exact.search(queries, k)) > 0.99


def test_faces_that_the_graph_does_not_reach_are_found_all_the_same(make_faces):
    """Copies of one vector prune one another's links, and hnswlib alone then fails."""
    _, rows = make_faces(2)
    index = HnswIndex(D, "cosine", parameters=HnswParameters(M=2, ef_construction=4, ef=4))
    index.add(np.arange(300), np.repeat(rows[:1], 300, axis=0))
    index.add(np.arange(300, 600), np.repeat(rows[1:], 300, axis=0))
    found = index.search(rows, 600)
    assert np.array_equal(np.sort(found.ids[0]), np.arange(600))


def test_it_says_when_removed_faces_are_too_many(make_faces):
    ids, rows = make_faces(100)
    index = HnswIndex(D, "cosine")
    index.add(ids, rows)
    index.remove(ids[:30])
    assert not index.needs_rebuild
    index.remove(ids[30:31])
    assert index.needs_rebuild


def test_the_same_faces_and_seed_give_the_same_file(make_faces, tmp_path):
    ids, rows = make_faces(1500)
    for name in ("a", "b"):
        index = HnswIndex(D, "cosine")
        index.add(ids, rows)
        index.write(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_single_query_runs_in_one_thread_and_a_batch_in_all(make_faces, monkeypatch):
    index = HnswIndex(D, "cosine")
    index.add(*make_faces(100))
    asked = []

    class Watched:
        def knn_query(self, rows, k, num_threads):
            asked.append(num_threads)
            return graph.knn_query(rows, k=k, num_threads=num_threads)

    graph = index._graph
    monkeypatch.setattr(index, "_graph", Watched())
    index.search(make_faces(1)[1], 5)
    index.search(make_faces(40)[1], 5)
    assert asked == [1, 0]


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_on_real_faces_it_agrees_with_exact_search(real_faces, distance):
    exact, index = ExactIndex(128, distance), HnswIndex(128, distance)
    ids = np.arange(1, len(real_faces) + 1)
    exact.add(ids, real_faces)
    index.add(ids, real_faces)
    found, reference = index.search(real_faces, 5), exact.search(real_faces, 5)
    assert recall(found, reference) >= 0.99
    same = found.ids == reference.ids
    np.testing.assert_allclose(found.distances[same], reference.distances[same], atol=1e-5)


def test_on_real_faces_recall_survives_removing_and_bringing_back(real_faces):
    exact, index = ExactIndex(128, "cosine"), HnswIndex(128, "cosine")
    ids = np.arange(1, len(real_faces) + 1)
    index.add(ids, real_faces)
    index.remove(ids[::3])
    index.add(ids[::6], real_faces[::6])
    live = np.union1d(np.setdiff1d(ids, ids[::3]), ids[::6])
    exact.add(live, real_faces[live - 1])
    assert np.array_equal(index.ids(), live)
    assert recall(index.search(real_faces, 5), exact.search(real_faces, 5)) >= 0.99


@pytest.mark.slow
def test_every_face_of_the_sample_finds_itself(sample):
    files = sorted(sample.glob("*/*.npy"))
    rows = np.stack([np.load(file) for file in files])
    ids = np.arange(1, len(rows) + 1)
    index = HnswIndex(rows.shape[1], "cosine")
    index.add(ids, rows)
    assert (index.search(rows, 5).ids == ids[:, None]).any(axis=1).all()
