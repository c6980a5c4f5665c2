"""Making, opening and closing a gallery, and who may."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryExistsError,
    GalleryNotFoundError,
    GalleryReadOnlyError,
    GalleryWriteError,
)
from engine.store import Store
from engine.store.encryption import model_files
from tests.unprivileged import call_unprivileged

HOLD_OPEN = """
    import sys
    from engine.store import Store
    store = Store.open(sys.argv[1])
    print("open", flush=True)
    sys.stdin.readline()
    store.close()
"""


@pytest.mark.skipif(bool(model_files.missing_memory()), reason="no folder in memory")
@pytest.mark.parametrize("write", [True, False])
def test_what_a_killed_program_left_in_memory_goes_when_any_gallery_is_opened(
    folder, write, monkeypatch
):
    Store.create(folder).close()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with TemporaryDirectory(dir="/dev/shm") as name:
        place = Path(name)
        monkeypatch.setattr(model_files, "_place", lambda: place)
        left, used = (place / f".unfinished-{one}-x" for one in (ended.pid, os.getpid()))
        for one in (left, used):
            (one / "models").mkdir(parents=True)
            (one / "models" / "network.npz").write_bytes(b"a model")
        Store.open(folder, write=write).close()
        assert list(place.iterdir()) == [used]


def test_a_new_gallery_is_empty_and_says_what_it_holds(folder):
    with Store.create(folder, dimension=5, distance="euclidean") as store:
        assert (store.folder, store.dimension, store.distance) == (folder, 5, "euclidean")
        assert store.writable
        assert store.people.counts() == (0, 0)
        assert store.history.last_change() == 0
        assert store.faces.vectors()[2].shape == (0, 5)
        assert store.checks.problems() == []


def test_parents_of_a_new_gallery_are_made(tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    Store.create(folder).close()
    with Store.open(folder) as store:
        assert store.dimension == 128
        assert store.distance == "cosine"


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_only_the_owner_may_read_the_files(store, batch_of, folder):
    store.faces.add(batch_of(("A", 1)))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert "gallery.db-wal" in modes
    assert set(modes.values()) == {0o600}, modes


def test_a_gallery_is_not_made_over_another(store, folder):
    with pytest.raises(GalleryExistsError, match="already a gallery"):
        Store.create(folder)


def test_a_gallery_is_not_made_in_a_folder_with_something_in_it(folder):
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(GalleryExistsError, match="not empty"):
        Store.create(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("below", ["", "gallery"])
def test_a_gallery_is_not_made_where_a_file_is(tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(GalleryExistsError, match="file"):
        Store.create(tmp_path / "file" / below)
    assert (tmp_path / "file").read_text() == "mine"


def test_an_empty_folder_or_one_where_making_was_interrupted_will_do(folder):
    folder.mkdir()
    (folder / "gallery.lock").touch()
    (folder / "gallery.db.new").write_bytes(b"half of something")
    with Store.create(folder) as store:
        assert store.people.counts() == (0, 0)
    assert {path.name for path in folder.iterdir()} == {"gallery.db", "gallery.lock"}


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_nothing_is_left_of_a_gallery_that_could_not_be_made(tmp_path, monkeypatch, step):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(GalleryError, match="No space left"):
        Store.create(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_gallery_cannot_be_made_in_a_read_only_folder(tmp_path, with_modes):
    (tmp_path / "empty").mkdir()
    place = with_modes(tmp_path / "empty")

    def check():
        with pytest.raises(GalleryReadOnlyError):
            Store.create(place / "new.gallery")
        with pytest.raises(GalleryReadOnlyError):
            Store.create(place)

    call_unprivileged(check, owned=place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("write", [True, False])
def test_no_gallery_there_is_said_with_the_folder(folder, write):
    with pytest.raises(GalleryNotFoundError) as caught:
        Store.open(folder, write=write)
    assert caught.value.file == str(folder)
    assert caught.value.remedy
    assert not folder.exists()


def test_what_was_enrolled_is_there_after_reopening(folder, batch_of, contents):
    with Store.create(folder, dimension=8) as store:
        store.faces.add(batch_of(("A", 1), ("B", 2)))
        before = contents(store)
        identities = store.people.all()
    with Store.open(folder) as store:
        assert contents(store) == before
        assert store.people.all() == identities
        assert store.history.last_change() == 1


def test_closing_twice_is_fine_and_a_closed_gallery_says_so(store, batch_of):
    store.close()
    store.close()
    with pytest.raises(GalleryError, match="closed"):
        store.people.counts()
    with pytest.raises(GalleryError, match="closed"):
        store.faces.add(batch_of(("A", 1)))


def test_closing_folds_the_log_into_the_database(store, batch_of, folder):
    store.faces.add(batch_of(("A", 1)))
    store.close()
    assert {path.name for path in folder.iterdir()} == {"gallery.db", "gallery.lock"}


def test_it_may_be_closed_by_another_thread(store, folder):
    store.people.counts()
    thread = threading.Thread(target=store.close)
    thread.start()
    thread.join()
    Store.open(folder).close()


def test_a_second_writer_is_refused_in_the_same_process(store, folder):
    with pytest.raises(GalleryBusyError, match=f"Process {os.getpid()} is writing"):
        Store.open(folder)


def test_a_second_writer_is_told_which_process_writes(folder, start):
    Store.create(folder).close()
    other = start(HOLD_OPEN, folder)
    assert other.stdout.readline() == "open\n"
    with pytest.raises(GalleryBusyError, match=f"Process {other.pid} is writing") as caught:
        Store.open(folder)
    assert caught.value.file == str(folder)
    other.communicate("close\n")
    Store.open(folder).close()


def test_a_killed_writer_leaves_no_lock(folder, start):
    Store.create(folder).close()
    other = start(HOLD_OPEN, folder)
    assert other.stdout.readline() == "open\n"
    other.kill()
    other.wait()
    with Store.open(folder) as store:
        assert store.writable


def test_a_refused_writer_leaves_the_holders_name_in_place(store, folder):
    for _ in range(2):
        with pytest.raises(GalleryBusyError, match=f"Process {os.getpid()}"):
            Store.open(folder)


def test_beside_a_writer_it_can_be_read_and_shows_what_the_writer_commits(
    store, folder, batch_of, contents
):
    with Store.open(folder, write=False) as reader:
        assert not reader.writable
        assert reader.history.last_change() == 0
        store.faces.add(batch_of(("A", 1), ("B", 2)))
        assert reader.history.last_change() == 1
        assert contents(reader) == contents(store)
        store.close()
        assert reader.people.counts() == (2, 2)


def test_a_reader_refuses_every_change(store, folder, batch_of):
    store.faces.add(batch_of(("A", 1)))
    with Store.open(folder, write=False) as reader:
        for change in (
            lambda: reader.faces.add(batch_of(("A", 2))),
            lambda: reader.faces.remove([1]),
            lambda: reader.settings.set("a", "b"),
        ):
            with pytest.raises(GalleryReadOnlyError, match="read-only"):
                change()
        assert reader.people.counts() == (1, 1)


def test_a_read_only_folder_can_be_read_and_not_written(store, folder, batch_of, with_modes):
    store.faces.add(batch_of(("A", 1)))
    store.close()
    place = with_modes(folder)

    def check():
        with pytest.raises(GalleryReadOnlyError) as caught:
            Store.open(place)
        assert caught.value.remedy
        with Store.open(place, write=False) as reader:
            assert reader.people.counts() == (1, 1)
            assert reader.checks.problems() == []

    call_unprivileged(check, owned=place)
    assert {path.name for path in place.iterdir()} == {"gallery.db", "gallery.lock"}


def test_a_read_only_database_in_a_writable_folder_is_not_opened_for_writing(
    store, folder, batch_of, with_modes
):
    store.faces.add(batch_of(("A", 1)))
    store.close()
    (folder / "gallery.lock").unlink()
    place = with_modes(folder, folder_mode=0o755)

    def check():
        with pytest.raises(GalleryReadOnlyError):
            Store.open(place)
        with Store.open(place, write=False) as reader:
            assert reader.people.counts() == (1, 1)

    call_unprivileged(check, owned=place)


def test_a_gallery_that_may_not_be_read_is_said_to_be_so(store, folder, with_modes):
    store.close()
    place = with_modes(folder, file_mode=0o000)

    def check():
        with pytest.raises(GalleryError, match="permission") as refused:
            Store.open(place, write=False)
        assert not isinstance(refused.value, GalleryDamagedError)  # nobody knows what is in it

    call_unprivileged(check, owned=place)


def test_a_read_only_copy_with_an_unmerged_log_is_refused_rather_than_shown_without_it(
    store, folder, batch_of, with_modes
):
    store.faces.add(batch_of(("A", 1)))
    place = with_modes(folder, folder_mode=0o755)
    (place / "gallery.db-shm").unlink()
    place.chmod(0o555)

    def check():
        with pytest.raises(GalleryReadOnlyError, match="not closed properly"):
            Store.open(place, write=False)

    call_unprivileged(check, owned=place)


@pytest.mark.parametrize("there", [True, False])
def test_a_gallery_that_is_made_and_cannot_be_opened_is_not_left_behind(folder, there, monkeypatch):
    def refuse(*_: object) -> None:
        raise GalleryWriteError("The disk is full")

    if there:
        folder.mkdir()
    monkeypatch.setattr("engine.store.gallery_store.open_database", refuse)
    with pytest.raises(GalleryWriteError):
        Store.create(folder, dimension=8)
    assert folder.exists() == there
    assert not there or list(folder.iterdir()) == []
