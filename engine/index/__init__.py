"""Nearest faces: hnswlib behind a guard, exact search behind the same interface, snapshots."""

from engine.index.base import VectorIndex
from engine.index.exact import ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.keeper import IndexKeeper
from engine.index.snapshot import has_snapshot, load_snapshot, open_snapshot, save_snapshot

__all__ = [
    "ExactIndex",
    "HnswIndex",
    "HnswParameters",
    "IndexKeeper",
    "VectorIndex",
    "has_snapshot",
    "load_snapshot",
    "open_snapshot",
    "save_snapshot",
]
