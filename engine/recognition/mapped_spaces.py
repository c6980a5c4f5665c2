"""The spaces that faces can be compared in: as they came, and as the models in use see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import ModelError
from engine.models.network import Network
from engine.models.version_files import load_network
from engine.records.types import Distance, Vectors
from engine.store import Store
from engine.utils.distances import prepare
from engine.utils.gallery_folder import INDEX


@dataclass(frozen=True, eq=False)
class MappedSpace:
    """One of them.

    Attributes:
        name: ``original``, ``triplet`` or ``mlp`` (what its last hidden layer gives).
        dimension, distance: in this space.
        folder: for what is derived from it; it goes when the model goes.
        mapped: vectors as they came ``(n, d)`` to prepared ones of the space ``(n, dimension)``.
    """

    name: str
    dimension: int
    distance: Distance
    folder: Path
    mapped: Callable[[Vectors], Vectors]


def mapped_spaces(store: Store) -> dict[str, MappedSpace]:
    """By name; of a model that cannot be read there is none."""
    folder = store.folder / INDEX
    as_they_came = partial(prepare, distance=store.distance)
    spaces = {
        "original": MappedSpace("original", store.dimension, store.distance, folder, as_they_came)
    }
    for version in sorted(store.models.all(), key=lambda one: one.kind, reverse=True):
        if not version.active:
            continue
        try:
            network = load_network(store.models.version_folder(version.id))
        except ModelError:
            continue
        if version.kind == "mlp":
            network = network.hidden()
        compared: Distance = "cosine" if version.kind == "triplet" else "euclidean"
        spaces[version.kind] = MappedSpace(
            version.kind,
            network.outputs,
            compared,
            folder / version.id,
            partial(_mapped, network, compared),
        )
    return spaces


def _mapped(network: Network, distance: Distance, vectors: Vectors) -> Vectors:
    return prepare(network(vectors), distance)
