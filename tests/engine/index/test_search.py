"""What both kinds of index promise."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import EmbeddingError, FaceGalleryError, MismatchError, UnknownIdentityError
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex
from engine.progress import CancelToken, Reporter
from engine.utils.distances import prepare_row

D = 16


def true_distances(query, rows, distance):
    query, rows = query.astype(np.float64), rows.astype(np.float64)
    if distance == "euclidean":
        return np.linalg.norm(rows - query, axis=1)
    return 1 - rows @ query / (np.linalg.norm(rows, axis=1) * np.linalg.norm(query))


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_distances_are_the_true_ones_nearest_first(make_index, make_faces, distance):
    ids, rows = make_faces(300)
    index = make_index(D, distance)
    index.add(ids, rows)
    _, queries = make_faces(5, first=5000)
    found = index.search(queries, 7)
    for query, near, measured in zip(queries, found.ids, found.distances, strict=True):
        expected = np.sort(true_distances(query, rows, distance))[:7]
        np.testing.assert_allclose(measured, expected, atol=1e-5)
        np.testing.assert_allclose(
            measured, true_distances(query, rows[near - 1], distance), atol=1e-5
        )


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_one_query_in_plain_numbers_finds_the_same(make_index, make_faces, distance):
    ids, rows = make_faces(300)
    index = make_index(D, distance)
    assert index.nearest(prepare_row(rows[0], distance), 3) == ([], [])
    index.add(ids, rows)
    index.add(ids + 1000, rows)  # each twice: equal distances stand in the order of ids
    for query in (*rows[:20], *make_faces(20, first=5000)[1]):
        found = index.search(query[None], 8)
        near, distances = index.nearest(prepare_row(query, distance), 8)
        assert near == found.ids[0].tolist()
        assert distances == pytest.approx(found.distances[0].tolist(), abs=1e-6)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_a_face_is_at_distance_zero_from_itself_and_never_below(make_index, make_faces, distance):
    ids, rows = make_faces(200)
    index = make_index(D, distance)
    index.add(ids, rows)
    found = index.search(rows, 1)
    assert np.array_equal(found.ids[:, 0], ids)
    assert found.distances.min() >= 0
    assert found.distances.max() < 1e-6


def test_answers_have_the_declared_types(make_index, make_faces):
    index = make_index(D, "cosine")
    index.add(*make_faces(20))
    found = index.search(make_faces(3)[1], 4)
    assert found.ids.shape == found.distances.shape == (3, 4)
    assert found.ids.dtype == np.int64
    assert found.distances.dtype == np.float32


def test_cosine_takes_vectors_of_any_length(make_index, make_faces):
    ids, rows = make_faces(50)
    index = make_index(D, "cosine")
    index.add(ids, rows * np.linspace(0.01, 100, 50, dtype=np.float32)[:, None])
    found = index.search(rows * np.float32(7), 1)
    assert np.array_equal(found.ids[:, 0], ids)


def test_equal_distances_come_in_order_of_id(make_index, make_faces):
    _, rows = make_faces(1)
    index = make_index(D, "cosine")
    index.add(np.array([9, 3, 7]), np.repeat(rows, 3, axis=0))
    assert index.search(rows, 3).ids.tolist() == [[3, 7, 9]]


def test_k_above_the_number_of_faces_gives_all_of_them(make_index, make_faces):
    index = make_index(D, "cosine")
    index.add(*make_faces(4))
    index.remove(np.array([2]))
    found = index.search(make_faces(2)[1], 50)
    assert found.ids.shape == (2, 3)
    assert {*found.ids[0].tolist()} == {1, 3, 4}


@pytest.mark.parametrize("k", [0, 1, 5])
def test_an_empty_index_answers_with_nothing(make_index, make_faces, k):
    index = make_index(D, "cosine")
    assert index.search(make_faces(3)[1], k).ids.shape == (3, 0)
    index.add(*make_faces(2))
    index.remove(np.array([1, 2]))
    assert len(index) == 0
    assert index.search(make_faces(3)[1], k).distances.shape == (3, 0)


def test_no_queries_give_no_answers(make_index, make_faces):
    index = make_index(D, "cosine")
    index.add(*make_faces(5))
    assert len(index.search(np.empty((0, D), np.float32), 3).ids) == 0


@pytest.mark.parametrize("shape", [(3, D - 1), (3, D + 1), (D,), (1, 3, D)])
def test_vectors_of_another_shape_are_refused(make_index, make_faces, shape):
    index = make_index(D, "cosine")
    index.add(*make_faces(5))
    with pytest.raises(MismatchError, match="16"):
        index.search(np.ones(shape, np.float32), 1)
    with pytest.raises(MismatchError, match="16"):
        index.add(np.arange(10, 10 + shape[0]), np.ones(shape, np.float32))
    assert len(index) == 5


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_row_that_cannot_be_measured_is_refused_by_its_number(
    make_index, make_faces, distance, value
):
    ids, rows = make_faces(8)
    rows[5, 3] = value
    index = make_index(D, distance)
    with pytest.raises(EmbeddingError, match="Row 5"):
        index.add(ids, rows)
    assert len(index) == 0
    index.add(*make_faces(8))
    with pytest.raises(EmbeddingError, match="Row 5"):
        index.search(rows, 1)


def test_zeros_have_no_direction_but_a_place(make_index, make_faces):
    zeros = np.zeros((1, D), np.float32)
    with pytest.raises(EmbeddingError, match="all zeros"):
        make_index(D, "cosine").add(np.array([1]), zeros)
    index = make_index(D, "euclidean")
    index.add(np.array([1]), zeros)
    assert index.search(zeros, 1).distances[0, 0] == 0


def test_an_id_that_exists_is_refused_and_its_vector_kept(make_index, make_faces):
    ids, rows = make_faces(10)
    index = make_index(D, "cosine")
    index.add(ids, rows)
    before = index.get(ids)
    with pytest.raises(FaceGalleryError, match="Face 4 is in the index already"):
        index.add(np.array([99, 4]), rows[:2])
    assert index.ids().tolist() == ids.tolist()
    assert np.array_equal(index.get(ids), before)


@pytest.mark.parametrize(
    ("ids", "text"), [([7, 7], "twice"), ([7, -1], "negative"), ([7], "1 ids .* 2 vectors")]
)
def test_ids_that_make_no_sense_are_refused(make_index, make_faces, ids, text):
    index = make_index(D, "cosine")
    with pytest.raises(FaceGalleryError, match=text):
        index.add(np.array(ids), make_faces(2)[1])
    assert len(index) == 0


def test_removed_faces_are_not_found_and_the_rest_is(make_index, make_faces):
    ids, rows = make_faces(100)
    index = make_index(D, "cosine")
    index.add(ids, rows)
    index.remove(ids[::2])
    assert index.ids().tolist() == ids[1::2].tolist()
    found = index.search(rows, 50)
    assert set(found.ids.ravel().tolist()) == set(ids[1::2].tolist())
    assert np.array_equal(index.search(rows[1::2], 1).ids[:, 0], ids[1::2])


def test_an_unknown_id_is_not_removed_nor_anything_with_it(make_index, make_faces):
    index = make_index(D, "cosine")
    index.add(*make_faces(5))
    with pytest.raises(UnknownIdentityError, match="Face 77"):
        index.remove(np.array([1, 77]))
    index.remove(np.array([2]))
    with pytest.raises(UnknownIdentityError, match="Face 2"):
        index.remove(np.array([2]))
    with pytest.raises(UnknownIdentityError, match="Face 2"):
        index.get(np.array([1, 2]))
    assert index.ids().tolist() == [1, 3, 4, 5]


@pytest.mark.parametrize("same", [True, False])
def test_a_removed_face_may_come_back_with_its_vector_or_another(make_index, make_faces, same):
    ids, rows = make_faces(60)
    index = make_index(D, "cosine")
    index.add(ids, rows)
    index.remove(ids[:30])
    back = rows[:30] if same else make_faces(30, first=900)[1]
    index.add(ids[:30], back)
    assert len(index) == 60
    found = index.search(back, 1)
    assert np.array_equal(found.ids[:, 0], ids[:30])
    assert found.distances.max() < 1e-6


def test_progress_ends_at_the_total(make_index, make_faces):
    seen = []
    make_index(D, "cosine").add(*make_faces(1200), reporter=Reporter(seen.append))
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 1200, 1200)


def test_neighbours_of_thousands_of_queries_come_in_their_order(make_faces):
    ids, rows = make_faces(3000)
    index = ExactIndex(D, "euclidean")
    index.add(ids, rows)
    assert np.array_equal(index.search(rows, 1).ids[:, 0], ids)


def test_a_cancelled_addition_leaves_nothing_behind_and_can_be_repeated(make_faces):
    ids, rows = make_faces(1500)
    index = HnswIndex(D, "cosine")
    index.add(*make_faces(10, first=8000))
    token = CancelToken()
    stop = Reporter(lambda event: token.cancel() if event.done >= 512 else None, token)
    with pytest.raises(FaceGalleryError, match="Cancelled"):
        index.add(ids, rows, reporter=stop)
    assert index.ids().tolist() == list(range(8000, 8010))
    assert set(index.search(rows[:3], 20).ids.ravel().tolist()) <= set(range(8000, 8010))
    index.add(ids, rows)
    assert np.mean(index.search(rows, 1).ids[:, 0] == ids) > 0.99
