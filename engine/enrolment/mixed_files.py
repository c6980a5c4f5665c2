"""Files of many faces that would become one person and look like several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embeddings.checks import usable
from engine.review.dividing import clear_height, divided, ordinary_height
from engine.store import Store
from engine.tools.distances import prepare
from engine.types import Rows, Vectors

_FILES = 20  # of one import that are looked at
_FACES = 500  # of each
_OTHERS = 100  # identities that tell how one person's faces scatter
_THEIR_FACES = 30


def mixed_files(store: Store, files: Sequence[tuple[str, Rows]]) -> tuple[str, ...]:
    """Sentences on those whose faces fall into several groups.

    Args:
        files: path and vectors of each.
    """
    if not files:
        return ()
    ordinary = ordinary_height(_enrolled(store), store.distance)
    said = []
    for path, vectors in files[:_FILES]:
        some = vectors[:: max(1, len(vectors) // _FACES)]
        rows = prepare(some[usable(some)], store.distance)
        height = clear_height(rows, store.distance) if ordinary is None else ordinary
        groups = 1 + int(divided(rows, store.distance, ordinary=height).max(initial=0))
        if groups > 1:
            said.append(
                f"{path}: {len(vectors):,} faces of one file become one person; "
                f"they fall into {groups} groups. If these are several people, put their names "
                "beside them, in a table or an array."
            )
    return tuple(said)


def _enrolled(store: Store) -> list[Vectors]:
    """Prepared faces of the identities that have most."""
    faces, owners = store.faces.membership()
    known, counts = np.unique(owners, return_counts=True)
    chosen = known[np.argsort(-counts, kind="stable")[:_OTHERS]]
    found = []
    for identity in chosen.tolist():
        vectors = store.faces.vectors(faces[owners == identity][:_THEIR_FACES])[2]
        found.append(prepare(vectors, store.distance))
    return found
