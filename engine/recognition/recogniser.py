"""What a gallery needs to tell who a face is, kept up to date with its store."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.cohorts.cohort import Cohort
from engine.cohorts.cohort_library import CohortLibrary, CohortMatch
from engine.errors import FaceGalleryError, InputError, UnknownIdentityError
from engine.formats.checks import as_rows, check_vectors, is_usable
from engine.progress import SILENT, Event, Listener, Reporter
from engine.recognition.answers import JoinedAnswers
from engine.recognition.calibration.calibration import UNCALIBRATED, Calibration
from engine.recognition.calibration.calibration_cache import CalibrationCache
from engine.recognition.calibration.method_selection import MethodChoice
from engine.recognition.cohort_search import CohortSearches
from engine.recognition.identifier import Identifier, build_identifier
from engine.recognition.joint_assignment import assign_jointly
from engine.recognition.kept_strangers import KeptStrangers
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
    Strangers,
    Vectors,
)
from engine.store import Store
from engine.store.decisions_table import RejectionIndex
from engine.utils.files import discard_tree

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_TRIES = 3
"""Times that a query is answered while changes come in between; then it keeps them out."""
_QUERIES_AT_ONCE = 1_000
"""Queries answered between two checks whether the gallery was changed."""
_FPIR_REMEDY = "Use a number between 0 and 1, such as 0.01 for 1 in 100 strangers."
Change = Callable[[], Changed | None]


@dataclass(frozen=True, eq=False)
class _Ready:
    """All that queries are answered with until the next change."""

    identifier: Identifier
    refusals: RejectionIndex


class Recogniser:
    """Spaces, models and calibration of one gallery. Safe to use from several threads.

    A query takes no lock: a change first drops what queries are answered with, and a query that
    finds it dropped or replaced at its end is answered again.
    """

    def __init__(
        self,
        store: Store,
        *,
        listener: Listener | None,
        background: bool,
        cohorts: CohortLibrary | None = None,
    ) -> None:
        """
        Args:
            cohorts: strangers by whom thresholds may be set; None uses none.
        """
        self._store = store
        self._listener = listener
        self._lock = threading.RLock()
        self._ready: _Ready | None = None
        self._state = RecognitionState(store, background=background, tell=self._tell_once)
        self._cohorts = cohorts
        self._calibration = CalibrationCache(store, cohorts)
        self._searches: CohortSearches | None = None
        self._kept = KeptStrangers(store, self._vectors_of)
        self._told: list[Event] = []

    # -- queries -----------------------------------------------------------------------------

    def identify(
        self,
        queries: Vectors,
        *,
        method: str = "auto",
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
        strangers: Strangers = "at-large",
        photographs: Sequence[str | None] | None = None,
    ) -> Sequence[Identification]:
        """Answer who each query is (:meth:`engine.gallery.Gallery.identify`)."""
        if not 0 < fpir < 1:
            raise InputError(f"An FPIR of {fpir} is not a share of strangers", remedy=_FPIR_REMEDY)
        queries = as_rows(queries)
        if len(queries) != 1 or not is_usable(queries[0], self._store.dimension):
            check_vectors(queries, dimension=self._store.dimension)

        def identify(part: Vectors) -> Sequence[Identification]:
            return self._answered(
                lambda ready: ready.identifier.identify(
                    part,
                    method=method,
                    refused=ready.refusals.of(part),
                    k=k,
                    top=top,
                    fpir=fpir,
                    strangers=strangers,
                )
            )

        rows = range(len(queries))
        parts = [rows[at : at + _QUERIES_AT_ONCE] for at in rows[::_QUERIES_AT_ONCE]]
        answers = (
            identify(queries)
            if len(parts) <= 1
            else JoinedAnswers(
                [(part, identify(queries[part.start : part.stop])) for part in parts]
            )
        )
        if photographs is None:
            return answers
        return self._answered(
            lambda ready: assign_jointly(
                answers, photographs, ready.identifier.margin_of(fpir, strangers)
            )
        )

    def identify_enrolled(
        self,
        face: int,
        *,
        method: str = "auto",
        k: int = 5,
        top: int = 5,
        fpir: float = 0.01,
        strangers: Strangers = "at-large",
    ) -> Identification:
        """Answer who a face is, left out (:meth:`engine.gallery.Gallery.identify_enrolled`)."""

        def identify(ready: _Ready) -> Identification:
            ids, owners, vectors = self._store.faces.vectors(np.array([face], dtype=np.int64))
            if not len(ids):
                raise UnknownIdentityError(f"Face {face} is not enrolled")
            refused = ready.refusals.of(vectors)
            return ready.identifier.identify_enrolled(
                ids,
                owners,
                vectors,
                method=method,
                refused=refused,
                k=k,
                top=top,
                fpir=fpir,
                strangers=strangers,
            )[0]

        return self._answered(identify)

    def evidence_for(
        self,
        query: Vectors,
        identity: int,
        *,
        method: str = "knn",
        k: int = 5,
        left_out: int | None = None,
    ) -> tuple[Evidence, ...]:
        """Faces of an identity nearest to a query (:meth:`engine.gallery.Gallery.evidence_for`)."""
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
        """Names of the methods besides ``auto``."""
        return tuple(self._ready_now().identifier.methods)

    def auto(self) -> MethodChoice:
        """What the method ``auto`` stands for."""
        return self._ready_now().identifier.auto

    def calibration_of(self, method: str) -> Calibration:
        """What the verdicts of a method rest on, with the scores of the cohort."""
        return self._ready_now().identifier.calibration_of(method) or UNCALIBRATED

    def calibration(self) -> Calibration:
        """Calibration of the original space, for the gallery as it is now."""
        with self._lock:
            self._ready_now()
            return self._calibration.latest

    def neighbours(self, vectors: Vectors, k: int) -> tuple[Neighbours, Ids]:
        """The nearest enrolled faces of ``(m, d)`` and the ids of their identities ``(m, k)``."""
        with self._lock:
            self._follow_store()
            state = self._state
            found = state.spaces[0].index.search(vectors, k)
            return found, state.owners.find(found.ids)

    def nearest_identity(self, identity: int) -> Identity | None:
        """The identity with the nearest template, or None where there is no other."""
        with self._lock:
            self._follow_store()
            nearest = self._state.spaces[0].templates.table().nearest(identity)
            names = self._store.people.names([] if nearest is None else [nearest])
        return self._store.people.find(next(iter(names.values()))) if names else None

    def index_status(self) -> str:
        """One sentence on the index."""
        spaces = self._state.spaces
        if not spaces:
            return ""
        index = spaces[0].index
        if index.state != "ready":
            return "index being loaded" if index.state == "loading" else "index being rebuilt"
        if index.recall is None:
            return "index up to date"
        return f"index up to date, recall {100 * index.recall:.1f} % at ef {index.ef}"

    def close(self) -> None:
        """Stop a rebuild under way, and save what changed. May be called twice."""
        with self._lock:
            self._ready = None
            self._save_searches()
            self._searches = None  # it knows this object: neither would go without the other
            self._state.close()

    # -- keeping up --------------------------------------------------------------------------

    def _ready_now(self, reporter: Reporter | None = None) -> _Ready:
        """All methods, ready to answer for the gallery as it is on disk now."""
        ready = self._ready
        if ready is not None and not self._moved_on():
            return ready
        with self._lock:
            self._follow_store()
            if self._ready is None:
                state = self._state
                templates = state.spaces[0].templates
                calibration = self._calibration.current(
                    templates.table,
                    state.change,
                    lambda cohort, lda: self._cohort_searches(cohort).shortlist(
                        state.spaces[0].space, lda
                    ),
                    reporter=reporter or Reporter(self._listener),
                )
                cohort = self._calibration.cohort
                self._ready = _Ready(
                    build_identifier(
                        state.spaces,
                        state.models,
                        calibration,
                        state.owners,
                        state.names,
                        self._cohort_searches(cohort) if cohort else None,
                        self._kept.searches(state.spaces, state.owners) if cohort else None,
                    ),
                    self._store.decisions.rejection_index(),
                )
            return self._ready

    def _cohort_searches(self, cohort: Cohort) -> CohortSearches:
        """The searches of a cohort in the spaces as they are loaded."""
        state, known = self._state, self._searches
        if known is None or known.cohort.id != cohort.id or known.spaces is not state.spaces:
            folder = None if self._store.encrypted else state.folder
            known = CohortSearches(cohort, state.spaces, state.owners, self._vectors_of, folder)
            self._searches = known
        return known

    def _vectors_of(self, faces: Ids) -> Vectors:
        return self._store.faces.vectors(faces)[2]

    def _follow_store(self) -> None:
        """Load the state, or apply what another process has changed."""
        with self._lock:
            if self._state.spaces and self._moved_on():
                with self._changing():
                    self._state.apply_external_changes()
            if not self._state.spaces:
                self._ready = None
                self._state.load(self._listener)

    def _moved_on(self) -> bool:
        """Whether another process has changed the store. A writer is alone."""
        return not self._store.writable and self._store.history.last_change() != self._state.change

    def _tell_once(self, event: Event) -> None:
        """Report an event once: a reader loads everything again after each change."""
        if self._listener is not None and event not in self._told:
            self._told.append(event)
            self._listener(event)

    def _answered(self, ask: Callable[[_Ready], _T]) -> _T:
        """An answer from one state of the gallery."""
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

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Update derived state after a committed change. If that fails, drop the derived state; the
        next query rebuilds it.
        """
        with self._lock:
            self._ready = None
            try:
                yield
            except FaceGalleryError:
                _log.warning("Derived state could not follow a change", exc_info=True)
                self.close()

    # -- saving ------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Rebuild everything derived from the store, and save it."""
        with self._lock:
            self.close()
            discard_tree(self._state.folder, self._store.folder)
            self._calibration = CalibrationCache(self._store, self._cohorts)
            self._state.load(None)
            self.save()

    def _save_searches(self) -> None:
        if self._searches is not None and self._searches.spaces is self._state.spaces:
            self._searches.save()

    def renew(self, change: Callable[[], _T]) -> _T:
        """Make a change of the store after which nothing derived before may be used again."""
        with self._lock:
            self.close()
            self._state.reset()
            self._calibration = CalibrationCache(self._store, self._cohorts)
            changed = change()
            self._state.load(None)
            self.save()
            return changed

    @property
    def unsaved(self) -> bool:
        """Whether something was made again that this reader may not save."""
        if self._store.writable:
            return False
        lost = self._store.encrypted and self._calibration.unsaved
        return lost or any(space.index.unsaved for space in self._state.spaces)

    def prepare(self, reporter: Reporter | None = None) -> None:
        """Make and save whatever is missing or out of date.

        Raises:
            CancelledError: stopped by the reporter while calibrating; what was made stays.
        """
        self._ready_now(reporter)
        self.save()

    # -- changes -----------------------------------------------------------------------------

    def added(self, added: Added, vectors: Rows, reporter: Reporter = SILENT) -> None:
        """Make faces findable that the store holds now.

        Args:
            vectors: of the faces, ``(n, d)``.
            reporter: must not cancel, for the faces are enrolled.
        """
        with self._changing():
            if self._state.spaces:
                self._state.add(added, vectors, reporter)
                return
            first = len(added.face_ids) == self._store.people.counts()[1]
            self._state.load(reporter.tell if first else self._listener)

    def apply(self, change: Change) -> Changed | None:
        """Make a change of the store, then update what is derived from it."""
        with self._lock:
            self._ready = None
            changed = change()
            if changed is not None and self._state.spaces:
                with self._changing():
                    self._state.apply(changed)
            return changed

    @property
    def cohort(self) -> Cohort | None:
        """That which limits rest on, without the strangers of this gallery; None for none."""
        return self._calibration.cohort

    @property
    def kept_strangers(self) -> int:
        """How many people of this gallery's unknown faces limits rest on too."""
        return self._kept.count

    def match_cohorts(self) -> CohortMatch:
        """Hold the cohorts of the library against the faces of the gallery."""
        return self._calibration.match()

    def cohorts_changed(self) -> None:
        """Look through the cohorts again: one was added or removed."""
        with self._lock:
            self._ready = self._searches = None
            self._calibration.look_again()

    def models_changed(self) -> None:
        """Load the models that are in use now."""
        with self._lock:
            if self._state.spaces:
                self._ready = None
                self._state.load(self._listener)

    def take_over(self) -> bool:
        """Let the store write if it can; then load the state again, to be saved."""
        with self._lock:
            before = self._store.writable
            if self._store.try_to_write() and not before and self._state.spaces:
                self._ready = None
                self._state.load(self._listener)
            return self._store.writable

    def save(self) -> None:
        """Save what is derived from the faces where it changed."""
        for space in self._state.spaces:
            space.index.save()
        with self._lock:
            self._save_searches()
            snapshot = self._state.snapshot_if_changed()
        if snapshot is not None:
            self._state.save(snapshot)
