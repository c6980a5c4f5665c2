"""A gallery of some faces of the sample, two of them with pictures, plain and encrypted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.gallery import Gallery
from tests.sealed import PASSPHRASE, Secrets
from tests.trained import people_of


@pytest.fixture(scope="session")
def people(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = people_of(sample, tmp_path_factory.mktemp("people") / "tree", count=6)
    rng = np.random.default_rng(0)
    for face in sorted(tree.rglob("*.npy"))[:2]:
        noise = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(face.with_suffix(".jpg"))
    return tree


@pytest.fixture(scope="session")
def made_plain(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "some.gallery"
    with Gallery.create_from(folder, [people])[0] as gallery:
        gallery.prepare()
    return folder


@pytest.fixture(scope="session")
def secrets(made_plain: Path) -> Secrets:
    with Gallery.open(made_plain, write=False) as gallery:
        return Secrets(gallery)


@pytest.fixture(scope="session")
def made_encrypted(people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encrypted") / "some.gallery"
    Gallery.create_from(folder, [people], passphrase=PASSPHRASE)[0].close()
    return folder


@pytest.fixture
def plain(made_plain: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_plain, tmp_path / "plain.gallery")


@pytest.fixture
def encrypted(made_encrypted: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_encrypted, tmp_path / "encrypted.gallery")


@pytest.fixture
def gallery(encrypted: Path) -> Iterator[Gallery]:
    with Gallery.open(encrypted, passphrase=PASSPHRASE) as opened:
        yield opened
