"""The saved index of a gallery, opened and loaded in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.index.hnsw import HnswIndex
from engine.index.snapshot import open_snapshot


def load_snapshot(folder: Path, **conditions: Any) -> tuple[HnswIndex, int]:
    """Return the index and the change counter that it stands for; conditions and errors are those
    of :func:`engine.index.snapshot.open_snapshot`.
    """
    saved = open_snapshot(folder, **conditions)
    return saved.load(), saved.change
