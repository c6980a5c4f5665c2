"""The vector spaces that faces can be compared in, and those of them that are searched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import GalleryDamagedError, ModelError
from engine.index.manager import IndexManager
from engine.models.network import Network
from engine.models.version_files import load_network
from engine.progress import Listener
from engine.recognition.templates import LiveTemplates, Templates
from engine.records.training_parameters import Kind
from engine.records.types import Distance, Ids, Vectors
from engine.store import Store
from engine.utils.distances import prepare
from engine.utils.ignoring import ignored

ORIGINAL = "original"
"""Name of the space that faces came in."""
Networks = Mapping[Kind, tuple[str, Network]]
"""Version id and network of each model in use."""


@dataclass(frozen=True, eq=False)
class VectorSpace:
    """A space of vectors: the one that faces came in, or what a model maps them to.

    Attributes:
        name: ``original``, ``triplet`` or ``mlp`` (the output of its last hidden layer).
        dimension, distance: of its vectors.
        version: id of the model's version, "" for the original space.
        transform: maps vectors as they came ``(n, d)`` into it, ``(n, dimension)``.
    """

    name: str
    dimension: int
    distance: Distance
    version: str = ""
    transform: Callable[[Vectors], Vectors] = lambda vectors: vectors

    @property
    def method(self) -> str:
        """Name of the method that searches in this space."""
        return "knn" if self.name == ORIGINAL else self.name

    @property
    def key(self) -> str:
        """Name of the space and its version in saved files."""
        return f"{self.method} {self.version}".strip()

    def prepared(self, vectors: Vectors) -> Vectors:
        """Map vectors as they came ``(n, d)`` to vectors as they are compared."""
        return prepare(self.transform(vectors), self.distance)


def vector_spaces(dimension: int, distance: Distance, networks: Networks) -> dict[str, VectorSpace]:
    """Every space that faces of a gallery can be compared in by its name, the original one first.

    Args:
        dimension, distance: of the gallery.
    """
    spaces = {ORIGINAL: VectorSpace(ORIGINAL, dimension, distance)}
    for kind in sorted(networks, reverse=True):
        version, network = networks[kind]
        if kind == "mlp":
            network = network.hidden()
        learned: Distance = "cosine" if kind == "triplet" else "euclidean"
        spaces[kind] = VectorSpace(kind, network.outputs, learned, version, network)
    return spaces


def spaces_in_use(store: Store) -> dict[str, VectorSpace]:
    """Every space of a store by its name; none for a model that cannot be read."""
    networks: dict[Kind, tuple[str, Network]] = {}
    for version in store.models.all():
        if version.active:
            with ignored(ModelError):
                network = load_network(store.models.version_folder(version.id))
                networks[version.kind] = version.id, network
    return vector_spaces(store.dimension, store.distance, networks)


class SearchedSpace:
    """Index and templates of a gallery's faces in one space; rebuilt from the store at need.

    Attributes:
        space: where the faces are compared.
        index: finds neighbours.
        templates: of the identities.
    """

    def __init__(self, space: VectorSpace, folder: Path | None, *, writable: bool) -> None:
        """
        Args:
            folder: for the index; None keeps it in memory.
        """
        self.space = space
        self.templates = LiveTemplates(space.dimension, space.distance)
        self.index = IndexManager(
            folder, dimension=space.dimension, distance=space.distance, writable=writable
        )

    def empty_templates(self) -> Templates:
        """An empty accumulator of templates in this space."""
        return Templates(self.space.dimension, self.space.distance)

    def start(
        self,
        store: Store,
        faces: Ids,
        change: int,
        *,
        background: bool,
        listener: Listener | None,
    ) -> None:
        """Start the index from all faces of the store at a change, but not the templates."""

        def chunks(wanted: Ids | None) -> Iterator[tuple[Ids, Vectors]]:
            for ids, _, vectors in store.faces.vector_batches(wanted):
                yield ids, self.space.transform(vectors)

        self.index.start(change, lambda: faces, chunks, background=background, listener=listener)

    def fill(self, faces: Ids, owners: Ids, vectors: Vectors) -> None:
        """Start index and templates from faces in memory: ids and identity ids ``(n,)``,
        ascending by id, and vectors as they came ``(n, d)``.
        """
        rows, templates = self.space.transform(vectors), self.empty_templates()
        templates.add(owners, rows)
        self.templates.start(templates.table())
        self.index.start(0, lambda: faces, lambda _: [(faces, rows)], background=False)

    def add(self, ids: Ids, vectors: Vectors, change: int) -> None:
        """Make faces findable that the store holds since ``change``; templates stay."""
        self.index.add(ids, self.space.transform(vectors), change)

    def exchange(self, gone: Ids, ids: Ids, vectors: Vectors, change: int) -> None:
        """Make faces unfindable that the store does not hold any more, and others findable;
        templates stay, see :meth:`renew`.
        """
        if len(gone) or len(ids):
            self.index.exchange(gone, ids, self.space.transform(vectors), change)

    def renew(self, identities: Ids, owners: Ids, vectors: Vectors) -> None:
        """Compute the templates of identities anew from all their faces."""
        self.templates.renew(identities, owners, self.space.transform(vectors))


def searched_spaces(
    spaces: Mapping[str, VectorSpace], folder: Path | None, *, writable: bool = False
) -> list[SearchedSpace]:
    """Those spaces that a method searches in, the original one first.

    Args:
        folder: of indexes, one below it for each model's version; None keeps all in memory.
    """
    return [
        SearchedSpace(space, folder and folder / space.version, writable=writable)
        for name, space in spaces.items()
        if name in (ORIGINAL, "triplet")
    ]


def require_people(store: Store, identities: Ids) -> None:
    """Raise GalleryDamagedError where one of these ids, each once, is of nobody in the store."""
    ids = identities.tolist()
    missing = len(ids) - len(store.people.names(ids)) if ids else 0
    if missing:
        raise GalleryDamagedError(
            f"There are faces of {missing:,} people who are not in the database",
            file=store.folder,
            remedy="`face-gallery check` lists them. Restore an earlier copy of the gallery.",
        )
