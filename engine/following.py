"""What is derived from a gallery's faces follows a change of the store, without being made anew."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.changes import Changed
from engine.space import Space
from engine.store import Store
from engine.types import Ids


def follow(store: Store, spaces: Iterable[Space], owners: dict[int, int], changed: Changed) -> None:
    """Brings spaces and owners to what the store holds of the faces that a change touched.

    Afterwards they are, to the last bit of each template, as if they had been taken up anew.

    Args:
        owners: identity ids of all face ids as they were before the change; brought up to date.
    """
    ids, owned, vectors = store.vectors(np.array(changed.faces, dtype=np.int64))
    after = dict(zip(ids.tolist(), owned.tolist(), strict=True))
    before = {face: owners[face] for face in changed.faces if face in owners}
    other = [face for face in changed.faces if before.get(face) != after.get(face)]
    if not other:
        return
    gone = _ids(face for face in other if face not in after)
    came = np.isin(ids, _ids(face for face in other if face not in before))
    concerned = _ids({one[face] for one in (before, after) for face in other if face in one})
    _, theirs, members = store.vectors(store.members(concerned.tolist()))
    for space in spaces:
        space.exchange(gone, ids[came], vectors[came], changed.change)
        space.renew(concerned, theirs, members)
    for face in gone.tolist():
        del owners[face]
    owners.update((face, after[face]) for face in other if face in after)


def _ids(values: Iterable[int]) -> Ids:
    return np.array(sorted(values), dtype=np.int64)
