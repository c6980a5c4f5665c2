"""One space of vectors, as they came or as a model maps them: its index and its templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import GalleryDamagedError
from engine.identification import Templates
from engine.index import IndexKeeper
from engine.progress import Listener
from engine.store import Store
from engine.types import Distance, Ids, Vectors

Transform = Callable[[Vectors], Vectors]

_ROWS = 4_096


@dataclass(frozen=True, eq=False)
class Moment:
    """All faces of a store at one moment.

    Attributes:
        change: its change counter.
        ids, owners, vectors: face ids ``(n,)``, ascending, identity ids ``(n,)``, and embeddings
            ``(n, d)`` as they came.
        names: of all identities.
    """

    change: int
    ids: Ids
    owners: Ids
    vectors: Vectors
    names: dict[int, str]

    @classmethod
    def of(cls, store: Store) -> Moment:
        """As it is now, though another process may be writing it.

        Raises:
            GalleryDamagedError: a face belongs to nobody.
        """
        while True:
            change = store.change()
            ids, owners, vectors = store.vectors()
            names = {identity.id: identity.name for identity in store.identities()}
            if store.change() == change:
                _require_names(store, owners, names)
                return cls(change, ids, owners, vectors, names)


def _require_names(store: Store, owners: Ids, names: Mapping[int, str]) -> None:
    nobody = set(np.unique(owners).tolist()) - names.keys()
    if nobody:
        raise GalleryDamagedError(
            f"There are faces of {len(nobody):,} people who are not in the database",
            file=store.folder,
            remedy="`face-gallery check` lists them. Put back a copy of the gallery from before.",
        )


class Space:
    """Index and templates of a gallery's faces in one space; made anew from the store at need.

    Attributes:
        name: what the method that looks here is called.
        keeper: finds neighbours.
        templates: of the identities.
        distance: in this space.
        transform: brings vectors as they came into it; None for the space they came in.
    """

    def __init__(
        self,
        name: str,
        folder: Path | None,
        *,
        dimension: int,
        distance: Distance,
        writable: bool,
        transform: Transform | None = None,
    ) -> None:
        self.name = name
        self.distance: Distance = distance
        self.transform = transform
        self.templates = Templates(dimension, distance)
        self.keeper = IndexKeeper(folder, dimension=dimension, distance=distance, writable=writable)

    def take_up(self, moment: Moment, *, background: bool, listener: Listener | None) -> None:
        """Starts from all faces of the store."""
        ids, mapped = moment.ids, self._mapped(moment.vectors)
        self.templates.add(moment.owners, mapped)

        def rows_of(wanted: Ids | None) -> Iterator[tuple[Ids, Vectors]]:
            some = ids if wanted is None else wanted
            for at in range(0, len(some), _ROWS):
                part = some[at : at + _ROWS]
                yield part, mapped[np.searchsorted(ids, part)]

        self.keeper.start(
            moment.change, lambda: ids, rows_of, background=background, listener=listener
        )

    def add(self, ids: Ids, owners: Ids, vectors: Vectors, change: int) -> None:
        """Makes faces findable that the store holds since ``change``."""
        mapped = self._mapped(vectors)
        self.keeper.add(ids, mapped, change)
        self.templates.add(owners, mapped)

    def exchange(self, gone: Ids, ids: Ids, vectors: Vectors, change: int) -> None:
        """Makes faces unfindable that the store does not hold any more, and others findable.

        Templates are not touched: see :meth:`renew`.
        """
        if len(gone) or len(ids):
            self.keeper.exchange(gone, ids, self._mapped(vectors), change)

    def renew(self, identities: Ids, owners: Ids, vectors: Vectors) -> None:
        """Starts the templates of identities anew from all their faces."""
        self.templates.renew(identities, owners, self._mapped(vectors))

    def close(self) -> None:
        """Ends a rebuild under way and saves the index."""
        self.keeper.close()

    def _mapped(self, vectors: Vectors) -> Vectors:
        return vectors if self.transform is None else self.transform(vectors)
