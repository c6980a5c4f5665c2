"""Faces to index, a process apart for what could crash, and a folder that cannot be written."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex
from engine.index.manager import IndexManager
from engine.records.types import Ids, Vectors
from tests.engine.index.stores import Ear, Faces

ROOT = Path(__file__).resolve().parents[3]
DIMENSION = 16


@pytest.fixture(params=["hnsw", "exact"])
def make_index(request):
    """Makes an empty index of either kind."""
    return HnswIndex if request.param == "hnsw" else ExactIndex


@pytest.fixture(scope="session")
def make_faces() -> Callable[..., tuple[Ids, Vectors]]:
    """Ids from ``first`` on and made-up vectors of as many faces; each id has one vector always."""

    def make(count: int, *, first: int = 1, dimension: int = DIMENSION) -> tuple[Ids, Vectors]:
        ids = np.arange(first, first + count)
        rows = [np.random.default_rng([dimension, int(i)]).standard_normal(dimension) for i in ids]
        return ids, np.array(rows, dtype=np.float32).reshape(count, dimension)

    return make


@pytest.fixture(scope="session")
def real_faces(shared_data: Path) -> Vectors:
    """The sample's 4,324 embeddings."""
    with np.load(shared_data / "lfw-158-dlib.npz") as data:
        return data["embeddings"]


@pytest.fixture
def run_apart() -> Callable[..., str]:
    """Runs a script in a process of its own and returns what it printed; a crash is a failure."""

    def run(script: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr}"
        return done.stdout.strip()

    return run


@pytest.fixture
def read_only(reachable: Path) -> Callable[..., Path]:
    """Copies a folder to where any user may read it, but for a file called ``hidden``."""

    def copy(folder: Path, hidden: str = "") -> Path:
        target = reachable / "gallery" / folder.name
        shutil.copytree(folder, target)
        for path in (*target.rglob("*"), target, target.parent):
            path.chmod(0o000 if path.name == hidden else 0o555 if path.is_dir() else 0o444)
        return target

    return copy


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def faces(make_faces):
    store = Faces(make_faces)
    store.add(1500, first=1)
    return store


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def open_keeper(tmp_path, faces, ear):
    """Opens a keeper on the same folder and faces; closes it in the end."""
    opened = []

    def open_(*, background=False, writable=True, **other):
        keeper = IndexManager(
            tmp_path / "index", dimension=DIMENSION, distance="cosine", writable=writable, **other
        )
        opened.append(keeper)
        keeper.start(faces.change, faces.ids, faces.vectors, background=background, listener=ear)
        return keeper

    yield open_
    ear.go.set()
    for keeper in opened:
        keeper.close()


@pytest.fixture
def saved(open_keeper, ear, faces):
    """The folder has a snapshot of all faces; nothing said so far."""
    open_keeper().close()
    ear.events.clear()
    faces.asked.clear()
