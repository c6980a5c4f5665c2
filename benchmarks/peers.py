"""Other libraries behind one small interface, so that each is asked in the same way.

All search faces of unit length for the nearest by inner product, or by Euclidean distance, which on
them orders alike. Threads are set before a search: one for single queries, all for batches.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.datasets import exact_nearest
from benchmarks.generator import Counts, Rows

CORES = os.cpu_count() or 1
Parameters = dict[str, int]


class Peer(Protocol):
    """A library with an index of faces in it; the constructor imports the library, and raises
    ImportError where it is not installed.
    """

    def build(self, unit: Rows, parameters: Parameters) -> None:
        """Makes the index of ``(n, d)`` with M, ef_construction and ef, on all cores."""

    def save(self, path: Path) -> None:
        """Writes the index, where the library can."""

    def load(self, path: Path, unit: Path, parameters: Parameters) -> None:
        """The index as it was saved, or made again of the faces where it cannot be."""

    def threads(self, count: int) -> None: ...

    def breadth(self, ef: int) -> None:
        """How broad a graph is searched from now on."""

    def search(self, rows: Rows, k: int) -> Counts:
        """Rows of the nearest faces ``(m, k)``."""
        ...


class _Flat(ABC):
    """What those have in common that keep no graph and write no file."""

    @abstractmethod
    def build(self, unit: Rows, parameters: Parameters) -> None: ...

    def save(self, path: Path) -> None:
        return  # it has no file

    def load(self, path: Path, unit: Path, parameters: Parameters) -> None:
        self.build(np.load(unit), parameters)

    def threads(self, count: int) -> None:
        from threadpoolctl import threadpool_limits

        threadpool_limits(count)  # of the products; holds until the next one
        self._threads = count

    def breadth(self, ef: int) -> None:
        return  # it knows none


class ExactNumpy(_Flat):
    def build(self, unit: Rows, parameters: Parameters) -> None:
        self._unit = unit

    def search(self, rows: Rows, k: int) -> Counts:
        return exact_nearest(self._unit, rows, k)


class BruteForce(_Flat):
    algorithm = "brute"

    def __init__(self) -> None:
        from sklearn.neighbors import NearestNeighbors

        self._kind = NearestNeighbors

    def build(self, unit: Rows, parameters: Parameters) -> None:
        self._model = self._kind(algorithm=self.algorithm).fit(unit)

    def search(self, rows: Rows, k: int) -> Counts:
        self._model.n_jobs = self._threads
        return np.asarray(self._model.kneighbors(rows, k, return_distance=False))


class BallTree(BruteForce):
    algorithm = "ball_tree"


class Hnswlib:
    def __init__(self) -> None:
        import hnswlib

        self._library = hnswlib

    def build(self, unit: Rows, parameters: Parameters) -> None:
        self.graph = self._library.Index(space="ip", dim=unit.shape[1])
        self.graph.init_index(
            len(unit),
            M=parameters["M"],
            ef_construction=parameters["ef_construction"],
            random_seed=1,
        )
        self.graph.add_items(unit, num_threads=CORES)
        self.breadth(parameters["ef"])

    def save(self, path: Path) -> None:
        self.graph.save_index(os.fspath(path))

    def load(self, path: Path, unit: Path, parameters: Parameters) -> None:
        dimension = np.load(unit, mmap_mode="r").shape[1]
        self.graph = self._library.Index(space="ip", dim=dimension)
        self.graph.load_index(os.fspath(path))
        self.breadth(parameters["ef"])

    def threads(self, count: int) -> None:
        self._threads = count

    def breadth(self, ef: int) -> None:
        self.graph.set_ef(ef)

    def search(self, rows: Rows, k: int) -> Counts:
        labels, _ = self.graph.knn_query(rows, k=k, num_threads=self._threads)
        return np.asarray(labels).astype(np.int64)


class _Faiss(ABC):
    def __init__(self) -> None:
        import faiss

        self._library = faiss

    def build(self, unit: Rows, parameters: Parameters) -> None:
        self.threads(CORES)
        self._index = self._empty(unit.shape[1], parameters)
        self._index.add(unit)
        self.breadth(parameters["ef"])

    @abstractmethod
    def _empty(self, dimension: int, parameters: Parameters) -> Any: ...

    def save(self, path: Path) -> None:
        self._library.write_index(self._index, os.fspath(path))

    def load(self, path: Path, unit: Path, parameters: Parameters) -> None:
        self._index = self._library.read_index(os.fspath(path))
        self.breadth(parameters["ef"])

    def threads(self, count: int) -> None:
        self._library.omp_set_num_threads(count)

    def breadth(self, ef: int) -> None:
        return  # it knows none

    def search(self, rows: Rows, k: int) -> Counts:
        return np.asarray(self._index.search(rows, k)[1])


class FaissFlat(_Faiss):
    def _empty(self, dimension: int, parameters: Parameters) -> Any:
        return self._library.IndexFlatIP(dimension)


class FaissHnsw(_Faiss):
    def _empty(self, dimension: int, parameters: Parameters) -> Any:
        inner = self._library.METRIC_INNER_PRODUCT
        index = self._library.IndexHNSWFlat(dimension, parameters["M"], inner)
        index.hnsw.efConstruction = parameters["ef_construction"]
        return index

    def breadth(self, ef: int) -> None:
        self._index.hnsw.efSearch = ef


class Usearch:
    def __init__(self) -> None:
        from usearch.index import Index

        self._kind = Index

    def build(self, unit: Rows, parameters: Parameters) -> None:
        self._index = self._empty(unit.shape[1], parameters)
        self._index.add(np.arange(len(unit)), unit, threads=CORES)

    def _empty(self, dimension: int, parameters: Parameters) -> Any:
        return self._kind(
            ndim=dimension,
            metric="ip",
            dtype="f32",
            connectivity=parameters["M"],
            expansion_add=parameters["ef_construction"],
            expansion_search=parameters["ef"],
        )

    def save(self, path: Path) -> None:
        self._index.save(os.fspath(path))

    def load(self, path: Path, unit: Path, parameters: Parameters) -> None:
        self._index = self._empty(np.load(unit, mmap_mode="r").shape[1], parameters)
        self._index.load(os.fspath(path))
        self.breadth(parameters["ef"])

    def threads(self, count: int) -> None:
        self._threads = count

    def breadth(self, ef: int) -> None:
        self._index.expansion_search = ef

    def search(self, rows: Rows, k: int) -> Counts:
        found = self._index.search(rows, k, threads=self._threads)
        return np.asarray(found.keys).astype(np.int64).reshape(len(rows), -1)


PEERS: dict[str, type[Any]] = {
    "hnswlib": Hnswlib,
    "NumPy, exact": ExactNumpy,
    "scikit-learn, brute force": BruteForce,
    "scikit-learn, ball tree": BallTree,
    "faiss, flat": FaissFlat,
    "faiss, HNSW": FaissHnsw,
    "usearch": Usearch,
}
MODULES = {"faiss, flat": "faiss", "faiss, HNSW": "faiss", "usearch": "usearch"}
"""What must be installed for those that the program itself does not need."""
GRAPHS = ("hnswlib", "faiss, HNSW", "usearch")
AS_THEY_ARE = ("NumPy, exact", "scikit-learn, brute force")
"""Those that search the faces as they are: there is nothing to build."""
LARGEST = {"scikit-learn, ball tree": 200_000}
"""Sizes above which a peer is left out: in 128 dimensions a tree looks at nearly every face."""
