"""Which index answers now: the saved one, exact search while it is made, then the new one."""

from __future__ import annotations

import logging
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
from engine.utils.ignoring import ignored
from engine.utils.trim_heap import give_back

_log = logging.getLogger(__name__)

QUICK = 500
"""Faces that are added while somebody waits (some 50 ms; half a second at a million)."""
MANY = 5_000
"""Additions of more faces are indexed in the background."""
SMALL = 32 << 20
"""Bytes of a graph that is loaded while somebody waits, and saved after any change (50 ms)."""
_SHARE = 100
"""Of a large index, 1 face in so many may be left unsaved, to be added at the next opening."""
_EXACT_FACES = 12_000
"""Faces up to which a batch is answered by a matrix product: quicker than a graph for two cores."""
_EXACT_QUERIES = 64
"""Queries of a batch that is answered so, at least."""
_COPYING = 10
"""Faces that are copied for it in the time that it saves on one query."""
Membership = Callable[[], Ids]
State = Literal["ready", "loading", "building"]


class IndexManager:
    """Keeps one gallery's index findable, up to date and saved. Safe to use from several threads.

    It relies on the store: an id is never given to another face, and the vector of a face never
    changes. So the difference of two sets of ids tells all that an index lacks.

    ``_live`` answers: the graph alone, or a composite while the graph is loaded or built.
    ``_changing`` is held while ``_live`` or its faces change, ``_saving`` while a snapshot is
    written.
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
            folder: the gallery's ``index/``; with None nothing is saved or built, and exact
                search in memory answers.
            writable: with False nothing is saved.
        """
        self.parameters = parameters or HnswParameters()
        self._folder = folder
        self._dimension = dimension
        self._distance: Distance = distance
        self._writable = writable
        self._live: VectorIndex = ExactIndex(dimension, distance)
        self._exact: tuple[int, ExactIndex] | None = None
        self._vectors: Fetch = _no_vectors
        self._change = 0
        self._unsaved = 0
        self._saved = 0
        self._changes = self._searched = 0
        self._changing = threading.Lock()
        self._saving = threading.Lock()
        self._builder = IndexBuilder()
        self._background = False
        self._loading = False

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
        """Load the snapshot, or build the index anew where there is no sound one.

        Args:
            change: the store's change counter.
            membership: returns the ids of all faces in the store.
            vectors: reads ids and vectors of given faces, or of all for None, a few thousand at
                a time. It is called from other threads too, until the manager is closed.
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
            saved = self._open_snapshot(self._folder, wanted)
            if background and saved.length > SMALL:
                self._load_later(saved, wanted)
            else:
                self._adopt(saved.load(), wanted, "")
        except SnapshotError as error:
            self._adopt(self._fresh(), wanted, self._reason_to_rebuild(error))

    def close(self) -> None:
        """Stop a rebuild, wait for its thread, and save. May be called twice; nothing may be asked
        or changed afterwards.
        """
        self._builder.close()
        self.save()
        # what reads vectors refers to this manager: its memory would wait for a garbage collection
        self._vectors = _no_vectors

    # -- in use --------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        if self._builder.idle:
            return "ready"
        return "loading" if self._loading else "building"

    @property
    def ef(self) -> int | None:
        """Search breadth of the graph; None while no graph answers alone."""
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
        """Wait for a rebuild to end; False when it still runs after ``timeout`` seconds."""
        return self._builder.wait(timeout)

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> Ids:
        """Ids ``(n,)`` of the faces that can be found, ascending."""
        return self._live.ids()

    def search(self, queries: Vectors, k: int) -> Neighbours:
        """Nearest faces of queries ``(m, d)``, as :meth:`VectorIndex.search`, without waiting for a
        rebuild.

        A large batch in a small gallery is compared with every face, which is quicker.
        """
        live = self._live
        if isinstance(live, HnswIndex) and len(queries) >= _EXACT_QUERIES:
            self._searched += len(queries)
            copying_pays = self._exact or self._searched * _COPYING >= len(live)
            if copying_pays and len(live) <= _EXACT_FACES:
                return self._exact_copy(live).search(queries, k)
        return live.search(queries, k)

    def _exact_copy(self, graph: HnswIndex) -> ExactIndex:
        """The faces of a graph for exact search, copied again after each change."""
        change, copied = self._changes, self._exact
        if copied is None or copied[0] != change:
            exact = ExactIndex(self._dimension, self._distance)
            if faces := list(each_vectors(graph)):
                exact.add(*(np.concatenate(column) for column in zip(*faces, strict=True)))
            copied = self._exact = change, exact
        return copied[1]

    def nearest(self, row: Vectors, k: int) -> Nearest:
        """Nearest faces of one prepared query ``(d,)``, as :meth:`VectorIndex.nearest`."""
        return self._live.nearest(row, k)

    def get(self, ids: Ids) -> Vectors:
        """Vectors ``(n, d)`` as they are searched, as :meth:`VectorIndex.get`."""
        return self._live.get(ids)

    def add(self, ids: Ids, vectors: Vectors, change: int, *, reporter: Reporter = SILENT) -> None:
        """Make faces ``(n, d)`` findable that the store holds since ``change``; many are brought
        into the graph in the background. Raise as :meth:`VectorIndex.add`.
        """
        with self._changing:
            graph = self._live
            later = self._background and len(ids) > MANY and isinstance(graph, HnswIndex)
            later = later and self._builder.reserve()
            if later:
                self._live = self._composite(graph)
            self._live.add(ids, vectors, reporter=reporter)
            self._note(change, len(ids))
        if later and isinstance(graph, HnswIndex):
            self._builder.begin(lambda: self._grow(graph, ()))

    def remove(self, ids: Ids, change: int) -> None:
        """Make faces ``(n,)`` unfindable. Raise UnknownIdentityError when one is not there."""
        nothing = np.empty((0, self._dimension), dtype=np.float32)
        self.exchange(ids, np.empty(0, dtype=np.int64), nothing, change)

    def exchange(self, gone: Ids, ids: Ids, vectors: Vectors, change: int) -> None:
        """Make faces ``(m,)`` unfindable and others ``(n, d)`` findable, as one: what is saved in
        between counts as old.

        Raise as :meth:`remove` and :meth:`VectorIndex.add`.
        """
        with self._changing:
            self._live.remove(gone)
            self._live.add(ids, vectors)
            self._note(change, len(gone) + len(ids))
        self._compact_if_due()

    def _note(self, change: int, faces: int) -> None:
        self._change = change
        self._changes += 1  # after the change: a copy begun before it is out of date now
        self._exact, self._searched = None, 0
        self._unsaved += max(faces, 1)

    # -- loading -------------------------------------------------------------------------------

    def _open_snapshot(self, folder: Path, wanted: Ids) -> Snapshot:
        saved = open_matching(
            folder,
            self._change,
            wanted,
            self._vectors,
            dimension=self._dimension,
            distance=self._distance,
            parameters=self.parameters,
        )
        self._unsaved, self._saved = int(saved.change != self._change), saved.file.count
        return saved

    def _reason_to_rebuild(self, error: SnapshotError) -> str:
        self._unsaved, self._saved = self._unsaved + 1, 0
        _log.info("The index is built anew", exc_info=error)
        place = Path(error.file or str(self._folder)).name
        problem = error.problem[:1].lower() + error.problem[1:]
        return f"The search index was rebuilt: {place} {problem}."

    def _adopt(self, graph: HnswIndex, wanted: Ids, reason: str) -> None:
        """Let a graph answer: at once or, where it lacks many faces, after a rebuild."""
        gone, missing = _difference(graph, wanted)
        graph.remove(gone)
        self._unsaved += len(gone) + len(missing)
        if len(missing) > QUICK:
            rest = self._streamed(missing, lambda: self._read(graph, missing))
            self._live = self._composite(graph, rest)
            self._builder.begin(lambda: self._grow(graph, self._read(graph, missing), reason))
            return
        for ids, rows in self._vectors(missing) if len(missing) else ():
            graph.add(ids, rows)
        self._live = graph
        if needs_measuring(graph):
            self._builder.begin(lambda: self._measure_again(graph))
        if reason and (len(wanted) or has_snapshot(self._folder or Path())):
            self.save()
            self._builder.reporter.message(reason)
        self._compact_if_due()

    def _load_later(self, saved: Snapshot, wanted: Ids) -> None:
        """Answer from the graph's file until it is verified and loaded."""
        mapped = self._streamed(wanted, saved.file.each_vectors)
        composite = self._live = self._composite(mapped, ids=wanted)
        self._loading = True
        self._builder.begin(lambda: self._load(saved, composite))

    def _load(self, saved: Snapshot, composite: CompositeIndex) -> None:
        reason = ""
        try:
            graph = saved.load()
        except SnapshotError as error:
            graph, reason = self._fresh(), self._reason_to_rebuild(error)
        self._loading = False
        gone, missing = _difference(graph, composite.ids())
        missing = missing[~composite.waiting.holds(missing)]
        with self._changing:
            self._unsaved += len(gone) + len(missing)
        if reason:
            composite.replace(graph, self._streamed(missing, lambda: self._vectors(None)))
        self._grow(graph, self._read(graph, missing), reason)

    def _read(self, graph: HnswIndex, missing: Ids) -> Iterable[Chunk]:
        """Faces that a graph lacks, from the store; all faces where it lacks most of them."""
        if not len(missing):
            return ()
        return self._vectors(None if len(missing) > len(graph) else missing)

    # -- saving --------------------------------------------------------------------------------

    def save(self) -> None:
        """Save what changed since the last save, unless adding it again at the next opening would
        take less time. Searches and changes go on meanwhile. A failure is reported, never raised:
        what is saved here can be rebuilt.
        """
        live = self._live
        if isinstance(live, HnswIndex) and self._unsaved > self._negligible(live):
            self._save(live)

    def _negligible(self, graph: HnswIndex) -> int:
        """How many changes are not worth a save."""
        length = len(graph) * 4 * (self._dimension + 2 * self.parameters.M)
        return max(QUICK, len(graph) // _SHARE) if self._saved and length > SMALL else 0

    def _save(self, graph: HnswIndex) -> None:
        if self._folder is None or not self._writable:
            return
        with self._saving:
            with self._changing:  # what changes from here on may be in it and counts as unsaved
                change, changes = self._change, self._unsaved
                self._unsaved = 0
            try:
                save_snapshot(graph, self._folder, change=change)
                self._saved = len(graph)
            except FaceGalleryError as error:
                self._unsaved += changes
                _log.warning("The index could not be saved", exc_info=True)
                self._builder.reporter.message(str(error))

    def _checkpoint(self, graph: HnswIndex) -> None:
        if self._folder is not None and self._writable:
            with ignored(FaceGalleryError), self._saving:  # the last save reports it
                save_snapshot(graph, self._folder, change=PARTIAL)

    # -- building ------------------------------------------------------------------------------

    def _fresh(self) -> HnswIndex:
        return HnswIndex(self._dimension, self._distance, parameters=self.parameters)

    def _streamed(self, ids: Ids, chunks: Callable[[], Iterable[Chunk]]) -> StreamedIndex:
        return StreamedIndex(self._dimension, self._distance, ids, chunks)

    def _composite(self, *parts: VectorIndex, ids: Ids | None = None) -> CompositeIndex:
        all_ids = np.concatenate([part.ids() for part in parts]) if ids is None else ids
        return CompositeIndex(self._dimension, self._distance, parts, all_ids)

    def _grow(self, graph: HnswIndex, source: Iterable[Chunk], reason: str = "") -> None:
        """Bring all faces that can be found into the graph."""
        composite, reporter, before = self._live, self._builder.reporter, len(graph)
        assert isinstance(composite, CompositeIndex)
        queue_all(composite, graph, source, reporter)
        composite.replace(graph)
        graph.reserve(len(composite))
        drain_queue(composite, graph, reporter, Checkpoints(self._checkpoint, self._saved))
        changed = bool(reason) or len(graph) - before > QUICK
        self._finish(composite, graph, reason, changed=changed)

    def _compact_if_due(self) -> None:
        """Copy a graph without its removed faces when they are many."""
        with self._changing:
            old = self._live
            if not (isinstance(old, HnswIndex) and old.needs_rebuild and self._builder.reserve()):
                return
            fresh = self._fresh()
            composite = self._live = self._composite(old, fresh)
        self._builder.begin(lambda: self._compact(composite, old, fresh))

    def _compact(self, composite: CompositeIndex, old: HnswIndex, fresh: HnswIndex) -> None:
        fresh.ef = old.ef
        copy_into(composite, fresh, each_vectors(old), self._builder.reporter)
        composite.replace(fresh)
        self._finish(composite, fresh, "", changed=True)

    def _finish(
        self, composite: CompositeIndex, graph: HnswIndex, reason: str, *, changed: bool
    ) -> None:
        """Let the graph answer alone once nothing waits; a changed one is tuned and saved."""
        changed = changed or needs_measuring(graph)
        if changed:
            self._tune(graph)
        while not self._answers_alone(composite, graph):
            drain_queue(composite, graph, self._builder.reporter)
        if changed:
            self._save(graph)
        if reason:
            self._builder.reporter.message(reason)

    def _measure_again(self, graph: HnswIndex) -> None:
        self._tune(graph)
        self._save(graph)

    def _tune(self, graph: HnswIndex) -> None:
        if needs_measuring(graph):
            tune_ef(graph, self._builder.reporter)
            give_back()
        if self._folder is not None and self._writable:
            with ignored(OSError, SnapshotError):  # the save that follows reports it
                make_folder(self._folder)
                make_reachable(graph, self._folder)

    def _answers_alone(self, composite: CompositeIndex, graph: HnswIndex) -> bool:
        with self._changing:
            if len(composite.waiting):
                return False
            self._live = graph
            return True


def _no_vectors(_: Ids | None) -> Iterable[Chunk]:
    return ()


def _difference(index: VectorIndex, wanted: Ids) -> tuple[Ids, Ids]:
    """Ids to remove from an index and ids to add to it, so that it holds the wanted ones."""
    ids = index.ids()
    return np.setdiff1d(ids, wanted, assume_unique=True), wanted[~index.holds(wanted)]
