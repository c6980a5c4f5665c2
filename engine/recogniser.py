"""What a gallery needs to tell who a face is, kept up to date with its store.

Joins spaces (index and templates), models and calibration; all of them are derived from the store
or reproducible, and can be made anew.

Questions take no lock: a change first takes away what they are answered with, and a question that
finds it gone or replaced at its end is asked again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine import remembered
from engine.calibrating import CalibrationKeeper
from engine.called import Names
from engine.changes import Changed
from engine.errors import FaceGalleryError, UnknownIdentityError
from engine.files import discard_tree
from engine.following import differing, follow, owners_now, regroup
from engine.id_map import IdMap
from engine.identification import Auto, Calibration, Identifier
from engine.in_use import InUse, models_in_use
from engine.joining import identifier_of
from engine.progress import Event, Listener
from engine.remembered import Remembered
from engine.space import Space, space_of
from engine.store import Store
from engine.store.decisions import Refusals
from engine.taking_up import taken_up
from engine.types import Added, Identification, Identity, Ids, Neighbours, Vectors

Change = Callable[[], Changed | None]
_T = TypeVar("_T")
_TRIES = 3
"""Times that a question is asked while changes come in between; then it keeps them out."""
_AT_ONCE = 1_000
"""Queries between two looks at whether the gallery was changed."""
_REMEMBERED_AGAIN = 0.01
"""Share of faces that may come, go or move before what is saved of them is saved anew."""


@dataclass(frozen=True, eq=False)
class _Ready:
    """All that questions are answered with until the next change."""

    identifier: Identifier
    refusals: Refusals
    original: Space
    owners: IdMap


class Recogniser:
    """Spaces, models and calibration of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store, *, listener: Listener | None, background: bool) -> None:
        self._store = store
        self._listener = listener
        self._background = background
        self._lock = threading.RLock()
        self._folder = store.folder / "index"
        self._ready: _Ready | None = None
        self._spaces: tuple[Space, ...] = ()
        self._in_use = InUse()
        self._owners = IdMap()
        self._names = Names(store)
        self._calibration = CalibrationKeeper(store)
        self._change = -1
        self._other = 0
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
    ) -> list[Identification]:
        """See :meth:`engine.gallery.Gallery.identify`."""

        def ask(part: Vectors) -> list[Identification]:
            return self._answered(
                lambda ready: ready.identifier.identify(
                    part, method=method, refused=ready.refusals.of(part), k=k, top=top, fpir=fpir
                )
            )

        if len(queries) <= _AT_ONCE:
            return ask(queries)
        starts = range(0, len(queries), _AT_ONCE)
        return [answer for at in starts for answer in ask(queries[at : at + _AT_ONCE])]

    def identify_enrolled(
        self, face: int, *, method: str = "auto", k: int = 5, top: int = 5, fpir: float = 0.01
    ) -> Identification:
        """See :meth:`engine.gallery.Gallery.identify_enrolled`."""

        def ask(ready: _Ready) -> Identification:
            ids, owners, vectors = self._store.vectors(np.array([face], dtype=np.int64))
            if not len(ids):
                raise UnknownIdentityError(f"Face {face} is not enrolled")
            refused = ready.refusals.of(vectors)
            return ready.identifier.identify_enrolled(
                ids, owners, vectors, method=method, refused=refused, k=k, top=top, fpir=fpir
            )[0]

        return self._answered(ask)

    def methods(self) -> tuple[str, ...]:
        """Those that can be asked besides ``auto``."""
        return tuple(self._ready_now().identifier.methods)

    def auto(self) -> Auto:
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
            found = self._spaces[0].keeper.search(vectors, k)
            return found, self._owners.find(found.ids)

    def nearest_identity(self, identity: int) -> Identity | None:
        """The identity with the nearest template, or None where there is no other."""
        with self._lock:
            self._follow_store()
            nearest = self._spaces[0].templates.table().nearest(identity)
            names = self._store.names_of([] if nearest is None else [nearest])
        return self._store.identity(next(iter(names.values()))) if names else None

    def index_status(self) -> str:
        """One sentence on the index."""
        spaces = self._spaces
        if not spaces:
            return ""
        return "index up to date" if spaces[0].keeper.state == "ready" else "index being rebuilt"

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

    # -- saving ------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Makes the index anew from the store and saves it."""
        with self._lock:
            self.close()
            discard_tree(self._folder, self._store.folder)
            self._calibration = CalibrationKeeper(self._store)
            self._take_up(None)
            self.save()

    def renew(self, change: Callable[[], _T]) -> _T:
        """Makes a change of the store after which nothing derived from it may be used again."""
        with self._lock:
            self.close()
            self._owners, self._in_use = IdMap(), InUse()
            self._calibration = CalibrationKeeper(self._store)
            changed = change()
            self._take_up(None)
            self.save()
            return changed

    @property
    def unsaved(self) -> bool:
        """Whether something was made anew that this reader may not save."""
        if self._store.writable:
            return False
        lost = self._store.encrypted and self._calibration.unsaved
        return lost or any(space.keeper.unsaved for space in self._spaces)

    def prepare(self) -> None:
        """Makes whatever is missing or old and saves it."""
        self._ready_now()
        self.save()

    # -- changes -----------------------------------------------------------------------------

    def added(self, added: Added, vectors: Vectors) -> None:
        """The store holds these faces now; from here on they are found."""
        with self._changing():
            if not self._spaces:
                first = len(added.face_ids) == self._store.counts()[1]
                self._take_up(None if first else self._listener)  # a first index is no news
                return
            if self._owners.find(added.face_ids[:1])[0] >= 0:
                return  # taken up from the store meanwhile, for a question
            change = self._store.change()
            for space in self._spaces:
                space.add(added.face_ids, vectors, change)
            regroup(self._store, self._spaces, self._owners, added.face_ids, added.identity_ids)
            self._followed(change, len(vectors))

    def apply(self, change: Change) -> Changed | None:
        """Makes a change of the store, then brings what is derived from it along."""
        with self._lock:
            self._ready = None
            changed = change()
            if changed is not None and self._spaces:
                with self._changing():
                    faces = np.unique(np.array(changed.faces, dtype=np.int64))
                    now = owners_now(self._store, faces)
                    follow(self._store, self._spaces, self._owners, faces, now, changed.change)
                    self._names.forget()
                    self._followed(changed.change, len(faces))
            return changed

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

    def _followed(self, change: int, faces: int) -> None:
        self._change = change
        self._other += faces

    def models_changed(self) -> None:
        """Other versions are in use now, or none."""
        with self._lock:
            if self._spaces:
                self._take_up(self._listener)

    def take_over(self) -> bool:
        """Lets the store write if it can; what was read only is taken up anew, to be saved."""
        with self._lock:
            before = self._store.writable
            if self._store.try_to_write() and not before and self._spaces:
                self._take_up(self._listener)
            return self._store.writable

    def save(self) -> None:
        """Writes what is derived from the faces where it changed."""
        with self._lock:
            for space in self._spaces:
                space.keeper.save()
            self._remember()

    def close(self) -> None:
        """Ends a rebuild under way and saves what changed. May be called twice."""
        with self._lock:
            self._ready = None
            for space in self._spaces:
                space.close()
            self._remember()
            self._spaces = ()

    def _remember(self) -> None:
        """Saves templates and owners, where that spares the next opening much."""
        faces, owners = self._owners.items()
        wanted = self._other > _REMEMBERED_AGAIN * len(faces) and self._spaces
        if not wanted or self._store.encrypted or not self._store.writable:
            return
        tables = {space.key: space.templates.table() for space in self._spaces}
        state = Remembered(self._change, faces, owners, tables)
        with suppress(OSError):  # it only spares work
            remembered.save(self._folder / remembered.NAME, state)
            self._other = 0

    # -- keeping up --------------------------------------------------------------------------

    def _ready_now(self) -> _Ready:
        """All methods, ready to answer for the gallery as it is on disk now."""
        ready = self._ready
        if ready is not None and (self._store.writable or self._store.change() == self._change):
            return ready
        with self._lock:
            self._follow_store()
            if self._ready is None:
                original = self._spaces[0]
                calibration = self._calibration.current(original.templates.table, self._change)
                identifier = identifier_of(
                    self._spaces, self._in_use, calibration, self._owners, self._names
                )
                self._ready = _Ready(identifier, self._store.refusals(), original, self._owners)
            return self._ready

    def _follow_store(self) -> None:
        """Takes everything up, or what another process has changed.

        A writer is alone: what changes in its store comes through here.
        """
        with self._lock:
            if self._spaces and not self._store.writable:
                self._catch_up()
            if not self._spaces:
                self._take_up(self._listener)

    def _catch_up(self) -> None:
        change = self._store.change()
        if change == self._change:
            return
        with self._changing():
            in_use = models_in_use(self._store, self._tell_once)
            if in_use.ids != self._in_use.ids:
                return self.close()
            faces, now = differing(self._owners, *self._store.membership())
            follow(self._store, self._spaces, self._owners, faces, now, change)
            self._in_use = in_use
            self._names.forget()
            self._followed(change, len(faces))

    def _take_up(self, listener: Listener | None) -> None:
        self.close()
        try:
            self._start(listener)
        except BaseException:
            self.close()  # half of it would answer as if it were all
            raise

    def _start(self, listener: Listener | None) -> None:
        self._names.forget()
        self._in_use = models_in_use(self._store, self._tell_once)
        spaces = [space_of(self._store, self._folder)]
        model = self._in_use.models.get("triplet")
        if model is not None:
            spaces.append(space_of(self._store, self._folder, model.id, model.network))
        path = None if self._store.encrypted else self._folder / remembered.NAME
        self._owners, self._change, anew = taken_up(self._store, spaces, path)
        self._spaces = tuple(spaces)
        faces, _ = self._owners.items()
        self._other = len(faces) if anew else 0
        for number, space in enumerate(spaces):
            space.start(
                self._store,
                faces,
                self._change,
                background=self._background,
                # that there is no index of a new model yet is no news
                listener=None if number else listener,
            )

    def _tell_once(self, event: Event) -> None:
        """A reader takes everything up anew after each change; the person heard it already."""
        if self._listener is not None and event not in self._told:
            self._told.append(event)
            self._listener(event)
