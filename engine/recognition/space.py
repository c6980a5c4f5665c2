"""One space of vectors, as they came or as a model maps them: its index and its templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import GalleryDamagedError
from engine.index.manager import IndexManager
from engine.models.network import Network
from engine.progress import Listener
from engine.recognition.templates import LiveTemplates, Templates
from engine.records.types import Distance, Ids, Vectors
from engine.store import Store

Transform = Callable[[Vectors], Vectors]


def require_people(store: Store, identities: Ids) -> None:
    """Raises GalleryDamagedError where one of these, each once, is not in the store."""
    asked = identities.tolist()
    nobody = len(asked) - len(store.people.names(asked)) if asked else 0
    if nobody:
        raise GalleryDamagedError(
            f"There are faces of {nobody:,} people who are not in the database",
            file=store.folder,
            remedy="`face-gallery check` lists them. Put back a copy of the gallery from before.",
        )


class Space:
    """Index and templates of a gallery's faces in one space; made anew from the store at need.

    Attributes:
        name: what the method that looks here is called.
        version: of the model that made it, "" where none did.
        keeper: finds neighbours.
        templates: of the identities.
        distance: in this space.
        dimension: of its vectors.
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
        version: str = "",
    ) -> None:
        self.name = name
        self.version = version
        self.distance: Distance = distance
        self.transform = transform
        self.dimension = dimension
        self.templates = LiveTemplates(dimension, distance)
        self.keeper = IndexManager(
            folder, dimension=dimension, distance=distance, writable=writable
        )

    @property
    def key(self) -> str:
        """Tells it from the spaces of other models."""
        return f"{self.name} {self.version}".strip()

    def gather(self) -> Templates:
        """Where the templates of all faces are to be added up, see :meth:`mapped`."""
        return Templates(self.dimension, self.distance)

    def start(
        self,
        store: Store,
        faces: Ids,
        change: int,
        *,
        background: bool,
        listener: Listener | None,
    ) -> None:
        """Starts from all faces of the store at a change; templates are started apart."""

        def chunks(wanted: Ids | None) -> Iterator[tuple[Ids, Vectors]]:
            for ids, _, vectors in store.faces.vector_batches(wanted):
                yield ids, self.mapped(vectors)

        self.keeper.start(change, lambda: faces, chunks, background=background, listener=listener)

    def add(self, ids: Ids, vectors: Vectors, change: int) -> None:
        """Makes faces findable that the store holds since ``change``; for templates as
        :meth:`exchange`.
        """
        self.keeper.add(ids, self.mapped(vectors), change)

    def exchange(self, gone: Ids, ids: Ids, vectors: Vectors, change: int) -> None:
        """Makes faces unfindable that the store does not hold any more, and others findable.

        Templates are not touched: see :meth:`renew`.
        """
        if len(gone) or len(ids):
            self.keeper.exchange(gone, ids, self.mapped(vectors), change)

    def renew(self, identities: Ids, owners: Ids, vectors: Vectors) -> None:
        """Starts the templates of identities anew from all their faces."""
        self.templates.renew(identities, owners, self.mapped(vectors))

    def close(self) -> None:
        """Ends a rebuild under way and saves the index."""
        self.keeper.close()

    def mapped(self, vectors: Vectors) -> Vectors:
        """Vectors ``(n, d)``, as they came, in this space."""
        return vectors if self.transform is None else self.transform(vectors)


def make_space(
    store: Store, folder: Path, version: str = "", network: Network | None = None
) -> Space:
    """The space that a store's faces came in, or the one that a network maps them to.

    Args:
        folder: of indexes; nothing of an encrypted gallery is kept there.
    """
    return Space(
        "triplet" if network else "knn",
        None if store.encrypted else folder / version,
        dimension=store.dimension if network is None else network.outputs,
        distance=store.distance if network is None else "cosine",
        writable=store.writable,
        transform=network,
        version=version,
    )
