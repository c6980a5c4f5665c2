"""Questions to a gallery's recognition, each answered from one state of the gallery.

They take no lock: a change first takes away what they are answered with, and a question that finds
it gone or replaced at its end is asked again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.errors import FaceGalleryError, UnknownIdentityError
from engine.progress import SILENT, Event, Listener, Reporter
from engine.recognition.answers import JoinedAnswers
from engine.recognition.calibration.calibration import Calibration
from engine.recognition.calibration.calibration_cache import CalibrationCache
from engine.recognition.calibration.method_selection import MethodChoice
from engine.recognition.identifier import Identifier, build_identifier
from engine.recognition.state import RecognitionState
from engine.records.changes import Changed
from engine.records.types import (
    Added,
    Evidence,
    Identification,
    Identity,
    Ids,
    Neighbours,
    Rows,
    Vectors,
)
from engine.store import Store
from engine.store.decisions_table import RejectionIndex
from engine.utils.files import discard_tree

_T = TypeVar("_T")
_TRIES = 3
"""Times that a question is asked while changes come in between; then it keeps them out."""
_QUERIES_AT_ONCE = 1_000
"""Queries between two looks at whether the gallery was changed."""


@dataclass(frozen=True, eq=False)
class _Ready:
    """All that questions are answered with until the next change."""

    identifier: Identifier
    refusals: RejectionIndex


class Questions:
    """The part of a :class:`engine.recognition.service.Recogniser` that answers."""

    def __init__(self, store: Store, *, listener: Listener | None, background: bool) -> None:
        self._store = store
        self._listener = listener
        self._lock = threading.RLock()
        self._ready: _Ready | None = None
        self._grounds = RecognitionState(store, background=background, tell=self._tell_once)
        self._calibration = CalibrationCache(store)
        self._told: list[Event] = []

    # -- questions ---------------------------------------------------------------------------

    def identify(
        self,
        queries: Vectors,
        *,
        method: str = "auto",
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
    ) -> Sequence[Identification]:
        """See :meth:`engine.gallery.Gallery.identify`."""

        def ask(part: Vectors) -> Sequence[Identification]:
            return self._answered(
                lambda ready: ready.identifier.identify(
                    part, method=method, refused=ready.refusals.of(part), k=k, top=top, fpir=fpir
                )
            )

        if len(queries) <= _QUERIES_AT_ONCE:
            return ask(queries)
        rows = range(len(queries))
        parts = [rows[at : at + _QUERIES_AT_ONCE] for at in rows[::_QUERIES_AT_ONCE]]
        return JoinedAnswers([(part, ask(queries[part.start : part.stop])) for part in parts])

    def identify_enrolled(
        self, face: int, *, method: str = "auto", k: int = 5, top: int = 5, fpir: float = 0.01
    ) -> Identification:
        """See :meth:`engine.gallery.Gallery.identify_enrolled`."""

        def ask(ready: _Ready) -> Identification:
            ids, owners, vectors = self._store.faces.vectors(np.array([face], dtype=np.int64))
            if not len(ids):
                raise UnknownIdentityError(f"Face {face} is not enrolled")
            refused = ready.refusals.of(vectors)
            return ready.identifier.identify_enrolled(
                ids, owners, vectors, method=method, refused=refused, k=k, top=top, fpir=fpir
            )[0]

        return self._answered(ask)

    def evidence_for(
        self, query: Vectors, identity: int, *, method: str, k: int, left_out: int | None
    ) -> tuple[Evidence, ...]:
        """The k faces of one identity that are nearest to a query ``(d,)``, nearest first."""
        ids, _, vectors = self._store.faces.vectors(self._store.faces.ids_of([identity]))
        kept = ids != (-1 if left_out is None else left_out)
        ids, vectors = ids[kept], vectors[kept]
        if not len(ids):
            return ()
        away = self._answered(lambda ready: ready.identifier.distances(query, vectors, method))
        name = self._store.people.names([identity]).get(identity, "")
        order = np.argsort(away, kind="stable")[:k].tolist()
        return tuple(Evidence(int(ids[at]), identity, name, float(away[at])) for at in order)

    def methods(self) -> tuple[str, ...]:
        """Those that can be asked besides ``auto``."""
        return tuple(self._ready_now().identifier.methods)

    def auto(self) -> MethodChoice:
        """What the method ``auto`` stands for."""
        return self._ready_now().identifier.auto

    def missed(self, fpir: float, method: str = "auto") -> float | None:
        """See :meth:`engine.gallery.Gallery.missed`."""
        calibration = self._ready_now().identifier.calibration_of(method)
        return None if calibration is None else calibration.missed(fpir)

    def calibration(self) -> Calibration:
        """Of the space that faces came in, for the gallery as it is now."""
        with self._lock:
            self._ready_now()
            return self._calibration.latest

    def neighbours(self, vectors: Vectors, k: int) -> tuple[Neighbours, Ids]:
        """The nearest enrolled faces of ``(m, d)`` and the ids of their identities ``(m, k)``."""
        with self._lock:
            self._follow_store()
            grounds = self._grounds
            found = grounds.spaces[0].keeper.search(vectors, k)
            return found, grounds.owners.find(found.ids)

    def nearest_identity(self, identity: int) -> Identity | None:
        """The identity with the nearest template, or None where there is no other."""
        with self._lock:
            self._follow_store()
            nearest = self._grounds.spaces[0].templates.table().nearest(identity)
            names = self._store.people.names([] if nearest is None else [nearest])
        return self._store.people.find(next(iter(names.values()))) if names else None

    def index_status(self) -> str:
        """One sentence on the index."""
        spaces = self._grounds.spaces
        if not spaces:
            return ""
        keeper = spaces[0].keeper
        if keeper.state != "ready":
            return "index being loaded" if keeper.state == "loading" else "index being rebuilt"
        if keeper.recall is None:
            return "index up to date"
        return f"index up to date, recall {100 * keeper.recall:.1f} % at ef {keeper.ef}"

    def _answered(self, ask: Callable[[_Ready], _T]) -> _T:
        """The answer to a question, from one state of the gallery."""
        for _ in range(_TRIES):
            ready = self._ready_now()
            try:
                answer = ask(ready)
            except Exception:
                if self._ready is ready:
                    raise
                continue  # it saw a change by half
            if self._ready is ready:
                return answer
        with self._lock:
            return ask(self._ready_now())

    def close(self) -> None:
        """Ends a rebuild under way and saves what changed. May be called twice."""
        with self._lock:
            self._ready = None
            self._grounds.close()

    # -- keeping up --------------------------------------------------------------------------

    def _ready_now(self, reporter: Reporter | None = None) -> _Ready:
        """All methods, ready to answer for the gallery as it is on disk now."""
        ready = self._ready
        if ready is not None and not self._moved_on():
            return ready
        with self._lock:
            self._follow_store()
            if self._ready is None:
                grounds = self._grounds
                templates = grounds.spaces[0].templates
                calibration = self._calibration.current(
                    templates.table, grounds.change, reporter=reporter or Reporter(self._listener)
                )
                self._ready = _Ready(
                    build_identifier(
                        grounds.spaces,
                        grounds.in_use,
                        calibration,
                        grounds.owners,
                        grounds.names,
                    ),
                    self._store.decisions.rejection_index(),
                )
            return self._ready

    def _follow_store(self) -> None:
        """Takes everything up, or what another process has changed."""
        with self._lock:
            if self._grounds.spaces and self._moved_on():
                with self._changing():
                    self._grounds.catch_up()
            if not self._grounds.spaces:
                self._ready = None
                self._grounds.take_up(self._listener)

    def _moved_on(self) -> bool:
        """A writer is alone: what changes in its store comes through here."""
        return (
            not self._store.writable and self._store.history.last_change() != self._grounds.change
        )

    def _tell_once(self, event: Event) -> None:
        """A reader takes everything up anew after each change; the person heard it already."""
        if self._listener is not None and event not in self._told:
            self._told.append(event)
            self._listener(event)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Around what follows a change that is made, whatever comes now: where it cannot, the next
        question takes everything up anew.
        """
        with self._lock:
            self._ready = None
            try:
                yield
            except FaceGalleryError:
                self.close()


