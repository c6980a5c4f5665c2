"""Maps of a gallery's faces, kept with it and brought up to date when faces come and go."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.looking.layouts import Layouts, each_mapped, obstacle, sampled
from engine.looking.mapped_spaces import MappedSpace, mapped_spaces
from engine.progress import SILENT, Reporter
from engine.projection import (
    DIMENSIONS,
    METHODS,
    Layout,
    MapMethod,
    Principal,
    Separation,
    separation,
)
from engine.projection.separation import MOST_FACES
from engine.store import Store
from engine.types import Ids, Vectors


@dataclass(frozen=True, eq=False)
class FaceMap:
    """Where the faces of a gallery lie.

    Attributes:
        layout: of all faces that were enrolled when it was asked for.
        owners: identity ids ``(n,)``.
        space: that they were compared in.
        principal: of a map by principal components; it puts anything else on it.
    """

    layout: Layout
    owners: Ids
    space: str
    principal: Principal | None = None

    @property
    def note(self) -> str:
        """What a person should know of it, one sentence; "" where there is nothing."""
        beside = int((~self.layout.laid_out).sum())
        if not beside:
            return ""
        return f"{beside:,} of {len(self.owners):,} faces were put beside those they look like."


class Maps:
    """The maps of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._layouts = Layouts(store)
        self._busy = threading.Lock()

    def spaces(self) -> tuple[str, ...]:
        """What faces can be compared in: ``original``, and the models in use."""
        return tuple(mapped_spaces(self._store))

    def obstacle(self, method: MapMethod) -> str:
        """Why a method cannot be used here, one sentence; "" where it can. Imports nothing."""
        return obstacle(method)

    def draw(
        self,
        space: str = "original",
        method: MapMethod = "pca",
        *,
        dimensions: int = 2,
        seed: int = 1,
        anew: bool = False,
        reporter: Reporter = SILENT,
    ) -> FaceMap:
        """A map of all faces: kept from before and brought up to date, or made now.

        Args:
            space: one of :meth:`spaces`.
            anew: lays everything out again.

        Raises:
            InputError: there is no such map. TrainingError: a library is not installed, or the
                process died. GalleryWriteError. CancelledError.
        """
        if method not in METHODS or dimensions not in DIMENSIONS:
            raise InputError("There is no such map", remedy=f"Choose {', '.join(METHODS)}.")
        where = self._space(space)
        faces, owners = self._store.faces.membership()
        if method == "pca" or not len(faces):
            return self._principal(where, len(faces), dimensions, reporter)
        with self._busy:  # a second question waits for the first one's answer
            layout = self._layouts.layout(
                where, faces, method, dimensions, seed, anew=anew, reporter=reporter
            )
        return FaceMap(layout, owners, space)

    def is_at_hand(self, space: str, method: MapMethod, dimensions: int, seed: int) -> bool:
        """Whether a map is there or quickly made, so that nobody waits for it."""
        if method == "pca":
            return True
        return self._layouts.is_at_hand(self._space(space), method, dimensions, seed)

    def place(self, drawn: FaceMap, vectors: Vectors) -> Vectors:
        """Where faces that are not on a map would lie.

        Args:
            vectors: ``(m, d)``, as they came.

        Returns:
            ``(m, dimensions)``.

        Raises:
            InputError: the space of the map is gone.
        """
        where = self._space(drawn.space)
        rows = where.mapped(vectors)
        if drawn.principal is not None:
            return drawn.principal(rows)
        return self._layouts.beside(where, drawn.layout, rows)

    def place_unknowns(self, drawn: FaceMap) -> Vectors:
        """Where the queries on the Unknown shelf would lie, ``(m, dimensions)``."""
        _, vectors = self._store.unknowns.vectors([one.id for one in self._store.unknowns.all()])
        if not len(vectors) or not len(drawn.layout.faces):
            return np.empty((0, drawn.layout.dimensions), dtype=np.float32)
        return self.place(drawn, vectors)

    def separation(self, space: str = "original", reporter: Reporter = SILENT) -> Separation | None:
        """How well people keep apart in a space; None where there is nothing to compare."""
        where = self._space(space)
        faces, _ = self._store.faces.membership()
        some = sampled(faces, MOST_FACES, seed=0)
        reporter.progress("Comparing faces", 0, 0)
        _, owners, vectors = self._store.faces.vectors(np.sort(some))
        if not len(vectors):
            return None
        return separation(where.mapped(vectors), owners, where.distance, of=len(faces))

    # -- inside ------------------------------------------------------------------------------

    def _space(self, name: str) -> MappedSpace:
        spaces = mapped_spaces(self._store)
        if name not in spaces:
            raise InputError(
                f"Faces cannot be compared by “{name}” here",
                remedy=f"Choose {', '.join(spaces)}.",
            )
        return spaces[name]

    def _principal(
        self, where: MappedSpace, count: int, dimensions: int, reporter: Reporter
    ) -> FaceMap:
        if not count:
            nobody = np.empty(0, dtype=np.int64)
            nowhere = np.empty((0, dimensions), dtype=np.float32)
            layout = Layout(nobody, nowhere, np.empty(0, dtype=bool), "pca", 0)
            return FaceMap(layout, nobody, where.name)
        read = (rows for _, _, rows in each_mapped(self._store, where, reporter, count))
        principal = Principal.fit(read, dimensions)
        placed = [
            (faces, owners, principal(rows))
            for faces, owners, rows in each_mapped(self._store, where, reporter, count)
        ]
        faces, owners, points = (np.concatenate(column) for column in zip(*placed, strict=True))
        layout = Layout(faces, points, np.ones(len(faces), dtype=bool), "pca", 0)
        return FaceMap(layout, owners, where.name, principal)
