"""What is on disk: whole and of this gallery, or refused before hnswlib sees it."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from engine.errors import GalleryReadOnlyError, SnapshotError
from engine.index import snapshot
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.snapshot import save_snapshot
from tests.saved_index import load_snapshot
from tests.unprivileged import call_unprivileged

D = 16


def load(folder, **other):
    return load_snapshot(folder, **{"dimension": D, "distance": "cosine", **other})


@pytest.fixture
def saved(tmp_path, make_faces):
    """A folder with a snapshot of 200 faces, 20 of them removed, at change 5."""
    ids, rows = make_faces(200)
    index = HnswIndex(D, "cosine")
    index.add(ids, rows)
    index.remove(ids[:20])
    save_snapshot(index, tmp_path / "index", change=5)
    return tmp_path / "index"


def graph_of(folder):
    (graph,) = folder.glob("faces-*.bin")
    return graph


def test_a_snapshot_comes_back_with_its_faces_and_its_change(saved, make_faces):
    ids, rows = make_faces(200)
    index, change = load(saved)
    assert change == 5
    assert np.array_equal(index.ids(), ids[20:])  # hnswlib's own list has the removed ones too
    assert np.array_equal(index.search(rows[20:], 1).ids[:, 0], ids[20:])
    assert not set(index.search(rows, 180).ids.ravel().tolist()) & set(range(1, 21))


def test_a_loaded_index_goes_on_growing(saved, make_faces):
    index, _ = load(saved)
    ids, rows = make_faces(3000)
    index.add(ids[200:], rows[200:])
    index.add(ids[:20], rows[:20])
    assert np.array_equal(index.ids(), ids)
    assert np.mean(index.search(rows, 1).ids[:, 0] == ids) > 0.99


def test_an_empty_index_can_be_saved_loaded_and_filled(tmp_path, make_faces):
    save_snapshot(HnswIndex(D, "euclidean"), tmp_path, change=0)
    index, _ = load(tmp_path, distance="euclidean")
    assert index.search(make_faces(1)[1], 5).ids.shape == (1, 0)
    ids, rows = make_faces(500)
    index.add(ids, rows)
    assert np.array_equal(index.search(rows, 1).ids[:, 0], ids)


def test_only_the_newest_snapshot_stays(saved, make_faces):
    (saved / ".faces-crashed.tmp").write_bytes(b"left by a crash")
    index, _ = load(saved)
    index.add(*make_faces(10, first=900))
    save_snapshot(index, saved, change=6)
    save_snapshot(index, saved, change=7)
    assert sorted(path.name for path in saved.iterdir()) == [graph_of(saved).name, "faces.json"]
    assert load(saved)[1] == 7


def test_a_folder_name_may_have_any_letters(tmp_path, make_faces):
    index = HnswIndex(D, "cosine")
    index.add(*make_faces(30))
    save_snapshot(index, tmp_path / "Gesichter – écran 顔" / "index", change=1)
    assert len(load(tmp_path / "Gesichter – écran 顔" / "index")[0]) == 30


@pytest.mark.parametrize("missing", ["faces.json", "faces-*.bin"])
def test_a_missing_file_is_refused_by_its_name(saved, missing):
    (path,) = saved.glob(missing)
    path.unlink()
    with pytest.raises(SnapshotError, match="missing") as caught:
        load(saved)
    assert caught.value.file == str(path)


def test_no_folder_at_all_is_refused(tmp_path):
    with pytest.raises(SnapshotError, match="missing"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"dimension": D + 1}, "dimension 16, not 17"),
        ({"dimension": D // 2}, "dimension 16, not 8"),
        ({"distance": "euclidean"}, "distance cosine, not euclidean"),
        ({"parameters": HnswParameters(M=8)}, "parameters"),
        ({"name": "other"}, "missing"),
    ],
)
def test_a_snapshot_of_something_else_is_refused(saved, asked, text):
    with pytest.raises(SnapshotError, match=text):
        load(saved, **asked)


@pytest.mark.parametrize("what", ["FORMAT", "_hnswlib_version"])
def test_a_snapshot_of_another_version_is_refused(saved, monkeypatch, what):
    monkeypatch.setattr(snapshot, what, 99 if what == "FORMAT" else lambda: "99.0")
    with pytest.raises(SnapshotError, match="not 99"):
        load(saved)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 500,
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"\xff\xfe\xfd",
        b'{"snapshot": "{}"}',
        b'{"seal": 1, "snapshot": 2}',
    ],
)
def test_a_sidecar_of_garbage_is_refused(saved, content):
    (saved / "faces.json").write_bytes(content)
    with pytest.raises(SnapshotError, match="damaged"):
        load(saved)


def test_a_sidecar_that_was_edited_is_refused(saved):
    path = saved / "faces.json"
    sealed = json.loads(path.read_text())
    sealed["snapshot"] = sealed["snapshot"].replace('"change": 5', '"change": 6')
    path.write_text(json.dumps(sealed))
    with pytest.raises(SnapshotError, match="damaged"):
        load(saved)


def test_a_graph_file_of_another_gallery_is_refused(saved, tmp_path, make_faces):
    other = HnswIndex(D, "cosine")
    other.add(*make_faces(200, first=5000))
    save_snapshot(other, tmp_path / "other", change=5)
    shutil.copy(graph_of(tmp_path / "other"), graph_of(saved))
    with pytest.raises(SnapshotError):
        load(saved)


def test_no_truncated_or_flipped_file_is_ever_handed_to_hnswlib(saved, run_apart):
    script = """
        import sys, random, pathlib
        import hnswlib
        from engine.errors import SnapshotError
        from tests.saved_index import load_snapshot
        folder = pathlib.Path(sys.argv[1])
        index, _ = load_snapshot(folder, dimension=16, distance="cosine")
        handed = []
        class Watched(hnswlib.Index):
            def load_index(self, *arguments, **named):
                handed.append(arguments)
        hnswlib.Index = Watched
        chance = random.Random(1)
        refused = 0
        files = [next(folder.glob("faces-*.bin")), folder / "faces.json"]
        for turn in range(120):
            path = files[turn % 2]
            whole = path.read_bytes()
            damaged = bytearray(whole)
            if turn % 4 < 2:
                del damaged[chance.randrange(len(damaged)):]
            else:
                for _ in range(chance.choice([1, 20])):
                    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            path.write_bytes(damaged)
            try:
                load_snapshot(folder, dimension=16, distance="cosine")
            except SnapshotError:
                refused += 1
            path.write_bytes(whole)
        rows = index.get(index.ids())
        assert (index.search(rows, 1).ids[:, 0] == index.ids()).all()
        print(refused, len(handed))
    """
    assert run_apart(script, saved) == "120 0"


@pytest.mark.slow
def test_a_disk_that_is_full_keeps_the_old_snapshot_and_says_so(saved, make_faces, run_apart):
    script = """
        import sys, resource, pathlib
        import numpy as np
        from engine.errors import SnapshotError
        from engine.index.snapshot import save_snapshot
        from tests.saved_index import load_snapshot
        folder = pathlib.Path(sys.argv[1])
        index, _ = load_snapshot(folder, dimension=16, distance="cosine")
        before = sorted(path.name for path in folder.iterdir())
        rows = np.random.default_rng(1).standard_normal((500, 16))
        index.add(np.arange(1000, 1500), rows)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
        try:
            save_snapshot(index, folder, change=6)
        except SnapshotError as error:
            print(error)
        assert sorted(path.name for path in folder.iterdir()) == before
    """
    pytest.importorskip("resource")
    for room in (0, 4096, 60_000, 130_000):
        told = run_apart(script, saved, room)
        assert "could not be saved" in told
        assert "space" in told
        assert load(saved)[1] == 5


def test_a_disk_that_is_full_at_the_sidecar_keeps_the_old_snapshot(saved, make_faces, monkeypatch):
    def no_space(path, data):
        raise OSError(28, "No space left on device")

    index, _ = load(saved)
    index.add(*make_faces(10, first=900))
    before = sorted(saved.iterdir())
    monkeypatch.setattr(snapshot, "write_atomically", no_space)
    with pytest.raises(SnapshotError, match="No space left"):
        save_snapshot(index, saved, change=6)
    assert sorted(saved.iterdir()) == before
    assert load(saved)[1] == 5


def test_a_file_in_place_of_the_folder_is_a_declared_error(tmp_path):
    (tmp_path / "index").write_text("not a folder")
    with pytest.raises(SnapshotError):
        save_snapshot(HnswIndex(D, "cosine"), tmp_path / "index", change=1)
    with pytest.raises(SnapshotError):
        load(tmp_path / "index")


def test_a_read_only_folder_can_be_loaded_from_but_not_saved_to(saved, read_only):
    folder = read_only(saved)

    def check():
        index, change = load(folder)
        assert change == 5
        with pytest.raises(GalleryReadOnlyError, match="writable"):
            save_snapshot(index, folder, change=6)
        assert load(folder)[1] == 5

    call_unprivileged(check)


def test_a_sidecar_that_may_not_be_read_is_refused(saved, read_only):
    folder = read_only(saved, hidden="faces.json")

    def check():
        with pytest.raises(SnapshotError, match="cannot be read"):
            load(folder)

    call_unprivileged(check)


SAVING = """
import sys, pathlib
import numpy as np
from engine.index.hnsw import HnswIndex
from engine.index.snapshot import save_snapshot
folder = pathlib.Path(sys.argv[1])
rows = np.random.default_rng(1).standard_normal((4000, 16))
index = HnswIndex(16, "cosine")
index.add(np.arange(3000), rows[:3000])
for change in range(1, 1000):
    index.add(np.array([3000 + change]), rows[3000 + change : 3001 + change])
    save_snapshot(index, folder, change=change)
    print(change, flush=True)
"""


@pytest.mark.parametrize("turn", range(5))
def test_killed_at_any_moment_of_saving_it_leaves_a_whole_snapshot(tmp_path, turn):
    chance = np.random.default_rng()
    child = subprocess.Popen(
        [sys.executable, "-c", SAVING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout.readline() == "1\n"
        time.sleep(chance.uniform(0, 0.3))
        child.kill()
        done = [1, *map(int, child.stdout.read().split())]
    index, change = load(tmp_path)
    assert change in (done[-1], done[-1] + 1)
    assert len(index) == 3000 + change


def test_a_snapshot_whose_folder_cannot_be_synced_is_there_or_not_as_a_whole(
    saved, make_faces, monkeypatch
):
    """The sidecar has its name already: its graph must not go."""

    def refuse(folder):
        raise OSError(errno.EIO, "Input/output error")

    ids, rows = make_faces(220)
    index, _ = load(saved)
    index.add(ids[200:], rows[200:])
    monkeypatch.setattr("engine.utils.files.sync_folder", refuse)
    with pytest.raises(SnapshotError, match="could not be saved"):
        save_snapshot(index, saved, change=6)
    found, change = load(saved)
    assert (len(found), change) == (200, 6)
