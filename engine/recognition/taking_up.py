"""How recognition starts: from what was saved beside the index, else from all faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.recognition import remembered
from engine.recognition.following import differing, regroup
from engine.recognition.remembered import Form, Remembered
from engine.recognition.space import Space, require_people
from engine.records.types import Ids
from engine.store import Store
from engine.utils.id_map import IdMap
from engine.utils.trim_heap import give_back

_SAMPLE = 32
"""Identities whose saved templates are held against the store, newest first, and as many evenly."""
_MOST_OTHER = 0.25
"""Share of faces that may be other than saved; with more it is quicker to start anew."""


def taken_up(store: Store, spaces: Sequence[Space], path: Path | None) -> tuple[IdMap, int, bool]:
    """Starts the templates of spaces.

    Args:
        path: of the saved state; None where there is none to be.

    Returns:
        owners of all faces, the change of the store that all of it stands for, and whether it was
        made anew. Another process may have moved the store on meanwhile.

    Raises:
        GalleryDamagedError: a face belongs to nobody, or cannot be read.
    """
    forms = {space.key: Form(space.dimension, space.distance) for space in spaces}
    change = store.history.last_change()
    state = remembered.load(path, forms) if path else None
    if state is not None:
        owners = _caught_up(store, spaces, state, change)
        if owners is not None:
            return owners, change, False
    state = _gathered(store, spaces, change)
    for space in spaces:
        space.templates.start(state.tables[space.key])
    give_back()  # what adding up took, before an index takes more
    return IdMap(state.faces, state.owners), change, True


def _caught_up(
    store: Store, spaces: Sequence[Space], state: Remembered, change: int
) -> IdMap | None:
    """Owners, with templates started from a saved state; None where it is of no use."""
    owners = IdMap(state.faces, state.owners)
    faces = now = np.empty(0, dtype=np.int64)
    if state.change > change:
        return None  # the gallery was put back to an older state
    if state.change != change:
        faces, now = differing(owners, *store.faces.membership())
    if len(faces) > _MOST_OTHER * len(state.faces):
        return None
    for space in spaces:
        space.templates.start(state.tables[space.key])
    if not _speaks_of(store, spaces, _some(state, faces, now)):
        return None
    regroup(store, spaces, owners, faces, now)
    return owners


def _some(state: Remembered, faces: Ids, now: Ids) -> Ids:
    """Identities that are as they were; the newest are among them, for it is they that differ
    where a store was put back to an older state and went on from there.
    """
    touched = np.concatenate([now, state.owners[np.isin(state.faces, faces)]])
    still = np.setdiff1d(state.owners, touched)
    return np.unique(np.r_[still[-_SAMPLE:], still[:: max(1, len(still) // _SAMPLE)]])


def _speaks_of(store: Store, spaces: Sequence[Space], identities: Ids) -> bool:
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


def _gathered(store: Store, spaces: Sequence[Space], change: int) -> Remembered:
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
    return Remembered(change, np.concatenate(faces), everyone, tables)
