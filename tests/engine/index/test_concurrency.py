"""Searches, changes and saves at the same time; in processes of their own, for they could crash."""

from __future__ import annotations

import threading
import time

import pytest

from engine.index.shared_lock import SharedLock

PREPARE = """
import sys, pathlib, threading
import numpy as np
from engine.index.hnsw import HnswIndex
from engine.index.snapshot import save_snapshot
from tests.saved_index import load_snapshot
rows = np.random.default_rng(1).standard_normal((6000, 16)).astype(np.float32)
ids = np.arange(6000)
index = HnswIndex(16, "cosine")
index.add(ids[:500], rows[:500])
stop = threading.Event()
failures, searches = [], [0]
def guarded(work):
    def run():
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            failures.append(repr(error))
            stop.set()
    return threading.Thread(target=run)
def search_one():
    found = index.search(rows[:1], 5)
    assert found.ids[0, 0] == 0 and found.distances[0, 0] < 1e-5
    searches[0] += 1
def search_many():
    found = index.search(rows[:200], 40)
    assert np.mean(found.ids[:, 0] == ids[:200]) > 0.98
"""


@pytest.mark.slow
def test_searches_go_on_unharmed_while_it_grows_and_shrinks(run_apart):
    script = (
        PREPARE
        + """
threads = [guarded(search_one), guarded(search_one), guarded(search_many)]
for thread in threads: thread.start()
for at in range(500, 6000, 100):
    index.add(ids[at:at + 100], rows[at:at + 100])
    index.remove(ids[at:at + 30])
stop.set()
for thread in threads: thread.join()
assert not failures, failures
assert len(index) == 500 + 55 * 70
print("fine" if searches[0] > 20 else f"starved: {searches[0]}")
"""
    )
    assert run_apart(script) == "fine"


@pytest.mark.slow
def test_every_snapshot_saved_while_faces_come_and_go_is_whole(run_apart, tmp_path):
    script = (
        PREPARE
        + """
folder = pathlib.Path(sys.argv[1])
saved = [0]
def save():
    save_snapshot(index, folder, change=saved[0])
    loaded, change = load_snapshot(folder, dimension=16, distance="cosine")
    held = loaded.ids()
    assert len(held) >= 500 and (loaded.search(rows[:500], 1).ids[:, 0] == ids[:500]).mean() > 0.98
    saved[0] += 1
threads = [guarded(save), guarded(search_one)]
for thread in threads: thread.start()
for at in range(500, 6000, 50):
    index.add(ids[at:at + 50], rows[at:at + 50])
    index.remove(ids[at:at + 10])
while saved[0] < 3 and not stop.is_set(): stop.wait(0.01)
stop.set()
for thread in threads: thread.join()
assert not failures, failures
print("fine")
"""
    )
    assert run_apart(script, tmp_path) == "fine"


@pytest.mark.slow
def test_two_threads_that_add_lose_nothing(run_apart):
    script = (
        PREPARE
        + """
def add(start):
    for at in range(start, 6000, 200):
        index.add(ids[at:at + 100], rows[at:at + 100])
threads = [threading.Thread(target=add, args=(start,)) for start in (500, 600)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert index.ids().tolist() == ids.tolist()
assert (index.search(rows, 1).ids[:, 0] == ids).mean() > 0.99
print("fine")
"""
    )
    assert run_apart(script) == "fine"


def test_readers_share_the_lock_and_a_writer_has_it_alone():
    lock, inside, seen = SharedLock(), [], []
    both = threading.Barrier(2)

    def read():
        with lock.read:
            both.wait()
            inside.append(1)
            both.wait()
            inside.pop()

    def write():
        with lock.write:
            seen.append(len(inside))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    writer = threading.Thread(target=write)
    writer.start()
    for thread in (*readers, writer):
        thread.join()
    assert seen == [0]


def test_a_reader_gets_in_between_two_writers():
    lock, order = SharedLock(), []

    def read():
        with lock.read:
            order.append("read")

    def write_again():
        with lock.write:
            order.append("second write")

    lock.write.__enter__()
    threads = [threading.Thread(target=write_again), threading.Thread(target=read)]
    for thread, queued in zip(threads, ("_writers_waiting", "_readers_waiting"), strict=True):
        thread.start()
        while not getattr(lock, queued):
            time.sleep(0.001)
    order.append("first write")
    lock.write.__exit__()
    for thread in threads:
        thread.join()
    assert order == ["first write", "read", "second write"]
