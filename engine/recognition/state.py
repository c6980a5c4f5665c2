"""What recognition derives from a gallery's faces and models, kept up with its store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import numpy as np

from engine.progress import Event, Listener, Reporter
from engine.recognition import state_snapshot
from engine.recognition.active_models import ActiveModels, load_active_models
from engine.recognition.space import Space, make_space, require_people
from engine.recognition.state_snapshot import StateSnapshot, TemplateForm
from engine.records.changes import Changed
from engine.records.types import Added, Ids, Rows
from engine.store import Store
from engine.utils.gallery_folder import INDEX
from engine.utils.id_map import IdMap
from engine.utils.trim_heap import give_back

_MOST_NAMES = 30_000
"""Names kept: some 4 MB, where those of 100,000 people would be read at every opening."""


class IdentityNameCache:
    """Names of identity ids, the latest asked for at hand. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, str] = {}

    def __call__(self, identities: AbstractSet[int]) -> Mapping[int, str]:
        """All names at hand, among them these; there is none for one that is gone."""
        known = self._known
        missing = [one for one in identities if one not in known]
        return self._looked_up(known, identities, missing) if missing else known

    def forget(self) -> None:
        """People may be called something else now."""
        self._known = {}  # who looks up or reads meanwhile has the old one

    def _looked_up(
        self, known: dict[int, str], identities: AbstractSet[int], missing: list[int]
    ) -> Mapping[int, str]:
        found = self._store.people.names(missing)
        if len(known) + len(found) > _MOST_NAMES:
            found |= {one: known[one] for one in identities if one in known}
            if self._known is known:
                self._known = found
            return found
        known.update(found)
        return known


_IDENTITIES_AT_ONCE = 500
"""Identities whose faces are in memory at a time."""


def apply_changes(
    store: Store, spaces: Sequence[Space], owners: IdMap, faces: Ids, now: Ids, change: int
) -> None:
    """Brings indexes, templates and owners to what the store holds of some faces.

    Afterwards they are, to the last bit of each template, as if they had been taken up anew.

    Args:
        owners: identity ids of all face ids as they were; brought up to date.
        faces: ids, ascending, each once.
        now: the identity of each by now; -1 for one that is gone.
    """
    before = owners.find(faces)
    came, ids = faces[(before < 0) & (now >= 0)], np.empty(0, dtype=np.int64)
    vectors = np.empty((0, store.dimension), dtype=np.float32)
    if len(came):
        ids, _, vectors = store.faces.vectors(came)
    for space in spaces:
        space.exchange(faces[(before >= 0) & (now < 0)], ids, vectors, change)
    recompute_templates(store, spaces, owners, faces, now)


def recompute_templates(
    store: Store, spaces: Sequence[Space], owners: IdMap, faces: Ids, now: Ids
) -> None:
    """The same but for the indexes. Raises GalleryDamagedError: a face belongs to nobody."""
    before = owners.find(faces)
    other = before != now
    concerned = np.unique(np.concatenate([before[other], now[other]]))
    concerned = concerned[concerned >= 0]
    require_people(store, np.unique(now[other & (now >= 0)]))
    for start in range(0, len(concerned), _IDENTITIES_AT_ONCE):
        some = concerned[start : start + _IDENTITIES_AT_ONCE]
        _, theirs, members = store.faces.vectors(store.faces.ids_of(some.tolist()))
        for space in spaces:
            space.renew(some, theirs, members)
    owners.put(faces[other], now[other])


def current_owners(store: Store, faces: Ids) -> Ids:
    """The identity of each face ``(n,)`` by what the store holds; -1 for one that is gone."""
    now = np.full(len(faces), -1, dtype=np.int64)
    for ids, owned, _ in store.faces.vector_batches(faces):
        now[np.searchsorted(faces, ids)] = owned
    return now


def changed_owners(owners: IdMap, faces: Ids, owned: Ids) -> tuple[Ids, Ids]:
    """Which faces have another owner than in a map, ascending, and whose they are; -1: gone.

    Args:
        faces, owned: all that the store holds now, ascending.
    """
    known, _ = owners.items()
    gone = np.setdiff1d(known, faces, assume_unique=True)
    other = owners.find(faces) != owned
    ids = np.concatenate([faces[other], gone])
    now = np.concatenate([owned[other], np.full(len(gone), -1, dtype=np.int64)])
    order = np.argsort(ids)
    return ids[order], now[order]


_COMPARED = 32
"""Identities whose saved templates are held against the store, newest first, and as many evenly."""
_MOST_OTHER = 0.25
"""Share of faces that may be other than saved; with more it is quicker to start anew."""


def load_state(store: Store, spaces: Sequence[Space], path: Path | None) -> tuple[IdMap, int, bool]:
    """Starts the templates of spaces.

    Args:
        path: of the saved state; None where there is none to be.

    Returns:
        owners of all faces, the change of the store that all of it stands for, and whether it was
        made anew. Another process may have moved the store on meanwhile.

    Raises:
        GalleryDamagedError: a face belongs to nobody, or cannot be read.
    """
    forms = {space.key: TemplateForm(space.dimension, space.distance) for space in spaces}
    change = store.history.last_change()
    state = state_snapshot.load(path, forms) if path else None
    if state is not None:
        owners = _from_snapshot(store, spaces, state, change)
        if owners is not None:
            return owners, change, False
    state = _computed(store, spaces, change)
    for space in spaces:
        space.templates.start(state.tables[space.key])
    give_back()  # what adding up took, before an index takes more
    return IdMap(state.faces, state.owners), change, True


