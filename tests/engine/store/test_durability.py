"""Changes that fail in the middle, processes that are killed, disks that are full."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import GalleryDamagedError, GalleryError, GalleryWriteError
from engine.progress import Reporter
from engine.records.types import FaceBatch
from engine.store import Store, database

ADD_FOREVER = """
    import sys
    import numpy as np
    from engine.store import Store
    from engine.records.types import FaceBatch
    store = Store.open(sys.argv[1])
    for change in range(store.history.last_change(), 100_000):
        vectors = np.random.default_rng(change).standard_normal((20, 8)).astype(np.float32)
        names = [str(row % 3) for row in range(20)]
        store.faces.add(FaceBatch(vectors, names, names, [0] * 20, [None] * 20))
        print(change + 1, flush=True)
"""


class Stop(Exception):
    """Not one of the engine's errors."""


def made_up(count: int, name: str = "A") -> FaceBatch:
    vectors = np.random.default_rng(count).standard_normal((count, 8)).astype(np.float32)
    return FaceBatch(vectors, [name] * count, [name] * count, [0] * count, [None] * count)


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, MemoryError])
def test_whatever_is_raised_in_the_middle_of_a_change_undoes_it(store, batch_of, contents, error):
    def listen(event):
        if event.done:
            raise error

    store.faces.add(batch_of(("A", 1)))
    before = (
        contents(store),
        store.people.all(),
        store.history.entries(),
        store.history.last_change(),
    )
    with pytest.raises(error):
        store.faces.add(made_up(5_000), reporter=Reporter(listen))
    assert (
        contents(store),
        store.people.all(),
        store.history.entries(),
        store.history.last_change(),
    ) == before
    store.faces.add(batch_of(("A", 2)))
    assert store.checks.problems() == []


def test_a_batch_that_breaks_off_undoes_the_change(store, batch_of):
    class Broken(list):
        def __getitem__(self, place):
            if place == 1:
                raise Stop
            return super().__getitem__(place)

    with pytest.raises(Stop):
        store.faces.add(replace(batch_of(("A", 1), ("B", 2)), rows=Broken([0, 0])))
    assert store.people.counts() == (0, 0)
    assert store.people.all() == []
    assert store.history.last_change() == 0


def test_a_change_that_sqlite_refuses_halfway_is_undone(store, batch_of, folder):
    connection = sqlite3.connect(folder / "gallery.db")
    connection.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    connection.close()
    with pytest.raises(GalleryDamagedError, match="no"):
        store.faces.add(batch_of(("A", 1)))
    assert store.people.counts() == (0, 0)
    assert store.history.last_change() == 0


def test_a_full_database_is_said_and_nothing_is_lost(folder, batch_of, contents, monkeypatch):
    pragmas = (*database.WRITER_PRAGMAS, "max_page_count = 60")
    monkeypatch.setattr(database, "WRITER_PRAGMAS", pragmas)
    with Store.create(folder, dimension=8) as store:
        store.faces.add(batch_of(("A", 1)))
        before = contents(store)
        with pytest.raises(GalleryWriteError, match="full") as caught:
            store.faces.add(made_up(20_000))
        assert caught.value.file == str(folder / "gallery.db")
        assert caught.value.remedy
        assert contents(store) == before
        store.faces.add(batch_of(("A", 2)))
        assert store.checks.problems() == []


def test_a_disk_that_refuses_to_write_is_said_and_nothing_is_lost(store, batch_of, contents):
    resource = pytest.importorskip("resource")
    store.faces.add(batch_of(("A", 1)))
    before = contents(store)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(GalleryWriteError) as caught:
            store.faces.add(made_up(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.file.endswith("gallery.db")
    assert contents(store) == before
    store.faces.add(batch_of(("A", 2)))
    assert store.checks.problems() == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_every_change_reported_done_survives_kill_9(folder, start):
    Store.create(folder, dimension=8).close()
    reported = 0
    for enough in (1, 3, 7, 12):
        writer = start(ADD_FOREVER, folder)
        for _ in range(enough):
            reported = int(writer.stdout.readline())
        writer.kill()
        rest = writer.stdout.read().split()  # with what was buffered: communicate leaves it out
        writer.wait()
        reported = int(rest[-1]) if rest else reported
        with Store.open(folder) as store:
            change = store.history.last_change()
            assert change in (reported, reported + 1)  # the last may be done and not yet said
            assert store.people.counts() == (3, 20 * change)
            for past in range(change):
                rows = np.random.default_rng(past).standard_normal((20, 8)).astype(np.float32)
                assert all(store.faces.find_exact(rows))
            assert store.checks.problems() == []


def test_threads_read_whole_changes_while_one_writes(store, folder):
    """Each change adds ten faces, so that any other number would be half a change."""
    stop = threading.Event()
    wrong: list[object] = []
    readings = []

    def read():
        while not stop.is_set():
            count = store.people.counts()[1]
            ids, _, vectors = store.faces.vectors()
            if count % 10 or len(ids) % 10 or len(vectors) != len(ids):
                wrong.append((count, len(ids)))
            readings.append(count)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        store.faces.add(made_up(10, f"{number}"))
        if number % 3 == 2:
            store.faces.remove(store.faces.membership()[0][:10].tolist())
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert readings
    assert store.people.counts()[1] == 200


def test_reading_does_not_wait_for_a_running_change(store, batch_of):
    """In the middle of a change, this very thread reads, which would never end if it waited."""
    store.faces.add(batch_of(("A", 1)))
    seen = []
    listen = Reporter(lambda _: seen.append((store.people.counts(), len(store.faces.vectors()[0]))))
    store.faces.add(made_up(5_000), reporter=listen)
    assert set(seen) == {((1, 1), 1)}
    assert store.people.counts() == (1, 5_001)


def test_changes_of_several_threads_wait_for_one_another(store):
    def write(name):
        for number in range(1, 6):
            store.faces.add(made_up(number, name))

    threads = [threading.Thread(target=write, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.history.last_change() == 20
    assert store.people.counts() == (4, 4 * (1 + 2 + 3 + 4 + 5))
    assert store.checks.problems() == []


def test_closing_while_threads_read_harms_nothing(folder):
    with Store.create(folder, dimension=8) as store:
        store.faces.add(made_up(2_000))
        surprises = []

        def read():
            while True:
                try:
                    store.faces.vectors()
                except GalleryError as error:
                    if "closed" not in str(error):
                        surprises.append(error)
                    return
                except BaseException as error:
                    surprises.append(error)
                    raise

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        store.close()
        for thread in threads:
            thread.join()
    assert surprises == []
    Store.open(folder).close()
