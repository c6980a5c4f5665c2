"""The names and vectors of all operations, and files that hold them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

NAMES = ("Ada", "Bo", "Cy", "Di", "Ed", "Fay", "Gus")
DIMENSION = 8
EACH = 8
_random = np.random.default_rng(0)
_CENTRES = np.repeat(_random.standard_normal((len(NAMES), DIMENSION)), EACH, axis=0)
POOL = (_CENTRES + 0.3 * _random.standard_normal(_CENTRES.shape)).astype(np.float32)
POOL /= np.linalg.norm(POOL, axis=1, keepdims=True)
"""Vectors by number: eight of each name in turn."""


def table_of(rows: list[tuple[str, int]], work: Path) -> Path:
    """Faces as an ``.npz``."""
    path = work / "faces.npz"
    names = np.array([name for name, _ in rows])
    np.savez(path, embeddings=POOL[[number for _, number in rows]], names=names)
    return path


def tree_of(rows: list[tuple[str, int]], work: Path) -> Path:
    """Faces as a folder tree, each with a photograph."""
    root = work / "people"
    shutil.rmtree(root, ignore_errors=True)
    for name, number in rows:
        place = root / name
        place.mkdir(parents=True, exist_ok=True)
        np.save(place / f"{number:02}.npy", POOL[number])
        Image.new("RGB", (24, 24), "grey").save(place / f"{number:02}.jpg")
    return root
