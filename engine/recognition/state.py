"""What recognition derives from a gallery's faces and models, kept up to date with its store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np

from engine.progress import Event, Listener, Reporter
from engine.recognition import state_snapshot
from engine.recognition.active_models import ActiveModels, load_active_models
from engine.recognition.spaces import (
    SearchedSpace,
    require_people,
    searched_spaces,
    vector_spaces,
)
from engine.recognition.state_snapshot import StateSnapshot, TemplateForm
from engine.records.changes import Changed
from engine.records.types import Added, Ids, Rows
from engine.store import Store
from engine.utils.gallery_folder import INDEX
from engine.utils.id_map import IdMap
from engine.utils.ignoring import ignored
from engine.utils.trim_heap import give_back

_MOST_NAMES = 30_000
"""Names kept: some 4 MB, where those of 100,000 people would be read at every opening."""
_IDENTITIES_AT_ONCE = 500
"""Identities whose faces are in memory at a time."""
_FACES_AT_ONCE = 5_000
"""Faces made findable between two reports of progress."""
_COMPARED = 32
"""Identities whose saved templates are compared with the store: the newest, and as many evenly."""
_MOST_CHANGED = 0.25
"""Share of faces that may differ from what was saved; with more a fresh start is quicker."""
_SAVED_AGAIN = 0.01
"""Share of faces that may come, go or move before the snapshot is saved again."""


class IdentityNameCache:
    """Names of identity ids, the latest at hand. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, str] = {}

    def __call__(self, identities: AbstractSet[int]) -> Mapping[int, str]:
        """All names at hand, among them these; there is none for an identity that is gone."""
        known = self._known
        missing = [identity for identity in identities if identity not in known]
        return self._with(known, identities, missing) if missing else known

    def forget(self) -> None:
        """Drop all names: people may be called something else now."""
        self._known = {}  # a thread that reads meanwhile has the old one

    def _with(
        self, known: dict[int, str], identities: AbstractSet[int], missing: list[int]
    ) -> Mapping[int, str]:
        found = self._store.people.names(missing)
        if len(known) + len(found) > _MOST_NAMES:
            found |= {identity: known[identity] for identity in identities if identity in known}
            if self._known is known:
                self._known = found
            return found
        known.update(found)
        return known


