"""How the index that answers is made, made good and saved, while it is in use."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from engine.errors import FaceGalleryError, SnapshotError
from engine.index.base import VectorIndex
from engine.index.building import Builder, Checkpoints, copy, drain, fill
from engine.index.exact import Chunk, ExactIndex
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.layers import LayeredIndex
from engine.index.opening import Fetch
from engine.index.polish import bring_within_reach, each_vectors, measure, needs_measuring
from engine.index.snapshot import PARTIAL, make_folder, save_snapshot
from engine.records.types import Distance, Ids
from engine.utils.trim_heap import give_back

QUICK = 500
"""Faces that may be caught up while somebody waits (some 50 ms; half a second at a million)."""
MANY = 5_000
"""Faces from which on an addition is indexed in the background."""
SMALL = 32 << 20
"""Bytes of a graph that is loaded while somebody waits, and saved whatever changed (50 ms)."""
_SHARE = 100
"""Of a large index, one in so many faces may be left to be caught up at the next opening."""


class Upkeep:
    """What :class:`engine.index.keeper.IndexKeeper` does behind the scenes.

    ``_live`` answers: the graph alone, or layers while it is loaded or built. ``_changing`` is
    held while that or its faces change, ``_saving`` while a snapshot is written.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        dimension: int,
        distance: Distance,
        writable: bool,
        parameters: HnswParameters | None = None,
    ) -> None:
        """
        Args:
            folder: the gallery's ``index/``; None never saves nor builds anything, and answers
                from memory by exact search.
            writable: False never saves.
        """
        self._folder = folder
        self._dimension = dimension
        self._distance: Distance = distance
        self._writable = writable
        self._parameters = parameters or HnswParameters()
        self._live: VectorIndex = ExactIndex(dimension, distance)
        self._vectors: Fetch = lambda _: ()
        self._change = 0
        self._unsaved = 0
        self._saved = 0
        self._changing = threading.Lock()
        self._saving = threading.Lock()
        self._builder = Builder()
        self._background = False
        self._loading = False
        self._changes = self._searched = 0
        self._exact: tuple[int, ExactIndex] | None = None

    # -- saving --------------------------------------------------------------------------------

    def save(self) -> None:
        """Saves what changed since the last time, where catching it up would take longer. Changes
        and questions go on meanwhile. A failure is told, never raised: what is saved here can be
        rebuilt.
        """
        live = self._live
        if isinstance(live, HnswIndex) and self._unsaved > self._negligible(live):
            self._save(live)

    def _negligible(self, live: HnswIndex) -> int:
        """How many changes are not worth a save."""
        length = len(live) * 4 * (self._dimension + 2 * self._parameters.M)
        return max(QUICK, len(live) // _SHARE) if self._saved and length > SMALL else 0

    def _save(self, live: HnswIndex) -> None:
        if self._folder is None or not self._writable:
            return
        with self._saving:
            with self._changing:  # what changes from here on may be in it and counts as unsaved
                change, changes = self._change, self._unsaved
                self._unsaved = 0
            try:
                save_snapshot(live, self._folder, change=change)
                self._saved = len(live)
            except FaceGalleryError as error:
                self._unsaved += changes
                self._builder.reporter.message(str(error))

    # -- building ------------------------------------------------------------------------------

    def _fresh(self) -> HnswIndex:
        return HnswIndex(self._dimension, self._distance, parameters=self._parameters)

    def _layered(self, *parts: VectorIndex, ids: Ids | None = None) -> LayeredIndex:
        held = np.concatenate([part.ids() for part in parts]) if ids is None else ids
        return LayeredIndex(self._dimension, self._distance, parts, held)

    def _grow(self, graph: HnswIndex, source: Iterable[Chunk], reason: str = "") -> None:
        """Brings all faces that can be found into the graph."""
        layers, reporter, before = self._live, self._builder.reporter, len(graph)
        assert isinstance(layers, LayeredIndex)
        fill(layers, graph, source, reporter)
        layers.replace(graph)
        graph.reserve(len(layers))
        drain(layers, graph, reporter, Checkpoints(self._checkpoint, self._saved))
        self._finish(layers, graph, reason, other=bool(reason) or len(graph) - before > QUICK)

    def _checkpoint(self, graph: HnswIndex) -> None:
        if self._folder is not None and self._writable:
            with contextlib.suppress(FaceGalleryError), self._saving:  # the last save tells
                save_snapshot(graph, self._folder, change=PARTIAL)

    def _compact_if_due(self) -> None:
        with self._changing:
            old = self._live
            if not (isinstance(old, HnswIndex) and old.needs_rebuild and self._builder.reserve()):
                return
            fresh = self._fresh()
            layers = self._live = self._layered(old, fresh)
        self._builder.begin(lambda: self._compact(layers, old, fresh))

    def _compact(self, layers: LayeredIndex, old: HnswIndex, fresh: HnswIndex) -> None:
        fresh.ef = old.ef
        copy(layers, fresh, each_vectors(old), self._builder.reporter)
        layers.replace(fresh)
        self._finish(layers, fresh, "", other=True)

    def _finish(self, layers: LayeredIndex, graph: HnswIndex, reason: str, *, other: bool) -> None:
        """Lets the graph answer alone once nothing waits; one that is another now is made good
        and saved.
        """
        other = other or needs_measuring(graph)
        if other:
            self._polish(graph)
        while not self._alone(layers, graph):
            drain(layers, graph, self._builder.reporter)
        if other:
            self._save(graph)
        if reason:
            self._builder.reporter.message(reason)

    def _measure_again(self, graph: HnswIndex) -> None:
        self._polish(graph)
        self._save(graph)

    def _polish(self, graph: HnswIndex) -> None:
        if needs_measuring(graph):
            measure(graph, self._builder.reporter)
            give_back()
        if self._folder is not None and self._writable:
            with contextlib.suppress(OSError, SnapshotError):  # the save that follows tells
                make_folder(self._folder)
                bring_within_reach(graph, self._folder)

    def _alone(self, layers: LayeredIndex, graph: HnswIndex) -> bool:
        with self._changing:
            if len(layers.waiting):
                return False
            self._live = graph
            return True