def _from_snapshot(
    store: Store, spaces: Sequence[Space], state: StateSnapshot, change: int
) -> IdMap | None:
    """Owners, with templates started from a saved state; None where it is of no use."""
    owners = IdMap(state.faces, state.owners)
    faces = now = np.empty(0, dtype=np.int64)
    if state.change > change:
        return None  # the gallery was put back to an older state
    if state.change != change:
        faces, now = changed_owners(owners, *store.faces.membership())
    if len(faces) > _MOST_OTHER * len(state.faces):
        return None
    for space in spaces:
        space.templates.start(state.tables[space.key])
    if not _templates_match(store, spaces, _sample_of_unchanged(state, faces, now)):
        return None
    recompute_templates(store, spaces, owners, faces, now)
    return owners


def _sample_of_unchanged(state: StateSnapshot, faces: Ids, now: Ids) -> Ids:
    """Identities that are as they were; the newest are among them, for it is they that differ
    where a store was put back to an older state and went on from there.
    """
    touched = np.concatenate([now, state.owners[np.isin(state.faces, faces)]])
    still = np.setdiff1d(state.owners, touched)
    return np.unique(np.r_[still[-_COMPARED:], still[:: max(1, len(still) // _COMPARED)]])


def _templates_match(store: Store, spaces: Sequence[Space], identities: Ids) -> bool:
    """Whether saved templates are those of this store's faces, by a sample."""
    _, owners, vectors = store.faces.vectors(store.faces.ids_of(identities.tolist()))
    for space in spaces:
        fresh, kept = space.gather(), space.templates.table()
        fresh.add(owners, space.mapped(vectors))
        table, rows = fresh.table(), kept.rows(identities)
        if not np.array_equal(table.ids, identities) or (rows < 0).any():
            return False
        if not np.array_equal(table.counts, kept.counts[rows]):
            return False
        if not np.allclose(table.means, kept.means[rows], rtol=1e-5, atol=1e-6):
            return False
    return True


def _computed(store: Store, spaces: Sequence[Space], change: int) -> StateSnapshot:
    """From all faces, a few thousand in memory at a time."""
    none = np.empty(0, dtype=np.int64)
    faces, owners, sums = [none], [none], [space.gather() for space in spaces]
    for ids, owned, vectors in store.faces.vector_batches():
        faces.append(ids)
        owners.append(owned)
        for space, templates in zip(spaces, sums, strict=True):
            templates.add(owned, space.mapped(vectors))
    tables = {space.key: one.table() for space, one in zip(spaces, sums, strict=True)}
    everyone = np.concatenate(owners)
    require_people(store, np.unique(everyone))
    return StateSnapshot(change, np.concatenate(faces), everyone, tables)


_FACES_AT_ONCE = 5_000
"""Faces made findable between two looks at how far it is."""
_SAVED_AGAIN = 0.01
"""Share of faces that may come, go or move before what is saved of them is saved anew."""


class RecognitionState:
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
        self.names = IdentityNameCache(store)
        self._store = store
        self._background = background
        self._tell = tell
        self.forget()

    def forget(self) -> None:
        """Lets everything go, unsaved; the spaces must be closed."""
        self.spaces: tuple[Space, ...] = ()
        self.owners = IdMap()
        self.in_use = ActiveModels()
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
        in_use = load_active_models(self._store, self._tell)
        if in_use.ids != self.in_use.ids:
            self.close()  # other spaces: they are taken up when they are next needed
            return
        faces, now = changed_owners(self.owners, *self._store.faces.membership())
        apply_changes(self._store, self.spaces, self.owners, faces, now, change)
        self.in_use = in_use
        self.names.forget()
        self._followed(change, len(faces))

    def apply(self, changed: Changed) -> None:
        """Follows a change that was made here."""
        faces = np.unique(np.array(changed.faces, dtype=np.int64))
        now = current_owners(self._store, faces)
        apply_changes(self._store, self.spaces, self.owners, faces, now, changed.change)
        self.names.forget()
        self._followed(changed.change, len(faces))

    def add(self, added: Added, vectors: Rows, reporter: Reporter) -> None:
        """Takes in faces that the store holds now, unless they were taken up from there."""
        if self.owners.find(added.face_ids[:1])[0] >= 0:
            return
        change = self._store.history.last_change()
        for start in range(0, len(added.face_ids), _FACES_AT_ONCE):
            reporter.progress("Indexing faces", start, len(added.face_ids))
            part = slice(start, start + _FACES_AT_ONCE)
            for space in self.spaces:
                space.add(added.face_ids[part], vectors[part], change)
        recompute_templates(
            self._store, self.spaces, self.owners, added.face_ids, added.identity_ids
        )
        self._followed(change, len(vectors))

    def unremembered(self) -> StateSnapshot | None:
        """A copy of what the next opening would miss, to be saved; None where that is little."""
        faces, owners = self.owners.items()
        wanted = self._other > _SAVED_AGAIN * len(faces) and self.spaces
        if not wanted or self._store.encrypted or not self._store.writable:
            return None
        self._other = 0
        tables = {space.key: space.templates.copied() for space in self.spaces}
        return StateSnapshot(self.change, faces, owners.copy(), tables)

    def remember(self, state: StateSnapshot) -> None:
        """Saves it where the disk allows; changes may come in meanwhile."""
        with suppress(OSError):  # it only spares work
            state_snapshot.save(self.folder / state_snapshot.NAME, state)

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
        self.in_use = load_active_models(self._store, self._tell)
        spaces = [make_space(self._store, self.folder)]
        model = self.in_use.models.get("triplet")
        if model is not None:
            spaces.append(make_space(self._store, self.folder, model.id, model.network))
        path = None if self._store.encrypted else self.folder / state_snapshot.NAME
        self.owners, self.change, anew = load_state(self._store, spaces, path)
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
