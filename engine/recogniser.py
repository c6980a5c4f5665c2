"""What a gallery needs to tell who a face is, kept up to date with its store.

Joins spaces (index and templates), models and calibration; all of them are derived from the store
or reproducible, and can be made anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.calibrating import CalibrationKeeper
from engine.changes import Changed
from engine.errors import FaceGalleryError, UnknownIdentityError
from engine.files import discard_tree
from engine.following import follow
from engine.identification import Auto, Calibration, Identifier
from engine.in_use import InUse, models_in_use
from engine.joining import identifier_of, owners_of
from engine.models import Network
from engine.progress import SILENT, Event, Listener, Reporter
from engine.space import Moment, Space
from engine.store import Store
from engine.types import Added, Identification, Identity, Ids, Neighbours, Rows, Vectors

Change = Callable[[], Changed | None]
_T = TypeVar("_T")
_AT_ONCE = 5_000  # faces made findable between two looks at how far it is


class Recogniser:
    """Spaces, models and calibration of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store, *, listener: Listener | None, background: bool) -> None:
        self._store = store
        self._listener = listener
        self._background = background
        self._lock = threading.RLock()
        self._folder = store.folder / "index"
        self._original: Space | None = None
        self._learned: Space | None = None
        self._in_use = InUse()
        self._owners: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._calibration = CalibrationKeeper(store)
        self._change = -1
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
        with self._lock:  # a face removed half-way would have neighbours without an owner
            refused = self._store.rejections(queries)
            return self._identifier().identify(
                queries, method=method, refused=refused, k=k, top=top, fpir=fpir
            )

    def identify_enrolled(
        self, face: int, *, method: str = "auto", k: int = 5, top: int = 5, fpir: float = 0.01
    ) -> Identification:
        """See :meth:`engine.gallery.Gallery.identify_enrolled`."""
        with self._lock:
            ids, owners, vectors = self._store.vectors(np.array([face], dtype=np.int64))
            if not len(ids):
                raise UnknownIdentityError(f"Face {face} is not enrolled")
            refused = self._store.rejections(vectors)
            return self._identifier().identify_enrolled(
                ids, owners, vectors, method=method, refused=refused, k=k, top=top, fpir=fpir
            )[0]

    def methods(self) -> tuple[str, ...]:
        """Those that can be asked besides ``auto``."""
        return tuple(self._identifier().methods)

    def auto(self) -> Auto:
        """What the method ``auto`` stands for."""
        return self._identifier().auto

    def missed(self, fpir: float, method: str = "auto") -> float | None:
        """See :meth:`engine.gallery.Gallery.missed`."""
        calibration = self._identifier().calibration_of(method)
        return None if calibration is None else calibration.missed(fpir)

    def calibration(self) -> Calibration:
        """Of the space that faces came in, for the gallery as it is now."""
        with self._lock:
            self._identifier()
            return self._calibration.latest

    def neighbours(self, vectors: Vectors, k: int) -> tuple[Neighbours, Ids]:
        """The nearest enrolled faces of ``(m, d)`` and the ids of their identities ``(m, k)``."""
        with self._lock:
            self._follow_store()
            assert self._original is not None
            found = self._original.keeper.search(vectors, k)
            return found, owners_of(self._owners, found.ids)

    def nearest_identity(self, identity: int) -> Identity | None:
        """The identity with the nearest template, or None where there is no other."""
        with self._lock:
            self._follow_store()
            assert self._original is not None
            nearest = self._original.templates.table().nearest(identity)
            return None if nearest is None else self._store.identity(self._names[nearest])

    def index_status(self) -> str:
        """One sentence on the index."""
        original = self._original
        if original is None:
            return ""
        return "index up to date" if original.keeper.state == "ready" else "index being rebuilt"

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
            self._owners, self._names, self._in_use = {}, {}, InUse()
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
        return lost or any(one.keeper.unsaved for one in self._spaces)

    def prepare(self) -> None:
        """Makes whatever is missing or old and saves it."""
        self._identifier()
        self.save()

    # -- changes -----------------------------------------------------------------------------

    def added(self, added: Added, vectors: Rows, reporter: Reporter = SILENT) -> None:
        """The store holds these faces now; from here on they are found.

        Args:
            vectors: of the faces, ``(n, d)``.
            reporter: is told how far it is; one that cannot cancel, for they are enrolled.
        """
        with self._lock:
            if self._original is None:
                with self._taken_up_anew_on_failure():
                    first = len(added.face_ids) == self._store.counts()[1]
                    self._take_up(reporter.tell if first else self._listener)
                return
            if int(added.face_ids[0]) in self._owners:
                return  # taken up from the store meanwhile, for a question
            faces, owners = added.face_ids, added.identity_ids
            with self._taken_up_anew_on_failure():
                change = self._store.change()
                for start in range(0, len(faces), _AT_ONCE):
                    reporter.progress("Indexing faces", start, len(faces))
                    part = slice(start, start + _AT_ONCE)
                    for space in self._spaces:
                        space.add(faces[part], owners[part], vectors[part], change)
                self._owners.update(zip(faces.tolist(), owners.tolist(), strict=True))
                self._names.update((one.id, one.name) for one in self._store.identities())
                self._change = change

    def apply(self, change: Change) -> Changed | None:
        """Makes a change of the store, then brings what is derived from it along."""
        with self._lock:
            changed = change()
            if changed is not None and self._original is not None:
                with self._taken_up_anew_on_failure():
                    follow(self._store, self._spaces, self._owners, changed)
                    self._names.update(self._store.names_of(changed.identities))
                    self._change = changed.change
            return changed

    @contextmanager
    def _taken_up_anew_on_failure(self) -> Iterator[None]:
        """Around what follows a change that is made, whatever comes now: where it cannot, the next
        question takes everything up anew.
        """
        try:
            yield
        except FaceGalleryError:
            self.close()

    def models_changed(self) -> None:
        """Other versions are in use now, or none."""
        with self._lock:
            if self._original is not None:
                self._take_up(self._listener)

    def take_over(self) -> bool:
        """Lets the store write if it can; what was read only is taken up anew, to be saved."""
        with self._lock:
            before = self._store.writable
            if self._store.try_to_write() and not before and self._original is not None:
                self._take_up(self._listener)
            return self._store.writable

    def save(self) -> None:
        """Writes the index snapshots where they changed."""
        for space in self._spaces:
            space.keeper.save()

    def close(self) -> None:
        """Ends a rebuild under way and saves the indexes. May be called twice."""
        with self._lock:
            for space in self._spaces:
                space.close()
            self._original = self._learned = None

    # -- keeping up --------------------------------------------------------------------------

    @property
    def _spaces(self) -> list[Space]:
        return [space for space in (self._original, self._learned) if space is not None]

    def _identifier(self) -> Identifier:
        """All methods, ready to answer for the gallery as it is on disk now."""
        with self._lock:
            self._follow_store()
            assert self._original is not None
            calibration = self._calibration.current(
                self._original.templates.table, self._change, reporter=Reporter(self._listener)
            )
            return identifier_of(
                self._original,
                self._learned,
                self._in_use,
                calibration,
                self._owners,
                self._names,
            )

    def _follow_store(self) -> None:
        """Takes up everything anew where another process moved the store on.

        A writer is alone: what changes in its store comes through here.
        """
        with self._lock:
            moved_on = not self._store.writable and self._store.change() != self._change
            if self._original is None or moved_on:
                self._take_up(self._listener)

    def _take_up(self, listener: Listener | None) -> None:
        self.close()
        try:
            self._start_from(Moment.of(self._store), listener)
        except BaseException:
            self.close()  # half of it would answer as if it were all
            raise

    def _start_from(self, moment: Moment, listener: Listener | None) -> None:
        self._owners = dict(zip(moment.ids.tolist(), moment.owners.tolist(), strict=True))
        self._names = moment.names  # a question under way keeps the old ones
        self._in_use = models_in_use(self._store, self._tell_once)
        self._original = self._space("knn", self._folder, None)
        self._original.take_up(moment, background=self._background, listener=listener)
        self._change = moment.change
        model = self._in_use.models.get("triplet")
        if model is not None:
            self._learned = self._space("triplet", self._folder / model.id, model.network)
            # that there is no index of a new model yet is no news
            self._learned.take_up(moment, background=self._background, listener=None)

    def _space(self, name: str, folder: Path, network: Network | None) -> Space:
        """The one that faces came in, or the one that a network maps them to."""
        return Space(
            name,
            None if self._store.encrypted else folder,
            dimension=self._store.dimension if network is None else network.outputs,
            distance=self._store.distance if network is None else "cosine",
            writable=self._store.writable,
            transform=network,
        )

    def _tell_once(self, event: Event) -> None:
        """A reader takes everything up anew after each change; the person heard it already."""
        if self._listener is not None and event not in self._told:
            self._told.append(event)
            self._listener(event)
