"""Which index answers now: the saved one, exact search while it is made, then the new one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np

from engine.errors import FaceGalleryError, SnapshotError
from engine.index.base import Nearest, VectorIndex
from engine.index.builder import Checkpoints, IndexBuilder, copy_into, drain_queue, queue_all
from engine.index.composite import CompositeIndex
from engine.index.exact import Chunk, ExactIndex, StreamedIndex
from engine.index.hnsw import HnswIndex, HnswParameters
from engine.index.snapshot import (
    PARTIAL,
    Fetch,
    Snapshot,
    drop_leftovers,
    has_snapshot,
    make_folder,
    open_matching,
    save_snapshot,
)
from engine.index.tuning import each_vectors, make_reachable, needs_measuring, tune_ef
from engine.progress import SILENT, Listener, Reporter
from engine.records.types import Distance, Ids, Neighbours, Vectors
from engine.utils.trim_heap import give_back

QUICK = 500
"""Faces that may be caught up while somebody waits (some 50 ms; half a second at a million)."""
MANY = 5_000
"""Faces from which on an addition is indexed in the background."""
SMALL = 32 << 20
"""Bytes of a graph that is loaded while somebody waits, and saved whatever changed (50 ms)."""
_SHARE = 100
"""Of a large index, one in so many faces may be left to be caught up at the next opening."""


class IndexMaintenance:
    """What :class:`engine.index.manager.IndexManager` does behind the scenes.

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
        self._builder = IndexBuilder()
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

    def _layered(self, *parts: VectorIndex, ids: Ids | None = None) -> CompositeIndex:
        held = np.concatenate([part.ids() for part in parts]) if ids is None else ids
        return CompositeIndex(self._dimension, self._distance, parts, held)

    def _grow(self, graph: HnswIndex, source: Iterable[Chunk], reason: str = "") -> None:
        """Brings all faces that can be found into the graph."""
        layers, reporter, before = self._live, self._builder.reporter, len(graph)
        assert isinstance(layers, CompositeIndex)
        queue_all(layers, graph, source, reporter)
        layers.replace(graph)
        graph.reserve(len(layers))
        drain_queue(layers, graph, reporter, Checkpoints(self._checkpoint, self._saved))
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

    def _compact(self, layers: CompositeIndex, old: HnswIndex, fresh: HnswIndex) -> None:
        fresh.ef = old.ef
        copy_into(layers, fresh, each_vectors(old), self._builder.reporter)
        layers.replace(fresh)
        self._finish(layers, fresh, "", other=True)

    def _finish(
        self, layers: CompositeIndex, graph: HnswIndex, reason: str, *, other: bool
    ) -> None:
        """Lets the graph answer alone once nothing waits; one that is another now is made good
        and saved.
        """
        other = other or needs_measuring(graph)
        if other:
            self._polish(graph)
        while not self._alone(layers, graph):
            drain_queue(layers, graph, self._builder.reporter)
        if other:
            self._save(graph)
        if reason:
            self._builder.reporter.message(reason)

    def _measure_again(self, graph: HnswIndex) -> None:
        self._polish(graph)
        self._save(graph)

    def _polish(self, graph: HnswIndex) -> None:
        if needs_measuring(graph):
            tune_ef(graph, self._builder.reporter)
            give_back()
        if self._folder is not None and self._writable:
            with contextlib.suppress(OSError, SnapshotError):  # the save that follows tells
                make_folder(self._folder)
                make_reachable(graph, self._folder)

    def _alone(self, layers: CompositeIndex, graph: HnswIndex) -> bool:
        with self._changing:
            if len(layers.waiting):
                return False
            self._live = graph
            return True


_EXACT_FACES = 12_000
"""Faces up to which a batch is answered by a matrix product: quicker than a graph for two cores."""
_EXACT_QUERIES = 64
"""Queries from which on it is."""
_COPYING = 10
"""Faces that are copied for it in the time that it saves on one query."""
Membership = Callable[[], Ids]
State = Literal["ready", "loading", "building"]


