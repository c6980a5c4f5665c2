"""The keeper always answers, from the best index there is, and loses nothing on the way."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.errors import UnknownIdentityError
from engine.gallery import Gallery
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.manager import IndexManager
from engine.index.snapshot import save_snapshot
from tests.engine.index.stores import D, Faces, finds
from tests.saved_index import load_snapshot

pytestmark = pytest.mark.slow


def test_a_sound_snapshot_answers_at_once_and_nothing_is_said(saved, open_keeper, faces, ear):
    keeper = open_keeper(background=True)
    assert keeper.state == "ready"
    assert ear.messages == []
    assert None not in faces.asked
    assert finds(keeper, faces)


def test_what_a_killed_save_left_goes_when_a_writer_opens_it(saved, open_keeper, tmp_path):
    left = tmp_path / "index" / ".faces-killed.tmp"
    left.write_bytes(b"half a graph")
    open_keeper(writable=False)
    assert left.exists()  # a writer may be at it
    open_keeper()
    assert not left.exists()


def test_an_empty_new_gallery_says_nothing_and_takes_faces(tmp_path, make_faces, ear):
    faces = Faces(make_faces)
    keeper = IndexManager(tmp_path / "index", dimension=D, distance="cosine", writable=True)
    keeper.start(0, faces.ids, faces.vectors, listener=ear)
    assert keeper.search(np.ones((1, D), np.float32), 5).ids.shape == (1, 0)
    keeper.add(*faces.add(700, first=1))
    assert finds(keeper, faces)
    keeper.close()
    assert ear.messages == []
    assert load_snapshot(tmp_path / "index", dimension=D, distance="cosine")[1] == faces.change


def test_an_old_snapshot_is_caught_up_without_a_word(saved, open_keeper, faces, ear):
    faces.add(40, first=5000)
    faces.remove(3, 4, 5000)
    keeper = open_keeper(background=True)
    assert keeper.state == "ready"
    assert ear.messages == []
    assert None not in faces.asked
    assert finds(keeper, faces)


def test_a_snapshot_that_lacks_faces_though_of_the_same_change_is_caught_up(
    saved, open_keeper, faces
):
    faces.add(3, first=5000)
    faces.change -= 1
    assert finds(open_keeper(), faces)


def test_a_snapshot_that_is_far_behind_is_caught_up_while_exact_search_answers(
    saved, open_keeper, faces, ear
):
    faces.add(1200, first=5000)
    ear.go.clear()
    keeper = open_keeper(background=True)
    assert keeper.state == "building"
    assert finds(keeper, faces)
    ear.go.set()
    assert keeper.wait()
    assert finds(keeper, faces)
    assert ear.messages == []


def remove_sidecar(folder, _faces):
    (folder / "faces.json").unlink()


def remove_all(folder, _faces):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def truncate(folder, _faces):
    (graph,) = folder.glob("faces-*.bin")
    graph.write_bytes(graph.read_bytes()[:5000])


def garbage(folder, _faces):
    (folder / "faces.json").write_bytes(b"\x80garbage")


def other_parameters(folder, faces):
    index = HnswIndex(D, "cosine", parameters=HnswParameters(M=8))
    index.add(*faces.all())
    save_snapshot(index, folder, change=faces.change)


def other_dimension(folder, faces):
    save_snapshot(HnswIndex(D + 1, "cosine"), folder, change=faces.change)


def another_gallery(folder, faces):
    """Same ids, same change, another gallery's vectors."""
    index = HnswIndex(D, "cosine")
    ids, rows = faces.all()
    index.add(ids, rows[::-1].copy())
    save_snapshot(index, folder, change=faces.change)


def another_past(folder, faces):
    """The database was put back to an older state and went on: the newest ids mean others."""
    index = HnswIndex(D, "cosine")
    ids, rows = faces.all()
    rows[-3:] = rows[:3]
    index.add(ids, rows)
    save_snapshot(index, folder, change=faces.change - 1)


def newer_than_the_database(folder, faces):
    index = HnswIndex(D, "cosine")
    index.add(*faces.all())
    save_snapshot(index, folder, change=faces.change + 1)


DAMAGES = [
    remove_sidecar,
    remove_all,
    truncate,
    garbage,
    other_parameters,
    other_dimension,
    another_gallery,
    another_past,
    newer_than_the_database,
]


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_an_unusable_snapshot_is_rebuilt_and_said_once(
    saved, open_keeper, faces, ear, tmp_path, damage, background
):
    damage(tmp_path / "index", faces)
    keeper = open_keeper(background=background)
    assert finds(keeper, faces)
    assert keeper.wait()
    assert finds(keeper, faces)
    assert len(ear.messages) == 1
    assert "The search index was rebuilt" in ear.messages[0]
    keeper.close()
    open_keeper()
    assert len(ear.messages) == 1


