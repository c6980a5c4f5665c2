"""Made-up faces to enrol, an empty gallery, a process of its own, a folder that is read-only."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.records.types import FaceBatch, Vectors
from engine.store import Store

ROOT = Path(__file__).resolve().parents[3]
DIMENSION = 8


@pytest.fixture(scope="session")
def vectors_of() -> Callable[..., Vectors]:
    """Numbers to vectors; a number has one vector always."""

    def make(*numbers: int, dimension: int = DIMENSION) -> Vectors:
        rows = [np.random.default_rng(number).standard_normal(dimension) for number in numbers]
        return np.array(rows, dtype=np.float32).reshape(len(numbers), dimension)

    return make


@pytest.fixture(scope="session")
def batch_of(vectors_of) -> Callable[..., FaceBatch]:
    """Pairs of a name and the number of a vector to a batch."""

    def make(*faces: tuple[str | None, int], dimension: int = DIMENSION) -> FaceBatch:
        numbers = [number for _, number in faces]
        return FaceBatch(
            vectors=vectors_of(*numbers, dimension=dimension),
            names=[name for name, _ in faces],
            files=[f"{name}/{number}.npy" for name, number in faces],
            rows=[0] * len(faces),
            photos=[None] * len(faces),
        )

    return make


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "people.gallery"


@pytest.fixture
def store(folder) -> Iterator[Store]:
    """An empty gallery, open for writing."""
    with Store.create(folder, dimension=DIMENSION) as opened:
        yield opened


@pytest.fixture
def contents() -> Callable[[Store], set[tuple[str, bytes]]]:
    """Name and vector of every face, as far as the store tells."""

    def read(opened: Store) -> set[tuple[str, bytes]]:
        ids, _, vectors = opened.faces.vectors()
        faces = opened.faces.by_ids(ids.tolist())
        return {(face.name, row.tobytes()) for face, row in zip(faces, vectors, strict=True)}

    return read


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a script in a process of its own, with pipes to talk to it."""
    started: list[subprocess.Popen[str]] = []

    def run(script: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def with_modes(reachable: Path) -> Callable[..., Path]:
    """Copies a gallery to where any user gets, with other modes."""

    def copy(folder: Path, *, folder_mode: int = 0o555, file_mode: int = 0o444) -> Path:
        target = reachable / folder.name
        shutil.copytree(folder, target)
        for path in target.iterdir():
            path.chmod(file_mode)
        target.chmod(folder_mode)
        return target

    return copy
