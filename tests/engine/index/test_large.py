"""What the keeper does for a gallery of many faces, with the limits set low."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.index import builder, manager, snapshot
from engine.index.hnsw import HnswIndex
from engine.index.snapshot import open_snapshot
from tests.engine.index.stores import D, finds
from tests.saved_index import load_snapshot

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(manager, "SMALL", 0)
    monkeypatch.setattr(manager, "SMALL", 0)


@pytest.fixture
def held(monkeypatch):
    """Holds a load up until it is set."""
    go, load = threading.Event(), HnswIndex.read

    def wait(*arguments, **named):
        assert go.wait()
        return load(*arguments, **named)

    monkeypatch.setattr(HnswIndex, "read", wait)
    yield go
    go.set()


def test_while_a_snapshot_is_loaded_its_file_answers(saved, open_keeper, faces, held, tmp_path):
    before = {path: path.stat().st_ino for path in (tmp_path / "index").iterdir()}
    manager = open_keeper(background=True)
    assert manager.state == "loading"
    assert None not in faces.asked
    assert finds(manager, faces)
    held.set()
    assert manager.wait()
    assert manager.state == "ready"
    assert isinstance(manager._live, HnswIndex)
    assert finds(manager, faces)
    manager.close()
    assert {path: path.stat().st_ino for path in (tmp_path / "index").iterdir()} == before


def test_changes_while_it_is_loaded_are_found_at_once_and_after_it(saved, open_keeper, faces, held):
    faces.remove(9)  # the snapshot still has it
    manager = open_keeper(background=True)
    manager.add(*faces.add(30, first=5000))
    manager.remove(*faces.remove(1, 2, 5003))
    manager.add(*faces.add(1, first=2))
    assert finds(manager, faces)
    held.set()
    assert manager.wait()
    assert finds(manager, faces)


def test_faces_that_a_snapshot_lacks_come_when_it_is_loaded(saved, open_keeper, faces, ear):
    faces.add(800, first=5000)
    manager = open_keeper(background=True)
    assert manager.wait()
    assert finds(manager, faces)
    assert ear.messages == []


def test_a_graph_with_a_flipped_bit_is_rebuilt_and_not_handed_on(
    saved, open_keeper, faces, ear, tmp_path, monkeypatch
):
    (graph,) = (tmp_path / "index").glob("faces-*.bin")
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 4
    graph.write_bytes(data)
    monkeypatch.setattr(HnswIndex, "read", lambda *_, **__: pytest.fail("it was handed on"))
    manager = open_keeper(background=True)
    assert manager.wait()
    assert finds(manager, faces)
    assert len(ear.messages) == 1
    assert "checksum" in ear.messages[0]


def test_closing_does_not_write_it_anew_for_a_few_faces(saved, open_keeper, faces, tmp_path):
    manager = open_keeper()
    before = sorted(tmp_path.joinpath("index").iterdir())
    manager.add(*faces.add(5, first=5000))
    assert manager.unsaved
    manager.close()
    assert sorted(tmp_path.joinpath("index").iterdir()) == before
    assert finds(open_keeper(), faces)
    manager = open_keeper()
    manager.add(*faces.add(600, first=6000))
    manager.close()
    assert len(load_snapshot(tmp_path / "index", dimension=D, distance="cosine")[0]) == 2105


def test_faces_come_and_go_while_a_snapshot_is_written(
    saved, open_keeper, faces, tmp_path, monkeypatch
):
    manager = open_keeper()
    manager.add(*faces.add(600, first=5000))
    writing, go, sync = threading.Event(), threading.Event(), snapshot.sync_folder

    def slow_disk(folder):
        writing.set()
        assert go.wait()
        sync(folder)

    monkeypatch.setattr(snapshot, "sync_folder", slow_disk)
    saver = threading.Thread(target=manager.save)
    saver.start()
    assert writing.wait()
    manager.add(*faces.add(40, first=7000))
    manager.remove(*faces.remove(3, 7001))
    assert finds(manager, faces)
    go.set()
    saver.join()
    assert manager.unsaved  # the change that the snapshot speaks of is the one before
    index, change = load_snapshot(tmp_path / "index", dimension=D, distance="cosine")
    assert (len(index), change) == (2100, faces.change - 2)
    assert finds(open_keeper(), faces)


def test_many_faces_are_indexed_in_the_background(open_keeper, faces, monkeypatch):
    keeper_ = open_keeper(background=True)
    assert keeper_.wait()
    monkeypatch.setattr(manager, "MANY", 100)
    keeper_.add(*faces.add(900, first=5000))
    keeper_.add(*faces.add(300, first=8000))
    assert finds(keeper_, faces)
    assert keeper_.wait()
    assert isinstance(keeper_._live, HnswIndex)
    assert finds(keeper_, faces)


def test_it_tells_how_broad_a_query_is_and_what_that_finds(saved, open_keeper):
    manager = open_keeper()
    assert 40 <= manager.ef <= 1000
    assert manager.recall >= 0.99


def test_a_gallery_that_grew_is_measured_again(saved, open_keeper, faces, tmp_path):
    faces.add(450, first=5000)
    open_keeper().close()
    index, _ = load_snapshot(tmp_path / "index", dimension=D, distance="cosine")
    assert index.measured == 1950


ROOT = Path(__file__).resolve().parents[3]

BUILDING = """
import sys, pathlib, time
import numpy as np
from engine.index.manager import IndexManager
from engine.index import builder
builder.EARLIEST = 0
ids = np.arange(1, 6001)
rows = np.random.default_rng(1).standard_normal((6000, 16)).astype(np.float32)
def vectors(some):
    some = ids if some is None else some
    for at in range(0, len(some), 500):
        yield some[at : at + 500], rows[some[at : at + 500] - 1]
