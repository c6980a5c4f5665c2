"""Joins store and review: what looks wrong in a gallery, without what a person settled already."""

from __future__ import annotations

from collections.abc import Collection

from engine.errors import InputError
from engine.findings import KINDS, Kind, Review
from engine.progress import SILENT, Reporter
from engine.review import Decided, Faces, review
from engine.space import Moment
from engine.store import Store


def review_store(
    store: Store,
    kinds: Collection[Kind] = KINDS,
    *,
    reporter: Reporter = SILENT,
) -> Review:
    """See :meth:`engine.gallery.Gallery.review`.

    What a person decided does not come up again.
    """
    if unknown := set(kinds) - set(KINDS):
        raise InputError(
            f"There is no such kind as “{min(unknown)}”", remedy=f"Kinds are {', '.join(KINDS)}."
        )
    moment = Moment.of(store)
    refused = frozenset(
        (int(face), identity)
        for face, identities in zip(moment.ids, store.rejections(moment.vectors), strict=True)
        for identity in identities
    )
    decided = Decided(
        confirmed=frozenset(store.confirmed().tolist()),
        ignored=frozenset(store.ignored().tolist()),
        refused=refused,
        apart=store.apart(),
    )
    faces = Faces.of(
        moment.ids, moment.owners, moment.vectors, store.distance, moment.names, decided
    )
    return review(faces, kinds, reporter=reporter)