def test_changes_during_a_rebuild_are_found_at_once_and_after_it(open_keeper, faces, ear, tmp_path):
    ear.go.clear()
    keeper = open_keeper(background=True)
    assert ear.held.wait()
    assert keeper.state == "building"
    keeper.add(*faces.add(700, first=5000))
    keeper.remove(*faces.remove(1, 2, 3, 5001))
    keeper.add(*faces.add(1, first=2))  # one comes back, as after an undo
    assert finds(keeper, faces)
    ear.go.set()
    assert keeper.wait()
    assert finds(keeper, faces)
    keeper.close()
    index, change = load_snapshot(tmp_path / "index", dimension=D, distance="cosine")
    assert change == faces.change
    assert np.array_equal(index.ids(), faces.ids())


def test_closing_stops_a_rebuild_and_can_be_done_twice(open_keeper, faces, ear, tmp_path):
    ear.go.clear()
    keeper = open_keeper(background=True)
    assert ear.held.wait()
    threading.Timer(0.05, ear.go.set).start()
    keeper.close()
    keeper.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "index-builder"]
    assert not (tmp_path / "index").exists()
    assert ear.messages == []


def test_what_was_added_is_saved_at_close_and_only_then_or_when_asked(
    saved, open_keeper, faces, tmp_path
):
    keeper = open_keeper()
    before = sorted(tmp_path.joinpath("index").iterdir())
    keeper.save()
    assert sorted(tmp_path.joinpath("index").iterdir()) == before
    keeper.add(*faces.add(5, first=5000))
    assert sorted(tmp_path.joinpath("index").iterdir()) == before
    keeper.close()
    index, change = load_snapshot(tmp_path / "index", dimension=D, distance="cosine")
    assert (len(index), change) == (1505, faces.change)


def test_a_reader_of_a_gallery_writes_nothing(open_keeper, faces, tmp_path):
    keeper = open_keeper(writable=False)
    keeper.add(*faces.add(5, first=5000))
    keeper.close()
    assert finds(keeper, faces)
    assert not (tmp_path / "index").exists()


def test_a_save_that_fails_is_told_and_the_search_goes_on(open_keeper, faces, ear, tmp_path):
    (tmp_path / "index").write_text("a file where the folder should be")
    keeper = open_keeper()
    assert any("could not be saved" in text for text in ear.messages)
    assert finds(keeper, faces)


@pytest.mark.parametrize("background", [False, True])
def test_many_removals_end_in_a_compact_index(saved, open_keeper, faces, tmp_path, background):
    (graph,) = (tmp_path / "index").glob("faces-*.bin")
    before = graph.stat().st_size
    keeper = open_keeper(background=background)
    gone = keeper.get(np.array([7]))[0].tobytes()
    assert gone in graph.read_bytes()
    keeper.remove(*faces.remove(*range(1, 501)))
    assert keeper.wait()
    assert finds(keeper, faces)
    keeper.close()
    (graph,) = (tmp_path / "index").glob("faces-*.bin")
    assert graph.stat().st_size == pytest.approx(before * 2 / 3, rel=0.02)
    assert gone not in graph.read_bytes()


def test_a_refused_change_changes_nothing(saved, open_keeper, faces):
    keeper = open_keeper()
    with pytest.raises(UnknownIdentityError):
        keeper.remove(np.array([1, 99_999]), faces.change + 1)
    assert finds(keeper, faces)


def test_thirty_faces_are_indexed_like_any(tmp_path, make_faces, ear):
    faces = Faces(make_faces)
    faces.add(30, first=1)
    keeper = IndexManager(tmp_path / "index", dimension=D, distance="euclidean", writable=True)
    keeper.start(faces.change, faces.ids, faces.vectors, listener=ear)
    assert keeper.state == "ready"
    assert finds(keeper, faces)
    keeper.close()
    assert load_snapshot(tmp_path / "index", dimension=D, distance="euclidean")


def test_a_batch_to_a_small_graph_misses_nothing_and_follows_changes(open_keeper, faces):
    keeper, exact = open_keeper(), ExactIndex(D, "cosine")
    ids = faces.ids()
    rows = keeper.get(ids)
    exact.add(ids, rows)
    queries = np.random.default_rng(5).standard_normal((400, D)).astype(np.float32)
    np.testing.assert_array_equal(keeper.search(queries, 10).ids, exact.search(queries, 10).ids)
    nearest = keeper.search(queries, 1).ids[:, 0]
    keeper.remove(np.unique(nearest), 1)
    exact.remove(np.unique(nearest))
    np.testing.assert_array_equal(keeper.search(queries, 10).ids, exact.search(queries, 10).ids)


def test_many_queries_of_an_empty_gallery_find_nobody(tmp_path):
    with Gallery.create(tmp_path / "g", dimension=8) as gallery:
        answers = gallery.identify(np.ones((500, 8), dtype=np.float32))
        assert [answer.name for answer in answers] == [None] * 500