class RecognitionState:
    """Spaces, owners, names and models of one gallery. One thread changes them at a time.

    Attributes:
        spaces: the one that faces came in, and that of the triplet model where one is in use;
            empty while nothing is loaded.
        owners: identity ids of face ids.
        names: of identities.
        models: those in use.
        change: of the store, that all of this stands for.
    """

    def __init__(self, store: Store, *, background: bool, tell: Callable[[Event], None]) -> None:
        self.folder: Path = store.folder / INDEX
        self.names = IdentityNameCache(store)
        self._store = store
        self._background = background
        self._tell = tell
        self.reset()

    def reset(self) -> None:
        """Drop everything, unsaved; the spaces must be closed."""
        self.spaces: Sequence[SearchedSpace] = ()
        self.owners = IdMap()
        self.models = ActiveModels()
        self.change = -1
        self._changed = 0
        self.names.forget()

    def load(self, listener: Listener | None) -> None:
        """Start from what was saved, else from all faces.

        Raises:
            GalleryDamagedError: a face belongs to nobody, or cannot be read.
        """
        self.close()
        try:
            self.names.forget()
            self._load(listener)
        except BaseException:
            self.close()  # half of it would answer as if it were all
            raise

    def close(self) -> None:
        """Stop a rebuild under way, and save. May be called twice."""
        for searched in self.spaces:
            searched.index.close()
        snapshot = self.snapshot_if_changed()
        if snapshot is not None:
            self.save(snapshot)
        self.spaces, self.owners = (), IdMap()

    # -- following the store -----------------------------------------------------------------

    def apply_external_changes(self) -> None:
        """Follow what another process has changed in the store."""
        change = self._store.history.last_change()
        models = load_active_models(self._store, self._tell)
        if models.ids != self.models.ids:
            self.close()  # the spaces differ: the next query loads them
            return
        faces, owners = _differences(self.owners, *self._store.faces.membership())
        self._apply(faces, owners, change)
        self.models = models

    def apply(self, changed: Changed) -> None:
        """Follow a change that this process made in the store."""
        faces = np.unique(np.array(changed.faces, dtype=np.int64))
        owners = np.full(len(faces), -1, dtype=np.int64)
        for ids, owned, _ in self._store.faces.vector_batches(faces):
            owners[np.searchsorted(faces, ids)] = owned
        self._apply(faces, owners, changed.change)

    def add(self, added: Added, vectors: Rows, reporter: Reporter) -> None:
        """Add faces that the store holds now, unless they were loaded from there."""
        if self.owners.find(added.face_ids[:1])[0] >= 0:
            return
        change = self._store.history.last_change()
        for start in range(0, len(added.face_ids), _FACES_AT_ONCE):
            reporter.progress("Indexing faces", start, len(added.face_ids))
            part = slice(start, start + _FACES_AT_ONCE)
            for searched in self.spaces:
                searched.add(added.face_ids[part], vectors[part], change)
        self._recompute_templates(added.face_ids, added.identity_ids)
        self._note(change, len(vectors))

    def _apply(self, faces: Ids, owners: Ids, change: int) -> None:
        """Bring indexes, templates and owners to what the store holds of some faces.

        Afterwards they are, to the last bit of each template, as if they had been made anew.

        Args:
            faces: ids, ascending, each once.
            owners: the identity of each by now; -1 for a face that is gone.
        """
        before = self.owners.find(faces)
        came, ids = faces[(before < 0) & (owners >= 0)], np.empty(0, dtype=np.int64)
        vectors = np.empty((0, self._store.dimension), dtype=np.float32)
        if len(came):
            ids, _, vectors = self._store.faces.vectors(came)
        for searched in self.spaces:
            searched.exchange(faces[(before >= 0) & (owners < 0)], ids, vectors, change)
        self._recompute_templates(faces, owners)
        self.names.forget()
        self._note(change, len(faces))

    def _recompute_templates(self, faces: Ids, owners: Ids) -> None:
        """Recompute the templates of all identities that lose or gain faces.

        Raises:
            GalleryDamagedError: a face belongs to nobody.
        """
        before = self.owners.find(faces)
        moved = before != owners
        identities = np.unique(np.concatenate([before[moved], owners[moved]]))
        identities = identities[identities >= 0]
        require_people(self._store, np.unique(owners[moved & (owners >= 0)]))
        for start in range(0, len(identities), _IDENTITIES_AT_ONCE):
            part = identities[start : start + _IDENTITIES_AT_ONCE]
            _, owned, vectors = self._store.faces.vectors(self._store.faces.ids_of(part.tolist()))
            for searched in self.spaces:
                searched.renew(part, owned, vectors)
        self.owners.put(faces[moved], owners[moved])

    def _note(self, change: int, faces: int) -> None:
        self.change = change
        self._changed += faces

    # -- loading and saving ------------------------------------------------------------------

    def snapshot_if_changed(self) -> StateSnapshot | None:
        """A copy of the state if more than 1 % of the faces changed since the last save."""
        faces, owners = self.owners.items()
        wanted = self._changed > _SAVED_AGAIN * len(faces) and self.spaces
        if not wanted or self._store.encrypted or not self._store.writable:
            return None
        self._changed = 0
        tables = {searched.space.key: searched.templates.copied() for searched in self.spaces}
        return StateSnapshot(self.change, faces, owners.copy(), tables)

    def save(self, snapshot: StateSnapshot) -> None:
        """Save a snapshot where the disk allows; changes may come in meanwhile."""
        with ignored(OSError):  # it only spares work
            state_snapshot.save(self.folder / state_snapshot.NAME, snapshot)

    def _load(self, listener: Listener | None) -> None:
        store, folder = self._store, None if self._store.encrypted else self.folder
        self.models, self._changed = load_active_models(store, self._tell), 0
        spaces = searched_spaces(
            vector_spaces(store.dimension, store.distance, self.models.networks),
            folder,
            writable=store.writable,
        )
        change = store.history.last_change()  # another process may change the store meanwhile
        owners = folder and self._owners_from_snapshot(spaces, folder, change)
        self.owners = owners or _start_templates(store, spaces)
        self.spaces, self.change = spaces, change
        faces, _ = self.owners.items()
        self._changed = 0 if owners else len(faces)
        for number, searched in enumerate(spaces):
            searched.start(
                store,
                faces,
                change,
                background=self._background,
                # that there is no index of a new model yet is no news
                listener=None if number else listener,
            )

    def _owners_from_snapshot(
        self, spaces: Sequence[SearchedSpace], folder: Path, change: int
    ) -> IdMap | None:
        """Owners, with templates started from the snapshot; None where it is of no use."""
        forms = {
            searched.space.key: TemplateForm(searched.space.dimension, searched.space.distance)
            for searched in spaces
        }
        snapshot = state_snapshot.load(folder / state_snapshot.NAME, forms)
        if snapshot is None or snapshot.change > change:
            return None  # after it the gallery was put back to an older state
        self.owners = IdMap(snapshot.faces, snapshot.owners)
        faces = owners = np.empty(0, dtype=np.int64)
        if snapshot.change != change:
            faces, owners = _differences(self.owners, *self._store.faces.membership())
        if len(faces) > _MOST_CHANGED * len(snapshot.faces):
            return None
        for searched in spaces:
            searched.templates.start(snapshot.tables[searched.space.key])
        if not _templates_match(self._store, spaces, _unchanged(snapshot, faces, owners)):
            return None
        self.spaces = spaces
        self._recompute_templates(faces, owners)
        return self.owners


