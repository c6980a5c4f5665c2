"""A gallery of made-up faces with a model in use, and a backup of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.gallery import Gallery
from engine.records.types import FaceBatch
from tests.handmade import put_to_use

Snapshot = Callable[[Path], list[tuple[str, bytes]]]


def batch(people: range, faces: int = 6, *, seed: int = 0) -> FaceBatch:
    """So many faces of each of these people, of 16 numbers each."""
    rng = np.random.default_rng((seed, people.start))
    rows = np.repeat([np.random.default_rng(one).normal(size=16) for one in people], faces, axis=0)
    rows = (rows + 0.1 * rng.normal(size=rows.shape)).astype(np.float32)
    names = [f"Person {one:03}" for one in people for _ in range(faces)]
    count = len(rows)
    return FaceBatch(rows, names, ["made up"] * count, range(count), [None] * count)


def add(gallery: Gallery, people: range, faces: int = 6, *, seed: int = 0) -> None:
    """Enrols them as an import of a table would."""
    table = gallery.folder.parent / f"faces-{people.start}-{seed}.npz"
    made = batch(people, faces, seed=seed)
    np.savez(table, embeddings=made.vectors, names=np.array(made.names))
    gallery.import_([table])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "some.gallery"
    with Gallery.create(folder, dimension=16) as gallery:
        add(gallery, range(20))
        gallery.prepare()
    put_to_use(folder, "triplet")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Twenty people with six faces each, closed."""
    return shutil.copytree(made, tmp_path / "some.gallery")


@pytest.fixture
def backup(folder: Path, tmp_path: Path) -> Path:
    """A backup of the gallery as it is at first."""
    with Gallery.open(folder, write=False) as gallery:
        return gallery.backups.write(tmp_path / "backup.zip").path


@pytest.fixture(scope="session")
def contents() -> Snapshot:
    """Name and vector of every face of a gallery that is sound and answers."""

    def read(folder: Path) -> list[tuple[str, bytes]]:
        with Gallery.open(folder, write=False) as gallery:
            assert gallery.check().ok, gallery.check()
            faces = [face for one in gallery.people.all() for face in gallery.faces.of(one.id)]
            return sorted((face.name, gallery.faces.vector(face.id).tobytes()) for face in faces)

    return read
