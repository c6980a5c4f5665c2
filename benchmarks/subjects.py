"""One subject, this engine or a peer, with all faces of a size in it, asked and timed."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.common import resident
from benchmarks.datasets import ASKED, TRUTH, UNIT, K, are_mated, hits
from benchmarks.generator import Counts, Rows
from benchmarks.peers import CORES, PEERS, Parameters
from engine.gallery import Gallery
from engine.utils.distances import prepare

ENGINE = "Face Gallery"
WARM = 20  # queries before those that are timed
FEWEST = 5
SLACK = 2e-6
"""Of a distance in float32, between the engine's sums and NumPy's."""


class Subject(ABC):
    """What is asked, in the process that it lives in. A subclass says how.

    Args:
        folder: of the faces, as :func:`benchmarks.datasets.lay_out` leaves them.
    """

    def __init__(self, folder: Path) -> None:
        self._truth = np.load(folder / TRUTH)
        self._asked = np.load(folder / ASKED)
        self._mated = are_mated(folder)
        self._at = 0

    def memory(self) -> int:
        """Bytes that this process grew by until the first answer."""
        return self._grown

    def single(self, count: int, budget: float) -> list[float]:
        """Milliseconds of each of some queries, one at a time, on one thread.

        Args:
            count, budget: how many, at most, and for how many seconds, about; five at least.
        """
        self._threads(1)
        for query in self._next(min(WARM, count) if budget > 1 else 1):
            self._ask(query)
        taken: list[float] = []
        ending = time.perf_counter() + budget
        for query in self._next(count):
            started = time.perf_counter()
            self._ask(query)
            ended = time.perf_counter()
            taken.append(1000 * (ended - started))
            if ended > ending and len(taken) >= FEWEST:
                break
        return taken

    def batch(self, count: int) -> float:
        """Queries per second in one batch, on all cores."""
        self._threads(CORES)
        rows = self._asked[:count]
        started = time.perf_counter()
        self._ask(rows)
        return len(rows) / (time.perf_counter() - started)

    def recall(self, count: int) -> dict[str, float]:
        """Recall@5 against exact search: of all queries, of enrolled people's, of strangers'."""
        found, mated = self._hits(count), self._mated[:count]
        return {
            "all": float(found.mean()),
            "mated": float(found[mated].mean()),
            "strangers": float(found[~mated].mean()),
        }

    @abstractmethod
    def _hits(self, count: int) -> npt.NDArray[np.float64]:
        """The share of the five nearest that was found, for each of some queries."""

    @abstractmethod
    def _ask(self, rows: Rows) -> Any: ...

    @abstractmethod
    def _threads(self, count: int) -> None: ...

    def _next(self, count: int) -> list[Rows]:
        """Other queries each time, in a circle, each ``(1, d)``."""
        rows = np.arange(self._at, self._at + count) % len(self._asked)
        self._at += count
        return [self._asked[row : row + 1] for row in rows.tolist()]


class EngineSubject(Subject):
    """The façade: from an embedding to votes, calibrated verdict and evidence. It chooses its
    threads itself.
    """

    def __init__(self, folder: Path, gallery: Path) -> None:
        super().__init__(folder)
        self._unit = np.load(folder / UNIT, mmap_mode="r")
        before = resident()
        self._gallery = Gallery.open(gallery)
        self._ask(self._asked[:1])
        self._grown = resident() - before

    def parameters(self) -> Parameters:
        return parameters_of(self._gallery)

    def _hits(self, count: int) -> npt.NDArray[np.float64]:
        answers = self._ask(self._asked[:count])
        asked = prepare(self._asked[:count], "cosine")
        fifth = np.asarray(self._unit[self._truth[:count, -1]])
        farthest = 1 - np.einsum("ij,ij->i", asked, fifth) + SLACK
        found = [
            sum(one.distance <= far for one in answer.evidence[:K])
            for answer, far in zip(answers, farthest.tolist(), strict=True)
        ]
        return np.array(found) / K

    def _ask(self, rows: Rows) -> Any:
        return self._gallery.identify(rows, k=K)

    def _threads(self, count: int) -> None:
        pass


class PeerSubject(Subject):
    """A library alone: from a vector of unit length to the numbers of its nearest."""

    def __init__(self, folder: Path, name: str, saved: Path, parameters: Parameters) -> None:
        super().__init__(folder)
        self._asked = prepare(self._asked, "cosine")
        self._peer = PEERS[name]()
        before = resident()
        self._peer.load(saved, folder / UNIT, parameters)
        self._threads(1)
        self._ask(self._asked[:1])
        self._grown = resident() - before

    def breadth(self, ef: int) -> None:
        self._peer.breadth(ef)

    def _hits(self, count: int) -> npt.NDArray[np.float64]:
        self._threads(CORES)
        return hits(self._ask(self._asked[:count]), self._truth[:count])

    def _ask(self, rows: Rows) -> Counts:
        return np.asarray(self._peer.search(rows, K))

    def _threads(self, count: int) -> None:
        self._peer.threads(count)


def parameters_of(gallery: Gallery) -> Parameters:
    """M, ef_construction and ef of an open gallery's index: what its peers are given too."""
    gallery.prepare()  # the breadth is chosen when the graph is made
    keeper = gallery.recogniser._state.spaces[0].index
    kept = keeper.parameters
    return {"M": kept.M, "ef_construction": kept.ef_construction, "ef": keeper.ef or kept.ef}