Change = Callable[[], Changed | None]


class Recogniser(Questions):
    """Spaces, models and calibration of one gallery. Safe to use from several threads."""

    # -- saving ------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Makes the index anew from the store and saves it."""
        with self._lock:
            self.close()
            discard_tree(self._grounds.folder, self._store.folder)
            self._calibration = CalibrationCache(self._store)
            self._grounds.take_up(None)
            self.save()

    def renew(self, change: Callable[[], _T]) -> _T:
        """Makes a change of the store after which nothing derived from it may be used again."""
        with self._lock:
            self.close()
            self._grounds.forget()
            self._calibration = CalibrationCache(self._store)
            changed = change()
            self._grounds.take_up(None)
            self.save()
            return changed

    @property
    def unsaved(self) -> bool:
        """Whether something was made anew that this reader may not save."""
        if self._store.writable:
            return False
        lost = self._store.encrypted and self._calibration.unsaved
        return lost or any(space.keeper.unsaved for space in self._grounds.spaces)

    def prepare(self, reporter: Reporter | None = None) -> None:
        """Makes whatever is missing or old and saves it. Raises CancelledError: stopped by the
        reporter while it calibrates; what was made before that stays.
        """
        self._ready_now(reporter)
        self.save()

    # -- changes -----------------------------------------------------------------------------

    def added(self, added: Added, vectors: Rows, reporter: Reporter = SILENT) -> None:
        """The store holds these faces now; from here on they are found.

        Args:
            vectors: of the faces, ``(n, d)``.
            reporter: is told how far it is; one that cannot cancel, for they are enrolled.
        """
        with self._changing():
            if self._grounds.spaces:
                self._grounds.add(added, vectors, reporter)
                return
            first = len(added.face_ids) == self._store.people.counts()[1]
            self._grounds.take_up(reporter.tell if first else self._listener)

    def apply(self, change: Change) -> Changed | None:
        """Makes a change of the store, then brings what is derived from it along."""
        with self._lock:
            self._ready = None
            changed = change()
            if changed is not None and self._grounds.spaces:
                with self._changing():
                    self._grounds.apply(changed)
            return changed

    def models_changed(self) -> None:
        """Other versions are in use now, or none."""
        with self._lock:
            if self._grounds.spaces:
                self._ready = None
                self._grounds.take_up(self._listener)

    def take_over(self) -> bool:
        """Lets the store write if it can; what was read only is taken up anew, to be saved."""
        with self._lock:
            before = self._store.writable
            if self._store.try_to_write() and not before and self._grounds.spaces:
                self._ready = None
                self._grounds.take_up(self._listener)
            return self._store.writable

    def save(self) -> None:
        """Writes what is derived from the faces where it changed."""
        for space in self._grounds.spaces:
            space.keeper.save()
        with self._lock:
            state = self._grounds.unremembered()
        if state is not None:
            self._grounds.remember(state)
