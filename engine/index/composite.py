"""Several indexes that answer as one while faces move from one of them to another."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from engine.index.base import (
    VectorIndex,
    merged,
    no_neighbours,
    refuse_known,
    refuse_unknown,
)
from engine.index.exact import ExactIndex
from engine.progress import SILENT, Reporter
from engine.records.types import Distance, Ids, Neighbours, Vectors


class CompositeIndex(VectorIndex):
    """A VectorIndex while the graph is loaded or built.

    A face may lie in several parts for a while; it counts once. What is added comes into
    ``waiting``, from where :meth:`settle` moves it into the graph, a little at a time.
    """

    def __init__(
        self, dimension: int, distance: Distance, parts: Sequence[VectorIndex], ids: Ids
    ) -> None:
        """
        Args:
            ids: ``(n,)``, of the faces that can be found; the parts hold each of them, perhaps
                more.
        """
        super().__init__(dimension, distance, ids)
        self.waiting = ExactIndex(dimension, distance)
        self._parts = tuple(parts)
        self._changing = threading.Lock()

    def add(self, ids: Ids, vectors: Vectors, *, reporter: Reporter = SILENT) -> None:
        with self._changing:
            refuse_known(np.asarray(ids)[self.holds(ids)])
            self.waiting.add(ids, vectors, reporter=reporter)
            self._held.add(np.asarray(ids, dtype=np.int64))

    def remove(self, ids: Ids) -> None:
        keys = np.unique(np.asarray(ids, dtype=np.int64))
        with self._changing:
            refuse_unknown(keys[~self._held.holds(keys)])
            self._held.discard(keys)
            for part in (self.waiting, *self._parts):
                present = keys[part.holds(keys)]
                if len(present):
                    part.remove(present)

    def get(self, ids: Ids) -> Vectors:
        keys = np.asarray(ids, dtype=np.int64)
        refuse_unknown(keys[~self._held.holds(keys)])
        found = np.empty((len(keys), self.dimension), dtype=np.float32)
        missing = np.ones(len(keys), dtype=bool)
        for part in (self.waiting, *self._parts):
            present = missing & part.holds(keys)
            if present.any():
                found[present] = part.get(keys[present])
                missing &= ~present
        return found

    def search(self, queries: Vectors, k: int) -> Neighbours:
        parts = self._parts
        waiting = ExactIndex(self.dimension, self.distance)
        waiting.blocks = self.waiting.blocks  # before the parts: what moves then is found twice
        answers = [part.search(queries, k) for part in (waiting, *parts)]
        answers = [part for part in answers if part.ids.shape[1]]
        if len(answers) == 1:
            return answers[0]
        return merged(answers, min(k, len(self))) if answers else no_neighbours(len(queries))

    # -- moving ------------------------------------------------------------------------------

    def replace(self, *parts: VectorIndex) -> None:
        """Other parts that hold, with what waits, every face that can be found; what they hold
        besides is removed from them.
        """
        with self._changing:
            for part in parts:
                ids = part.ids()
                gone = ids[~self._held.holds(ids)]
                if len(gone):
                    part.remove(gone)
            self._parts = parts

    def hold_waiting(self, ids: Ids, vectors: Vectors) -> None:
        """Take faces ``(n, d)`` of another part among those that wait, but for those gone since."""
        with self._changing:
            wanted = self._held.holds(ids) & ~self.waiting.holds(ids)
            if wanted.any():
                self.waiting.add(ids[wanted], vectors[wanted])

    def settle(self, graph: VectorIndex, count: int) -> int:
        """Move up to ``count`` waiting faces into the graph, and return how many."""
        blocks = self.waiting.blocks
        if not blocks:
            return 0
        ids, rows = blocks[0][0][:count], blocks[0][1][:count]
        new = ~graph.holds(ids)
        graph.add(ids[new], rows[new])
        with self._changing:
            stayed = self.waiting.holds(ids)
            gone = ids[~stayed & graph.holds(ids)]
            if len(gone):
                graph.remove(gone)
            self.waiting.remove(ids[stayed])
        return len(ids)