class IndexManager(IndexMaintenance):
    """Keeps one gallery's index findable, up to date and saved. Safe to use from several threads.

    It relies on the store: an id is never given to another face, and the vector of a face never
    changes. So the difference of two sets of ids says all that an index lacks.
    """

    # -- opening and closing -----------------------------------------------------------------

    def start(
        self,
        change: int,
        membership: Membership,
        vectors: Fetch,
        *,
        background: bool = True,
        listener: Listener | None = None,
    ) -> None:
        """Takes the snapshot up, or builds the index anew where there is no sound one.

        Args:
            change: the store's change counter.
            membership: ids of all faces in the store.
            vectors: reads ids and vectors of these faces, or of all for None, a few thousand at
                a time. It is called from other threads too, for as long as the keeper is open.
            background: load and build in a thread while exact search answers; else before
                returning.
            listener: is told how far a rebuild is, and once why it was needed.
        """
        self._builder.open(listener, background=background)
        self._background, self._vectors, self._change = background, vectors, change
        if self._folder is None:
            for ids, rows in vectors(None):
                self._live.add(ids, rows)
            return
        if self._writable:
            drop_leftovers(self._folder)
        wanted = membership()
        try:
            saved = self._opened(self._folder, wanted)
            if background and saved.length > SMALL:
                self._load_later(saved, wanted)
            else:
                self._take_up(saved.load(), wanted, "")
        except SnapshotError as error:
            self._take_up(self._fresh(), wanted, self._rebuilt_because(error))

    def close(self) -> None:
        """Stops a rebuild, waits for its thread, saves. May be called twice; nothing is asked or
        changed afterwards.
        """
        self._builder.close()
        self.save()
        # who reads vectors holds this keeper: its memory would wait for a collection of garbage
        self._vectors = _unread

    # -- in use --------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        if self._builder.idle:
            return "ready"
        return "loading" if self._loading else "building"

    @property
    def ef(self) -> int | None:
        """Breadth of a query; None while there is no graph that answers alone."""
        live = self._live
        return live.ef if isinstance(live, HnswIndex) else None

    @property
    def recall(self) -> float | None:
        """Recall@5 of the graph against exact search, as measured when ``ef`` was chosen."""
        live = self._live
        return live.recall if isinstance(live, HnswIndex) else None

    @property
    def unsaved(self) -> bool:
        """Whether what answers now differs from what is on disk."""
        return self._unsaved > 0 and self._folder is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for a rebuild to end; False when it still runs after ``timeout`` seconds."""
        return self._builder.wait(timeout)

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> Ids:
        """Ids of the faces that can be found, ascending."""
        return self._live.ids()

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """The nearest faces, as :meth:`VectorIndex.search`; never waits for a rebuild.

        Many queries to a small graph are compared with every face, which is quicker.
        """
        live = self._live
        if (
            isinstance(live, HnswIndex)
            and len(queries) >= _EXACT_QUERIES
            and len(live) <= _EXACT_FACES
        ):
            self._searched += len(queries)
            if self._exact is not None or self._searched * _COPYING >= len(live):
                return self._exact_copy(live).search(queries, k)
        return live.search(queries, k)

    def _exact_copy(self, graph: HnswIndex) -> ExactIndex:
        """The faces of a graph for exact search, copied again after each change."""
        change, kept = self._changes, self._exact
        if kept is None or kept[0] != change:
            exact = ExactIndex(self._dimension, self._distance)
            faces = list(each_vectors(graph))
            exact.add(*(np.concatenate(column) for column in zip(*faces, strict=True)))
            kept = self._exact = change, exact
        return kept[1]

    def nearest(self, row: Vectors, k: int) -> Nearest:
        """The same of one prepared query ``(d,)``, as :meth:`VectorIndex.nearest`."""
        return self._live.nearest(row, k)

    def get(self, ids: Ids) -> Vectors:
        """Vectors as they are searched, as :meth:`VectorIndex.get`."""
        return self._live.get(ids)

    def add(self, ids: Ids, vectors: Vectors, change: int, *, reporter: Reporter = SILENT) -> None:
        """Makes faces findable that the store holds since ``change``; many are brought into the
        graph in the background. Raises as :meth:`VectorIndex.add`.
        """
        with self._changing:
            graph = self._live
            later = self._background and len(ids) > MANY and isinstance(graph, HnswIndex)
            later = later and self._builder.reserve()
            if later:
                self._live = self._layered(graph)
            self._live.add(ids, vectors, reporter=reporter)
            self._note(change, len(ids))
        if later and isinstance(graph, HnswIndex):
            self._builder.begin(lambda: self._grow(graph, ()))

    def remove(self, ids: Ids, change: int) -> None:
        """Makes faces unfindable. Raises UnknownIdentityError when one is not there."""
        nothing = np.empty((0, self._dimension), dtype=np.float32)
        self.exchange(ids, np.empty(0, dtype=np.int64), nothing, change)

    def exchange(self, gone: Ids, ids: Ids, vectors: Vectors, change: int) -> None:
        """Makes faces unfindable and others findable, as one: what is saved in between counts as
        old.

        Raises as :meth:`remove` and :meth:`VectorIndex.add`.
        """
        with self._changing:
            self._live.remove(gone)
            self._live.add(ids, vectors)
            self._note(change, len(gone) + len(ids))
        self._compact_if_due()

    def _note(self, change: int, faces: int) -> None:
        self._change = change
        self._changes += 1  # after the change: a copy that was begun before is of no use now
        self._exact, self._searched = None, 0
        self._unsaved += max(faces, 1)

    # -- taking up -----------------------------------------------------------------------------

    def _opened(self, folder: Path, wanted: Ids) -> Snapshot:
        saved = open_matching(
            folder,
            self._change,
            wanted,
            self._vectors,
            dimension=self._dimension,
            distance=self._distance,
            parameters=self._parameters,
        )
        self._unsaved, self._saved = int(saved.change != self._change), saved.file.count
        return saved

    def _rebuilt_because(self, error: SnapshotError) -> str:
        self._unsaved, self._saved = self._unsaved + 1, 0
        place = Path(error.file or str(self._folder)).name
        problem = error.problem[:1].lower() + error.problem[1:]
        return f"The search index was rebuilt: {place} {problem}."

    def _take_up(self, index: HnswIndex, wanted: Ids, reason: str) -> None:
        """Goes on from a graph, at once or, where it lacks many faces, with a rebuild."""
        gone, missing = _difference(index, wanted)
        index.remove(gone)
        self._unsaved += len(gone) + len(missing)
        if len(missing) > QUICK:
            rest = StreamedIndex(
                self._dimension, self._distance, missing, lambda: self._read(index, missing)
            )
            self._live = self._layered(index, rest)
            self._builder.begin(lambda: self._grow(index, self._read(index, missing), reason))
            return
        for ids, rows in self._vectors(missing) if len(missing) else ():
            index.add(ids, rows)
        self._live = index
        if needs_measuring(index):
            self._builder.begin(lambda: self._measure_again(index))
        if reason and (len(wanted) or has_snapshot(self._folder or Path())):
            self.save()
            self._builder.reporter.message(reason)
        self._compact_if_due()

    def _load_later(self, saved: Snapshot, wanted: Ids) -> None:
        """Answers from the graph's file until it is verified and loaded."""
        mapped = StreamedIndex(self._dimension, self._distance, wanted, saved.file.each_vectors)
        layers = self._live = self._layered(mapped, ids=wanted)
        self._loading = True
        self._builder.begin(lambda: self._load(saved, layers))

    def _load(self, saved: Snapshot, layers: CompositeIndex) -> None:
        reason = ""
        try:
            index = saved.load()
        except SnapshotError as error:
            index, reason = self._fresh(), self._rebuilt_because(error)
        self._loading = False
        gone, missing = _difference(index, layers.ids())
        missing = missing[~layers.waiting.holds(missing)]
        with self._changing:
            self._unsaved += len(gone) + len(missing)
        if reason:
            rest = StreamedIndex(
                self._dimension, self._distance, missing, lambda: self._vectors(None)
            )
            layers.replace(index, rest)
        self._grow(index, self._read(index, missing), reason)

    def _read(self, index: HnswIndex, missing: Ids) -> Iterable[Chunk]:
        """Faces that a graph lacks, from the store; all faces where it lacks most of them."""
        if not len(missing):
            return ()
        return self._vectors(None if len(missing) > len(index) else missing)


def _unread(_: Ids | None) -> Iterable[Chunk]:
    return ()


def _difference(index: VectorIndex, wanted: Ids) -> tuple[Ids, Ids]:
    """Ids to remove from an index and ids to add to it, so that it holds the wanted ones."""
    held = index.ids()
    return np.setdiff1d(held, wanted, assume_unique=True), wanted[~index.holds(wanted)]
