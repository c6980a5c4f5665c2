"""Files to read: good ones and bad ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


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
