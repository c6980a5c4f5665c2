"""Whether what is saved is of this gallery, told without reading all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from engine.errors import SnapshotError
from engine.index.exact import Chunk, ExactIndex
from engine.index.hnsw import HnswParameters
from engine.index.snapshot import Snapshot, open_snapshot
from engine.records.types import Distance, Ids

Fetch = Callable[[Ids | None], Iterable[Chunk]]

_SAMPLE = 64


def opened(
    folder: Path,
    change: int,
    wanted: Ids,
    vectors: Fetch,
    *,
    dimension: int,
    distance: Distance,
    parameters: HnswParameters,
) -> Snapshot:
    """The snapshot of these faces; its graph is not read yet.

    Args:
        change: the store's change counter.
        wanted: ids of all faces in the store, ascending.
        vectors: reads faces of the store.

    Raises:
        SnapshotError: as :func:`open_snapshot`, or of another gallery or state of it.
    """
    saved = open_snapshot(folder, dimension=dimension, distance=distance, parameters=parameters)
    if saved.change > change or not _same_faces(saved, wanted, vectors, distance):
        raise SnapshotError("Belongs to another gallery or state", file=folder)
    return saved


def _same_faces(saved: Snapshot, wanted: Ids, vectors: Fetch, distance: Distance) -> bool:
    """Whether the snapshot holds the vectors of this store, by a sample.

    The newest are always in it: where a store was put back to an older state and went on from
    there, it is the newest that differ.
    """
    count = saved.file.count
    spread = np.arange(0, count, max(1, count // _SAMPLE))
    places = np.union1d(spread, np.arange(max(0, count - _SAMPLE), count))
    labels = saved.file.labels(places)
    counting = np.isin(labels, wanted) & ~np.isin(labels, saved.removed)
    if not counting.any():
        return True
    reference = ExactIndex(saved.dimension, distance)
    for ids, rows in vectors(np.sort(labels[counting])):
        reference.add(ids, rows)
    held = saved.file.vectors(places[counting])
    return np.allclose(reference.get(labels[counting]), held, rtol=1e-4, atol=1e-6)
