"""Made-up people, and a split of the real faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.records.types import Ids, Vectors
from tests.engine.recognition.galleries import Crowd, InMemory, crowd_of, held_in


@pytest.fixture
def crowd() -> Crowd:
    return crowd_of(seed=0)


@dataclass(frozen=True)
class Split:
    """A gallery of real faces, faces of the same people, and faces of strangers."""

    gallery: InMemory
    queries: Vectors
    truth: Ids
    strangers: Vectors


@pytest.fixture(scope="session")
def faces(shared_data: Path) -> Callable[[str], tuple[Vectors, Ids]]:
    def read(name: str) -> tuple[Vectors, Ids]:
        with np.load(shared_data / f"{name}.npz", allow_pickle=False) as file:
            _, owners = np.unique(file["names"], return_inverse=True)
            return file["embeddings"].astype(np.float32), owners.astype(np.int64)

    return read


@pytest.fixture(scope="session")
def real(faces: Callable[[str], tuple[Vectors, Ids]]) -> Split:
    """80 of 100 faces of the 158 people, the other 20, and people who are not among them."""
    vectors, owners = faces("lfw-158-dlib")
    strangers, _ = faces("lfw-others-dlib")
    kept = held_in(owners)
    gallery = InMemory.of(owners[kept], vectors[kept])
    return Split(gallery, vectors[~kept], owners[~kept], strangers)
