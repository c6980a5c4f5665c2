"""What recognition derives from a gallery's faces and models, kept up with its store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from engine.progress import Event, Listener, Reporter
from engine.recognition import remembered
from engine.recognition.called import Names
from engine.recognition.following import differing, follow, owners_now, regroup
from engine.recognition.in_use import InUse, models_in_use
from engine.recognition.remembered import Remembered
from engine.recognition.space import Space, space_of
from engine.recognition.taking_up import taken_up
from engine.records.changes import Changed
from engine.records.types import Added, Rows
from engine.store import Store
from engine.utils.gallery_folder import INDEX
from engine.utils.id_map import IdMap

_AT_ONCE = 5_000
"""Faces made findable between two looks at how far it is."""
_REMEMBERED_AGAIN = 0.01
"""Share of faces that may come, go or move before what is saved of them is saved anew."""


class Grounds:
    """Spaces, owners, names and models of one gallery. One thread changes them at a time.

    Attributes:
        spaces: the one that faces came in, and that of the triplet model where one is in use;
            none while nothing is taken up.
        owners: identity ids of face ids.
        names: of identities.
        in_use: the models.
        change: of the store, that all of this stands for.
    """

    def __init__(self, store: Store, *, background: bool, tell: Callable[[Event], None]) -> None:
        self.folder: Path = store.folder / INDEX
        self.names = Names(store)
        self._store = store
        self._background = background
        self._tell = tell
        self.forget()

    def forget(self) -> None:
        """Lets everything go, unsaved; the spaces must be closed."""
        self.spaces: tuple[Space, ...] = ()
        self.owners = IdMap()
        self.in_use = InUse()
        self.change = -1
        self._other = 0
        self.names.forget()

    def take_up(self, listener: Listener | None) -> None:
        """Starts from what was saved, else from all faces."""
        self.close()
        try:
            self._start(listener)
        except BaseException:
            self.close()  # half of it would answer as if it were all
            raise

    def catch_up(self) -> None:
        """Follows what another process has changed."""
        change = self._store.history.last_change()
        in_use = models_in_use(self._store, self._tell)
        if in_use.ids != self.in_use.ids:
            self.close()  # other spaces: they are taken up when they are next needed
            return
        faces, now = differing(self.owners, *self._store.faces.membership())
        follow(self._store, self.spaces, self.owners, faces, now, change)
        self.in_use = in_use
        self.names.forget()
        self._followed(change, len(faces))

    def apply(self, changed: Changed) -> None:
        """Follows a change that was made here."""
        faces = np.unique(np.array(changed.faces, dtype=np.int64))
        now = owners_now(self._store, faces)
        follow(self._store, self.spaces, self.owners, faces, now, changed.change)
        self.names.forget()
        self._followed(changed.change, len(faces))

    def add(self, added: Added, vectors: Rows, reporter: Reporter) -> None:
        """Takes in faces that the store holds now, unless they were taken up from there."""
        if self.owners.find(added.face_ids[:1])[0] >= 0:
            return
        change = self._store.history.last_change()
        for start in range(0, len(added.face_ids), _AT_ONCE):
            reporter.progress("Indexing faces", start, len(added.face_ids))
            part = slice(start, start + _AT_ONCE)
            for space in self.spaces:
                space.add(added.face_ids[part], vectors[part], change)
        regroup(self._store, self.spaces, self.owners, added.face_ids, added.identity_ids)
        self._followed(change, len(vectors))

    def unremembered(self) -> Remembered | None:
        """A copy of what the next opening would miss, to be saved; None where that is little."""
        faces, owners = self.owners.items()
        wanted = self._other > _REMEMBERED_AGAIN * len(faces) and self.spaces
        if not wanted or self._store.encrypted or not self._store.writable:
            return None
        self._other = 0
        tables = {space.key: space.templates.copied() for space in self.spaces}
        return Remembered(self.change, faces, owners.copy(), tables)

    def remember(self, state: Remembered) -> None:
        """Saves it where the disk allows; changes may come in meanwhile."""
        with suppress(OSError):  # it only spares work
            remembered.save(self.folder / remembered.NAME, state)

    def close(self) -> None:
        """Ends a rebuild under way and saves. May be called twice."""
        for space in self.spaces:
            space.close()
        state = self.unremembered()
        if state is not None:
            self.remember(state)
        self.spaces, self.owners = (), IdMap()

    def _followed(self, change: int, faces: int) -> None:
        self.change = change
        self._other += faces

    def _start(self, listener: Listener | None) -> None:
        self.names.forget()
        self.in_use = models_in_use(self._store, self._tell)
        spaces = [space_of(self._store, self.folder)]
        model = self.in_use.models.get("triplet")
        if model is not None:
            spaces.append(space_of(self._store, self.folder, model.id, model.network))
        path = None if self._store.encrypted else self.folder / remembered.NAME
        self.owners, self.change, anew = taken_up(self._store, spaces, path)
        self.spaces = tuple(spaces)
        faces, _ = self.owners.items()
        self._other = len(faces) if anew else 0
        for number, space in enumerate(spaces):
            space.start(
                self._store,
                faces,
                self.change,
                background=self._background,
                # that there is no index of a new model yet is no news
                listener=None if number else listener,
            )
