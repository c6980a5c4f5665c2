"""What is derived from a gallery's faces follows a change of the store, without being made anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.recognition.space import Space, require_people
from engine.records.types import Ids
from engine.store import Store
from engine.utils.id_map import IdMap

_AT_ONCE = 500
"""Identities whose faces are in memory at a time."""


def follow(
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
    regroup(store, spaces, owners, faces, now)


def regroup(store: Store, spaces: Sequence[Space], owners: IdMap, faces: Ids, now: Ids) -> None:
    """The same but for the indexes. Raises GalleryDamagedError: a face belongs to nobody."""
    before = owners.find(faces)
    other = before != now
    concerned = np.unique(np.concatenate([before[other], now[other]]))
    concerned = concerned[concerned >= 0]
    require_people(store, np.unique(now[other & (now >= 0)]))
    for start in range(0, len(concerned), _AT_ONCE):
        some = concerned[start : start + _AT_ONCE]
        _, theirs, members = store.faces.vectors(store.faces.ids_of(some.tolist()))
        for space in spaces:
            space.renew(some, theirs, members)
    owners.put(faces[other], now[other])


def owners_now(store: Store, faces: Ids) -> Ids:
    """The identity of each face ``(n,)`` by what the store holds; -1 for one that is gone."""
    now = np.full(len(faces), -1, dtype=np.int64)
    for ids, owned, _ in store.faces.vector_batches(faces):
        now[np.searchsorted(faces, ids)] = owned
    return now


def differing(owners: IdMap, faces: Ids, owned: Ids) -> tuple[Ids, Ids]:
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
