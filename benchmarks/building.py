"""Importing, enrolling, removing, saving and opening, each beside the least that must be done for
it: bare hnswlib for the index, bare SQLite for the rows. Each function runs in a new process.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import grown, resident
from benchmarks.datasets import ASKED, ENROLLED, UNIT, K
from benchmarks.generator import Rows
from benchmarks.peers import PEERS, Hnswlib, Parameters
from benchmarks.subjects import parameters_of
from engine.gallery import Gallery
from engine.utils.distances import prepare

NEW = "Somebody new"
TIMES = 20
BUDGET = 60.0  # seconds, after which changes are not measured any further
FEWEST = 3


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that it took, and what it returned."""
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done


def import_faces(folder: Path, gallery: Path) -> dict[str, Any]:
    """The façade's import of an ``.npz`` into a new gallery, until it is searchable and saved."""
    shutil.rmtree(gallery, ignore_errors=True)
    before = resident()
    opened = Gallery.create(gallery)
    vectors = np.load(folder / UNIT, mmap_mode="r").nbytes
    seconds, report = timed(lambda: opened.import_([folder / ENROLLED]))
    highest = grown(before, vectors)
    calibration, _ = timed(opened.prepare)
    parameters = parameters_of(opened)
    saving, _ = timed(opened.close)
    return {
        "seconds": seconds,
        "faces": report.faces_added,
        "peak": highest,
        "peak, calibrated": grown(before, vectors),
        "calibration": calibration,
        "close": saving,
        "parameters": parameters,
    }


def build_peer(name: str, folder: Path, saved: Path, parameters: Parameters) -> dict[str, Any]:
    """The index of a library, on all cores, and its file."""
    peer = PEERS[name]()
    unit = np.load(folder / UNIT)
    before = resident()
    seconds, _ = timed(lambda: peer.build(unit, parameters))
    saving, _ = timed(lambda: peer.save(saved))
    written = saving if saved.exists() else None
    return {"seconds": seconds, "save": written, "peak": grown(before, unit.nbytes)}


def fill_database(folder: Path, database: Path) -> dict[str, float]:
    """Bare SQLite: all vectors as blobs in one transaction, synchronous FULL."""
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    unit = np.load(folder / UNIT)
    connection = connected(database)
    rows = ((row, one.tobytes()) for row, one in enumerate(unit, start=1))

    def fill() -> None:
        with connection:
            connection.executemany("INSERT INTO faces VALUES (?, ?)", rows)

    seconds, _ = timed(fill)
    connection.close()
    return {"seconds": seconds}


def connected(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS faces (id INTEGER PRIMARY KEY, vector BLOB)")
    return connection


def change(folder: Path, gallery: Path, saved: Path, database: Path, parameters: Parameters) -> Any:
    """Milliseconds of each of some changes of one face, the engine's and its peers' in turn, and
    seconds to close the gallery, or to write the graph, after them.
    """
    asked = np.load(folder / ASKED)
    opened = Gallery.open(gallery)
    opened.prepare()
    if opened.people.find(NEW) is not None:  # a run was ended here
        opened.corrections.remove([face.id for face in opened.faces.of(NEW)])
    bare = _Bare(folder, saved, database, parameters, 2 * TIMES)
    taken: dict[str, list[float]] = {}
    ending = time.perf_counter() + BUDGET
    for turn in range(TIMES):
        row = asked[turn % len(asked)]
        for what, milliseconds in (_change_once(opened, row) | bare.change(row)).items():
            taken.setdefault(what, []).append(milliseconds)
        if time.perf_counter() > ending and turn + 1 >= FEWEST:
            break
    closing, _ = timed(opened.close)
    writing, _ = timed(lambda: bare.write(saved.with_suffix(".changed")))
    return {"changes": taken, "close": closing, "close, bare": writing}


def _change_once(gallery: Gallery, row: Rows) -> dict[str, float]:
    enrolling, report = timed(lambda: gallery.enroll(NEW, row))
    asking, answers = timed(lambda: gallery.identify(row, k=K))
    found = answers[0].evidence[0].face
    if found not in report.face_ids:
        raise RuntimeError("A face that was enrolled is not found")
    removing, _ = timed(lambda: gallery.corrections.remove(report.face_ids))
    (again,) = gallery.identify(row, k=K)
    if again.evidence[0].face in report.face_ids:
        raise RuntimeError("A face that was removed is still found")
    return {"enrol": 1000 * enrolling, "ask": 1000 * asking, "remove": 1000 * removing}


class _Bare:
    """A graph in memory and a table on disk, changed one face at a time."""

    def __init__(
        self, folder: Path, saved: Path, database: Path, parameters: Parameters, room: int
    ) -> None:
        self._peer = Hnswlib()
        self._peer.load(saved, folder / UNIT, parameters)
        self._next = self._peer.graph.element_count
        self._peer.graph.resize_index(self._next + room)
        self._table = connected(database)

    def change(self, row: Rows) -> dict[str, float]:
        unit = prepare(row[None], "cosine")
        self._next += 1
        adding, _ = timed(lambda: self._add(unit))
        removing, _ = timed(self._remove)
        return {"enrol, bare": 1000 * adding, "remove, bare": 1000 * removing}

    def _add(self, unit: Rows) -> None:
        with self._table:
            self._table.execute("REPLACE INTO faces VALUES (?, ?)", (self._next, unit.tobytes()))
        self._peer.graph.add_items(unit, [self._next], num_threads=1)

    def _remove(self) -> None:
        with self._table:
            self._table.execute("DELETE FROM faces WHERE id = ?", (self._next,))
        self._peer.graph.mark_deleted(self._next)

    def write(self, path: Path) -> None:
        self._table.close()
        self._peer.save(path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.unlink()


def open_gallery(folder: Path, gallery: Path) -> dict[str, float]:
    """Seconds from a closed gallery to the first answer; the imports are done before."""
    row = np.load(folder / ASKED)[0]
    before = resident()
    opening, opened = timed(lambda: Gallery.open(gallery))
    asking, _ = timed(lambda: opened.identify(row, k=K))
    found = {"open": opening, "first answer": opening + asking, "memory": resident() - before}
    opened.close()
    return found


def open_bare(folder: Path, saved: Path, parameters: Parameters) -> dict[str, float]:
    """Seconds in which bare hnswlib reads its file and answers."""
    row = prepare(np.load(folder / ASKED)[:1], "cosine")
    peer = Hnswlib()
    peer.threads(1)

    def first() -> None:
        peer.load(saved, folder / UNIT, parameters)
        peer.search(row, K)

    return {"first answer": timed(first)[0]}