def told(event):
    print(type(event).__name__, getattr(event, "done", ""), getattr(event, "stage", ""), flush=True)
    if getattr(event, "stage", "") == "Indexing faces" and event.done >= int(sys.argv[2]):
        time.sleep(60)
keeper = IndexManager(pathlib.Path(sys.argv[1]), dimension=16, distance="cosine", writable=True)
keeper.start(3, lambda: ids, vectors, listener=told)
keeper.wait()
assert (keeper.search(rows, 1).ids[:, 0] == ids).all()
keeper.close()
print("fine")
"""


def test_a_build_that_was_killed_goes_on_from_where_it_was_last_saved(tmp_path):
    folder = tmp_path / "index"
    child = subprocess.Popen(
        [sys.executable, "-c", BUILDING, str(folder), "3000"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with child:
        while "Indexing" not in (line := child.stdout.readline()) or int(line.split()[1]) < 3000:
            assert line
        child.kill()
    partial = open_snapshot(folder, dimension=D, distance="cosine")
    assert 0 < len(partial.ids()) < 6000
    assert partial.change == snapshot.PARTIAL
    again = subprocess.run(
        [sys.executable, "-c", BUILDING, str(folder), "99999"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
    )
    lines = again.stdout.splitlines()
    assert lines[-1] == "fine"
    first = next(line for line in lines if "Indexing" in line)
    assert int(first.split()[1]) == len(partial.ids())
    index, change = load_snapshot(folder, dimension=D, distance="cosine")
    assert (len(index), change) == (6000, 3)


def test_a_checkpoint_comes_when_the_graph_grew_by_a_quarter(monkeypatch, make_faces):
    saved = []
    monkeypatch.setattr(builder, "EARLIEST", 0)
    checkpoints = builder.Checkpoints(lambda graph: saved.append(len(graph)), 0)
    index = HnswIndex(D, "cosine")
    for first in range(1, 1001, 50):
        index.add(*make_faces(50, first=first))
        checkpoints.consider(index)
    assert saved == [50, 100, 150, 200, 300, 400, 550, 700, 900]
