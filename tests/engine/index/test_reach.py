"""Every face in reach, and a breadth of search that finds them: on graphs with broken links."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import SnapshotError
from engine.index import hnsw as graph_module
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.hnsw_file import _HEADER, HnswFile, _record_of
from engine.index.snapshot import save_snapshot
from engine.index.tuning import make_reachable, tune_ef
from engine.utils.distances import prepare_row
from tests.saved_index import load_snapshot

D = 16


def without_links_to(path, lost):
    """Takes all links to some faces out of a graph file, as a lost update would."""
    data = bytearray(path.read_bytes())
    file = HnswFile(path, D)
    record = _record_of(file.links_each, D, path)
    rows = np.frombuffer(data, record, file.count, _HEADER.itemsize)
    places = np.flatnonzero(np.isin(rows["label"], lost))
    for row in rows:
        links = row["links"][: row["used"]]
        kept = links[~np.isin(links, places)]
        row["links"][: len(kept)] = kept
        row["used"] = len(kept)
    path.write_bytes(data)


@pytest.fixture
def torn(make_faces, tmp_path):
    """An index, with the ids of three of its faces that no link leads to."""
    ids, rows = make_faces(800)
    index = HnswIndex(D, "cosine")
    index.add(ids, rows)
    index.write(tmp_path / "graph")
    file = HnswFile(tmp_path / "graph", D)
    entry = file.labels()[file._entry]
    lost = np.setdiff1d([40, 300, 700], [entry])
    without_links_to(tmp_path / "graph", lost)
    again = HnswIndex.read(
        tmp_path / "graph",
        D,
        "cosine",
        parameters=HnswParameters(),
        labels=file.labels(),
        removed=np.empty(0, np.int64),
    )
    return again, lost


def test_the_file_is_read_as_it_was_written(make_faces, tmp_path):
    ids, rows = make_faces(5000)
    index = HnswIndex(D, "euclidean")
    index.add(ids, rows)
    index.remove(ids[:7])
    index.write(tmp_path / "graph")
    file = HnswFile(tmp_path / "graph", D)
    read = list(file.each_vectors())
    assert np.array_equal(np.concatenate([labels for labels, _ in read]), ids)
    assert np.array_equal(np.concatenate([part for _, part in read]), rows)
    assert np.array_equal(file.labels(np.array([3, 1])), ids[[3, 1]])
    assert np.array_equal(file.vectors(np.array([3, 1])), rows[[3, 1]])


def test_faces_to_which_no_link_leads_are_named(torn, tmp_path):
    _, lost = torn
    assert HnswFile(tmp_path / "graph", D).unreachable().tolist() == lost.tolist()


def test_they_are_linked_again_and_found(torn, make_faces, tmp_path):
    index, lost = torn
    make_reachable(index, tmp_path)
    rows = make_faces(800)[1][lost - 1]
    assert index.search(rows, 1).ids[:, 0].tolist() == lost.tolist()
    index.write(tmp_path / "mended")
    missing = HnswFile(tmp_path / "mended", D).unreachable()
    assert len(missing) == index.aside < len(lost)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph", "mended"]


def test_those_that_cannot_be_linked_are_compared_one_by_one(torn, make_faces, tmp_path):
    index, lost = torn
    rows = make_faces(800)[1]
    assert not np.isin(lost, index.search(rows[lost - 1], 5).ids).any()
    index.set_aside(lost)
    exact = ExactIndex(D, "cosine")
    exact.add(np.arange(1, 801), rows)
    found, reference = index.search(rows, 5), exact.search(rows, 5)
    assert (found.ids == reference.ids).mean() > 0.99
    assert found.ids[lost - 1, 0].tolist() == lost.tolist()
    for face in lost.tolist():
        assert index.nearest(prepare_row(rows[face - 1], "cosine"), 5)[0][0] == face
    save_snapshot(index, tmp_path / "index", change=1)
    again, _ = load_snapshot(tmp_path / "index", dimension=D, distance="cosine")
    assert again.search(rows[lost - 1], 1).ids[:, 0].tolist() == lost.tolist()
    again.remove(lost[:1])
    assert lost[0] not in again.search(rows[lost - 1], 5).ids
    assert again.search(rows[lost[1:] - 1], 1).ids[:, 0].tolist() == lost[1:].tolist()


@pytest.mark.parametrize("length", [0, 50, 96, 5000])
def test_a_file_that_is_cut_off_is_refused(make_faces, tmp_path, length):
    index = HnswIndex(D, "cosine")
    index.add(*make_faces(100))
    index.write(tmp_path / "graph")
    (tmp_path / "cut").write_bytes((tmp_path / "graph").read_bytes()[:length])
    with pytest.raises(SnapshotError):
        HnswFile(tmp_path / "cut", D)


def test_whatever_is_in_a_file_reading_it_ends_in_an_answer_or_a_refusal(make_faces, tmp_path):
    index = HnswIndex(D, "cosine")
    index.add(*make_faces(100))
    index.write(tmp_path / "graph")
    whole, chance = (tmp_path / "graph").read_bytes(), np.random.default_rng(3)
    for turn in range(300):
        damaged = bytearray(whole)
        reach = 96 if turn % 2 else len(whole)
        for _ in range(chance.integers(1, 20)):
            damaged[chance.integers(reach)] = chance.integers(256)
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            file = HnswFile(tmp_path / "damaged", D)
        except SnapshotError:
            continue
        file.unreachable()
        assert sum(len(ids) for ids, _ in file.each_vectors()) == file.count


def test_several_threads_build_a_graph_in_which_every_face_is_found(
    make_faces, tmp_path, monkeypatch
):
    monkeypatch.setattr(graph_module, "_ALONE", 100)
    ids, rows = make_faces(3000)
    index = HnswIndex(D, "cosine")
    index.add(ids, rows)
    make_reachable(index, tmp_path)
    assert np.array_equal(index.search(rows, 1).ids[:, 0], ids)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_the_breadth_is_chosen_by_the_recall_it_gives(make_faces, distance):
    ids, rows = make_faces(4000)
    exact, index = ExactIndex(D, distance), HnswIndex(D, distance)
    exact.add(ids, rows)
    index.add(ids, rows)
    tune_ef(index)
    queries = make_faces(400, first=90_000)[1]
    found, reference = index.search(queries, 5).ids, exact.search(queries, 5).ids
    assert (found[:, :, None] == reference[:, None, :]).any(axis=1).mean() >= 0.99
    assert index.recall >= 0.99
    assert index.measured == 4000
