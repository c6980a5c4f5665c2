"""Files to read: good ones, bad ones, and a user who may not read all of them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NOBODY = 65534


@pytest.fixture
def vector() -> Callable[..., np.ndarray]:
    """Makes a vector: of a number and a dimension always the same one."""

    def make(number: int = 0, dimension: int = 8) -> np.ndarray:
        return np.random.default_rng([number, dimension]).standard_normal(dimension, np.float32)

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Saves an array under a path inside the test's folder, and gives the whole path."""

    def save(name: str, array: object, **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as stream:
            np.save(stream, array, **options)
        return path

    return save


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    """Writes bytes or text to a path inside the test's folder."""

    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Saves a picture, red on its left half and blue on its right."""

    def picture(name: str, size: tuple[int, int] = (64, 48), **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", size, (200, 20, 20))
        image.paste((20, 20, 200), (size[0] // 2, 0, size[0], size[1]))
        image.save(path, **options)
        return path

    return picture


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that any user can enter; pytest's own is for its owner only."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_somebody_else() -> Callable[[], object]:
    """A context in which this process has no privileges, so that permissions count."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions work another way here")

    @contextmanager
    def drop() -> Iterator[None]:
        me = os.geteuid()
        if me == 0:
            os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(me)

    return drop
