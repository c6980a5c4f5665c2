"""Joins store and review: what looks wrong in a gallery, without what a person settled already."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from engine.errors import GalleryDamagedError, InputError
from engine.progress import SILENT, Reporter
from engine.records.findings import KINDS, Kind, Review
from engine.records.types import Ids
from engine.review.finders import review
from engine.review.review_faces import Decided, ReviewFaces, Search
from engine.store import Store
from engine.utils.distances import prepare


def review_store(
    store: Store,
    kinds: Collection[Kind] = KINDS,
    *,
    index: Search | None = None,
    reporter: Reporter = SILENT,
) -> Review:
    """Find what looks wrong, worst first (:meth:`engine.gallery.Gallery.review`).

    What a person decided does not come up again.

    Args:
        index: finds neighbours in a gallery too large to compare all faces with all.
    """
    if unknown := set(kinds) - set(KINDS):
        raise InputError(
            f"There is no kind “{min(unknown)}”", remedy=f"Kinds are {', '.join(KINDS)}."
        )
    return review(_faces(store, reporter), kinds, index=index, reporter=reporter)


def _faces(store: Store, reporter: Reporter) -> ReviewFaces:
    """All faces of one moment, though another process may be writing the store.

    Raises:
        GalleryDamagedError: a face belongs to nobody. CancelledError: stopped by the reporter.
    """
    while True:
        change = store.history.last_change()
        ids, owners = store.faces.membership()
        rows = np.empty((len(ids), store.dimension), dtype=np.float32)
        refused: set[tuple[int, int]] = set()
        done = 0
        for faces, _, vectors in store.faces.vector_batches():
            reporter.progress("Reading faces", done, len(ids))
            rows[done : done + len(faces)] = prepare(vectors, store.distance)[: len(rows) - done]
            done += len(faces)
            for face, identities in zip(
                faces.tolist(), store.decisions.rejections(vectors), strict=True
            ):
                refused.update((face, identity) for identity in identities)
        decided = Decided(
            confirmed=frozenset(store.decisions.confirmed().tolist()),
            ignored=frozenset(store.decisions.ignored().tolist()),
            refused=frozenset(refused),
            apart=store.decisions.cannot_link(),
        )
        names = {identity.id: identity.name for identity in store.people.all()}
        if store.history.last_change() == change:
            _require_names(store, owners, names)
            return ReviewFaces.of(ids, owners, rows, store.distance, names, decided)


def _require_names(store: Store, owners: Ids, names: Mapping[int, str]) -> None:
    nobody = set(np.unique(owners).tolist()) - names.keys()
    if nobody:
        raise GalleryDamagedError(
            f"There are faces of {len(nobody):,} people who are not in the database",
            file=store.folder,
            remedy="`face-gallery check` lists them. Restore an earlier copy of the gallery.",
        )
