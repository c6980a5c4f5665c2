"""Bringing a graph to what can be found: in parallel, a little at a time, with checkpoints."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from engine.errors import CancelledError, FaceGalleryError
from engine.index.composite import CompositeIndex
from engine.index.exact import Chunk
from engine.index.hnsw import HnswIndex
from engine.progress import SILENT, CancelToken, Listener, Reporter
from engine.utils.trim_heap import give_back

_log = logging.getLogger(__name__)

EARLIEST = 20.0
"""Seconds between two checkpoints at least; one of a million faces takes two or three."""
_LATEST = 120.0
_GROWTH = 1.25
_HANDED_BACK = 1 << 14
"""Faces moved into the graph after which the memory that they took goes back to the system."""


class IndexBuilder:
    """Runs one piece of work at a time, in a thread of its own or at once.

    Attributes:
        reporter: of the work; it ends the work when the builder is closed.
    """

    def __init__(self) -> None:
        self.reporter = SILENT
        self._cancel = CancelToken()
        self._background = False
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None

    def open(self, listener: Listener | None, *, background: bool) -> None:
        self.reporter = Reporter(listener, self._cancel)
        self._background = background

    @property
    def idle(self) -> bool:
        return self._idle.is_set()

    def reserve(self) -> bool:
        """Reserve the builder if it is idle; whoever gets True has to call :meth:`begin`."""
        idle = self._idle.is_set()
        self._idle.clear()
        return idle

    def begin(self, work: Callable[[], None]) -> None:
        """Run the work. A failure is reported, never raised: the index can be built again."""
        self._idle.clear()
        if not self._background:
            self._do(work)
            return
        self._thread = threading.Thread(target=self._do, args=(work,), name="index-builder")
        self._thread.start()

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except CancelledError:
            pass
        except (FaceGalleryError, OSError, RuntimeError, MemoryError) as error:
            self.reporter.message(f"The search index could not be rebuilt: {error}")
            _log.warning("The index could not be rebuilt", exc_info=True)
        finally:
            self._idle.set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._idle.wait(timeout)

    def close(self) -> None:
        """Cancel the work under way, and wait for its thread."""
        self._cancel.cancel()
        if self._thread is not None:
            self._thread.join()


class Checkpoints:
    """Saves a graph under construction now and then, in case the process is killed.

    When it grew by a quarter, or after two minutes, whichever is first: all of them together
    write some five times what the last one does.
    """

    def __init__(self, save: Callable[[HnswIndex], None], faces: int) -> None:
        """
        Args:
            faces: in the snapshot that there is.
        """
        self._save = save
        self._faces = faces
        self._time = time.monotonic()

    def consider(self, graph: HnswIndex) -> None:
        """Save the graph when it is time. To be called often."""
        waited = time.monotonic() - self._time
        grown = len(graph) > _GROWTH * self._faces
        if waited >= EARLIEST and (grown or waited >= _LATEST):
            self._save(graph)
            self._faces, self._time = len(graph), time.monotonic()


def queue_all(
    layers: CompositeIndex, graph: HnswIndex, source: Iterable[Chunk], reporter: Reporter
) -> None:
    """Queue all faces of a source for the graph."""
    for ids, rows in source:
        reporter.progress("Loading faces", len(layers.waiting), len(layers))
        new = ~graph.holds(ids)
        layers.hold_waiting(ids[new], rows[new])


def drain_queue(
    layers: CompositeIndex,
    graph: HnswIndex,
    reporter: Reporter,
    checkpoints: Checkpoints | None = None,
) -> None:
    """Move all queued faces into the graph."""
    moved = 0
    while True:
        reporter.progress("Indexing faces", len(graph), max(len(layers), len(graph)))
        count = layers.settle(graph, graph.pace)
        if not count:
            return
        moved += count
        if moved > _HANDED_BACK:  # what waited is in the graph now, and need not be here as well
            moved = 0
            give_back()
        if checkpoints is not None:
            checkpoints.consider(graph)


def copy_into(
    layers: CompositeIndex, graph: HnswIndex, source: Iterable[Chunk], reporter: Reporter
) -> None:
    """Move all faces of a source into the graph, with few of them queued at a time."""
    for ids, rows in source:
        layers.hold_waiting(ids, rows)
        drain_queue(layers, graph, reporter)
