"""What makes a built graph good: every face in reach, and a breadth of search that finds them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.errors import UnknownIdentityError
from engine.index.base import VectorIndex
from engine.index.exact import Chunk, nearest_of
from engine.index.hnsw import HnswIndex
from engine.index.hnsw_file import HnswFile
from engine.progress import SILENT, Reporter
from engine.records.types import Ids, Neighbours, Vectors
from engine.utils.distances import prepare

ENOUGH = 0.99
"""Recall@5 that is aimed at."""
K = 5
_LADDER = (40, 50, 60, 80, 100, 130, 160, 200, 250, 320, 400, 500, 640, 800, 1000)
_QUERIES = 1_000
"""Of each half. The fewer, the broader is searched to be sure: eight graphs of 4,000 real faces got
breadths from 100 to 200 by 300 queries, 100 or 130 by 1,000."""
_FEWER = 300
_LARGE = 200_000
"""Faces beyond which fewer queries must do: each is compared with every face."""
_MIX = np.float32(np.radians(35))
_LEAST_FACES = 1000
"""Faces below which the breadth stays at what the parameters say: it reaches most of them."""
_DRIFT = 0.25
_ROWS = 512


def needs_measuring(index: HnswIndex) -> bool:
    """Whether so many faces came or went that another breadth may be right."""
    changed = abs(len(index) - index.measured)
    return len(index) >= _LEAST_FACES and changed > _DRIFT * index.measured


def tune_ef(index: HnswIndex, reporter: Reporter = SILENT) -> None:
    """Set the least breadth whose recall@5 is 0.99 by more than the sampling error.

    The queries are made of the gallery's own faces. One half are what another photograph of an
    enrolled person gives: a face and the difference of two near ones, which in a gallery with
    several faces a person has the covariance of two photographs. The other half are strangers:
    two faces about their mean, weighted by the cosine and sine of an angle, have the mean and
    covariance of the faces and are nobody's; the angle is the one at which recall by breadth is
    that of people who are in truth not enrolled (4,324 real faces; at 100,000 it is the more
    cautious above 0.98). Strangers are the harder ones, and each half has to be good enough.

    Raises:
        CancelledError.
    """
    near, strangers = _queries(index)
    queries = prepare(np.concatenate([near, strangers]), index.distance)
    truth = nearest_of(queries, each_vectors(index, reporter), K, index.distance)
    for breadth in _LADDER:
        reporter.check()
        index.ef = breadth
        found = index.search(queries, K)
        shares = _shares(found, truth)
        halves = shares[: len(near)], shares[len(near) :]
        index.recall = min(float(half.mean()) for half in halves)
        if all(half.mean() - half.std() / len(half) ** 0.5 >= ENOUGH for half in halves):
            break
    index.measured = len(index)


def make_reachable(index: HnswIndex, folder: Path) -> None:
    """Make every face findable: by links to it, or one by one where there are none.

    hnswlib prunes links to a face that lies off, and two threads that add may lose one.

    Args:
        folder: where the graph may be written for a moment.

    Raises:
        SnapshotError, OSError: it could not be written there.
    """
    lost = _unreachable(index, folder)
    if len(lost):
        index.relink(lost)
        lost = _unreachable(index, folder)
    index.set_aside(lost)


def each_vectors(index: VectorIndex, reporter: Reporter = SILENT) -> Iterator[Chunk]:
    """Ids and vectors of an index, some thousand at a time, whatever is removed meanwhile."""
    ids = index.ids()
    for at in range(0, len(ids), _ROWS):
        reporter.check()
        chunk = ids[at : at + _ROWS]
        while True:
            chunk = chunk[index.holds(chunk)]
            try:
                rows = index.get(chunk)
                break
            except UnknownIdentityError:  # removed between the two lines
                continue
        yield chunk, rows


def _queries(index: HnswIndex) -> tuple[Vectors, Vectors]:
    rng = np.random.default_rng(index.parameters.seed)
    ids = index.ids()
    wanted = _QUERIES if len(ids) <= _LARGE else _FEWER
    faces = index.get(rng.choice(ids, min(wanted, len(ids)), replace=False))
    neighbours = index.search(faces, 2).ids[:, 1]
    differences = faces - index.get(neighbours)
    mean = faces.mean(axis=0)
    others = np.roll(faces, 1, axis=0)
    strangers = mean + np.cos(_MIX) * (faces - mean) + np.sin(_MIX) * (others - mean)
    return faces + np.roll(differences, 1, axis=0), strangers


def _shares(found: Neighbours, truth: Neighbours) -> Vectors:
    """Share of each query's true neighbours that was found, ``(m,)``."""
    same = found.ids[:, :, None] == truth.ids[:, None, :]
    shares: Vectors = same.any(axis=1).mean(axis=1)
    return shares


def _unreachable(index: HnswIndex, folder: Path) -> Ids:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".faces-", suffix=".tmp")
    os.close(descriptor)
    try:
        index.write(Path(name))
        lost = HnswFile(Path(name), index.dimension).unreachable()
    finally:
        Path(name).unlink(missing_ok=True)
    return lost[index.holds(lost)]