def _start_templates(store: Store, spaces: Sequence[SearchedSpace]) -> IdMap:
    """Compute all templates, a few thousand faces in memory at a time; the owners of all faces."""
    nothing = np.empty(0, dtype=np.int64)
    faces, owners, sums = [nothing], [nothing], [space.empty_templates() for space in spaces]
    for ids, owned, vectors in store.faces.vector_batches():
        faces.append(ids)
        owners.append(owned)
        for searched, templates in zip(spaces, sums, strict=True):
            templates.add(owned, searched.space.transform(vectors))
    tables = [templates.table() for templates in sums]
    identities = np.concatenate(owners)
    require_people(store, np.unique(identities))
    for searched, table in zip(spaces, tables, strict=True):
        searched.templates.start(table)
    give_back()  # what adding up took, before an index takes more
    return IdMap(np.concatenate(faces), identities)


def _unchanged(snapshot: StateSnapshot, faces: Ids, owners: Ids) -> Ids:
    """A sample of the identities that lost or gained none of these faces.

    The newest are among them: it is they that differ where a store was put back to an older state
    and went on from there.
    """
    touched = np.concatenate([owners, snapshot.owners[np.isin(snapshot.faces, faces)]])
    same = np.setdiff1d(snapshot.owners, touched)
    return np.unique(np.r_[same[-_COMPARED:], same[:: max(1, len(same) // _COMPARED)]])


def _templates_match(store: Store, spaces: Sequence[SearchedSpace], identities: Ids) -> bool:
    """Whether the templates of some identities are those of the store's faces."""
    _, owners, vectors = store.faces.vectors(store.faces.ids_of(identities.tolist()))
    for searched in spaces:
        fresh, saved = searched.empty_templates(), searched.templates.table()
        fresh.add(owners, searched.space.transform(vectors))
        table, rows = fresh.table(), saved.rows(identities)
        if not np.array_equal(table.ids, identities) or (rows < 0).any():
            return False
        if not np.array_equal(table.counts, saved.counts[rows]):
            return False
        if not np.allclose(table.means, saved.means[rows], rtol=1e-5, atol=1e-6):
            return False
    return True


def _differences(known: IdMap, faces: Ids, owners: Ids) -> tuple[Ids, Ids]:
    """Faces whose owner differs from a map, ascending, and their owners; -1 for faces gone.

    Args:
        faces, owners: all that the store holds now, ascending by face.
    """
    gone = np.setdiff1d(known.items()[0], faces, assume_unique=True)
    moved = known.find(faces) != owners
    ids = np.concatenate([faces[moved], gone])
    owners = np.concatenate([owners[moved], np.full(len(gone), -1, dtype=np.int64)])
    order = np.argsort(ids)
    return ids[order], owners[order]
