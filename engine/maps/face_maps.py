"""Maps of a gallery's faces, kept with it and brought up to date when faces come and go."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import InputError, MapError, ModelError, install_words
from engine.maps.__main__ import ASKED, POINTS, VECTORS
from engine.maps.layout import DIMENSIONS, METHODS, Layout, MapMethod
from engine.maps.neighbour_graph import NEIGHBOURS, beside_neighbours, index_of
from engine.maps.principal_components import Principal
from engine.maps.separation import MOST_FACES, SeparationEstimate, separation
from engine.progress import SILENT, Reporter
from engine.recognition.spaces import VectorSpace, spaces_in_use
from engine.records.types import Ids, Vectors
from engine.store import Store
from engine.utils.files import scratch_folder
from engine.utils.gallery_folder import INDEX
from engine.utils.ignoring import ignored
from engine.utils.worker_process import run_worker

LAID_OUT = 20_000
"""Faces that UMAP and t-SNE lay out at most; the others are put beside those they look like."""
_STALE = 0.2
"""Share of faces that may be put beside others before all are laid out anew."""
# by method: what is imported, what is installed
_LIBRARIES = {"umap": ("umap", "umap-learn"), "tsne": ("openTSNE", "openTSNE")}


def obstacle(method: MapMethod) -> str:
    """Why a method cannot be used here, one sentence; "" where it can. Imports nothing."""
    library, package = _LIBRARIES.get(method, ("", ""))
    if not library or importlib.util.find_spec(library) is not None:
        return ""
    return f"This map needs {library}, which is not installed. {install_words(package)}"


class Layouts:
    """The layouts of one gallery, each of one space by one method; one thread at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[Path, Layout] = {}  # of an encrypted gallery, nothing lies on disk

    def is_at_hand(self, where: VectorSpace, method: MapMethod, dimensions: int, seed: int) -> bool:
        """Whether one is kept."""
        path = _file_of(self._store.folder, where, method, dimensions, seed)
        return path in self._kept if self._store.encrypted else path.is_file()

    def layout(
        self,
        where: VectorSpace,
        faces: Ids,
        method: MapMethod,
        dimensions: int,
        seed: int,
        *,
        anew: bool,
        reporter: Reporter,
    ) -> Layout:
        """Where faces lie: kept from before and brought up to date, or laid out now.

        Args:
            faces: ids ``(n,)`` of all that are enrolled, ascending.
            anew: lays everything out again.

        Raises:
            MapError: a library is not installed, or the process died. GalleryWriteError.
            CancelledError.
        """
        path = _file_of(self._store.folder, where, method, dimensions, seed)
        layout = None if anew else self._caught_up(where, path, faces, reporter)
        if layout is None:
            layout = self._laid_out(where, faces, method, dimensions, seed, reporter)
            self._keep(path, layout)
        return layout

    def beside(self, where: VectorSpace, layout: Layout, rows: Vectors) -> Vectors:
        """Where vectors ``(m, d)`` of a space would lie, ``(m, dimensions)``."""
        known = layout.kept(layout.laid_out)
        ids, _, vectors = self._store.faces.vectors(known.faces)
        there = np.isin(known.faces, ids)  # somebody may be gone since
        found = index_of(where.prepared(vectors), where.distance).search(rows, NEIGHBOURS)
        return beside_neighbours(found, known.points[there])

    def _caught_up(
        self, where: VectorSpace, path: Path, faces: Ids, reporter: Reporter
    ) -> Layout | None:
        """What was kept, as the gallery is now; None where it must be laid out anew."""
        kept = self._load(path)
        if kept is None:
            return None
        kept = kept.kept(np.isin(kept.faces, faces))
        new = np.setdiff1d(faces, kept.faces)
        of_sample = min(len(faces), LAID_OUT)
        if kept.laid_out.sum() < (1.0 - _STALE) * of_sample or len(new) > LAID_OUT:
            return None
        if not len(new):
            return kept
        reporter.progress("Placing new faces", 0, len(new))
        _, _, vectors = self._store.faces.vectors(new)
        points = self.beside(where, kept, where.prepared(vectors))
        layout = kept.with_faces(new, points)
        self._keep(path, layout)
        return layout

    def _laid_out(
        self,
        where: VectorSpace,
        faces: Ids,
        method: MapMethod,
        dimensions: int,
        seed: int,
        reporter: Reporter,
    ) -> Layout:
        lacking = obstacle(method)
        if lacking:
            problem, _, remedy = lacking.partition(". ")
            raise MapError(problem, remedy=remedy)
        sample = np.sort(sampled(np.arange(len(faces)), LAID_OUT, seed))
        others = np.setdiff1d(np.arange(len(faces)), sample)
        order = np.concatenate([sample, others])
        asked = {
            "method": method,
            "dimensions": dimensions,
            "seed": seed,
            "distance": where.distance,
            "sample": len(sample),
        }
        with scratch_folder(self._place()) as folder:
            (folder / ASKED).write_text(json.dumps(asked), encoding="utf-8")
            self._write(folder / VECTORS, where, faces, np.argsort(order), reporter)
            run_worker("map", "engine.maps", folder, reporter, MapError)
            points = np.load(folder / POINTS, allow_pickle=False)
        laid_out = np.zeros(len(faces), dtype=bool)
        laid_out[sample] = True
        return Layout(faces, points[np.argsort(order)], laid_out, method, seed)

    def _write(
        self, path: Path, where: VectorSpace, faces: Ids, places: Ids, reporter: Reporter
    ) -> None:
        """The faces, each at its place; a few thousand in memory at a time."""
        shape = (len(places), where.dimension)
        table = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        for some, _, rows in each_mapped(self._store, where, reporter, len(places)):
            known = np.minimum(np.searchsorted(faces, some), len(faces) - 1)
            asked = faces[known] == some  # none that came meanwhile
            table[places[known[asked]]] = rows[asked]
        table.flush()

    def _place(self) -> Path | None:
        """Where faces may lie while they are laid out: in memory, where they are encrypted."""
        if self._store.encrypted:
            place = self._store.models.folder
            place.mkdir(mode=0o700, exist_ok=True)
            return place
        return self._store.folder if self._store.writable else None

    def _load(self, path: Path) -> Layout | None:
        if self._store.encrypted:
            return self._kept.get(path)
        with ignored(ModelError):  # absent or damaged: it is made anew
            return Layout.load(path)
        return None

    def _keep(self, path: Path, layout: Layout) -> None:
        if self._store.encrypted:
            self._kept[path] = layout
            return
        with ignored(OSError):  # it only saves work
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            layout.save(path)


def each_mapped(
    store: Store, where: VectorSpace, reporter: Reporter, total: int
) -> Iterator[tuple[Ids, Ids, Vectors]]:
    """Ids ``(n,)``, identity ids ``(n,)`` and vectors ``(n, d)`` of all faces as they are now, a
    batch at a time: some may have come or gone since they were counted, and between two readings.
    """
    done = 0
    for faces, owners, vectors in store.faces.vector_batches():
        reporter.progress("Reading faces", min(done, total), total)
        done += len(vectors)
        yield faces, owners, where.prepared(vectors)


def sampled(rows: Ids, most: int, seed: int) -> Ids:
    """``most`` of the rows ``(n,)``, at random, where there are more."""
    if len(rows) <= most:
        return rows
    return np.random.default_rng(seed).choice(rows, most, replace=False)


def _file_of(
    folder: Path, where: VectorSpace, method: MapMethod, dimensions: int, seed: int
) -> Path:
    return folder / INDEX / where.version / f"map-{method}-{dimensions}-{seed}.npz"


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
        return f"{beside:,} of {len(self.owners):,} faces were placed beside those they look like."


class Maps:
    """The maps of one gallery. Safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._layouts = Layouts(store)
        self._busy = threading.Lock()

    def spaces(self) -> tuple[str, ...]:
        """What faces can be compared in: ``original``, and the models in use."""
        return tuple(spaces_in_use(self._store))

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
            InputError: there is no such map. MapError: a library is not installed, or the
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
        rows = where.prepared(vectors)
        if drawn.principal is not None:
            return drawn.principal(rows)
        return self._layouts.beside(where, drawn.layout, rows)

    def place_unknowns(self, drawn: FaceMap) -> Vectors:
        """Where the queries on the Unknown shelf would lie, ``(m, dimensions)``."""
        _, vectors = self._store.unknowns.vectors(
            [unknown.id for unknown in self._store.unknowns.all()]
        )
        if not len(vectors) or not len(drawn.layout.faces):
            return np.empty((0, drawn.layout.dimensions), dtype=np.float32)
        return self.place(drawn, vectors)

    def separation(
        self, space: str = "original", reporter: Reporter = SILENT
    ) -> SeparationEstimate | None:
        """How well people keep apart in a space; None where there is nothing to compare."""
        where = self._space(space)
        faces, _ = self._store.faces.membership()
        some = sampled(faces, MOST_FACES, seed=0)
        reporter.progress("Comparing faces", 0, 0)
        _, owners, vectors = self._store.faces.vectors(np.sort(some))
        if not len(vectors):
            return None
        return separation(where.prepared(vectors), owners, where.distance, of=len(faces))

    # -- inside ------------------------------------------------------------------------------

    def _space(self, name: str) -> VectorSpace:
        spaces = spaces_in_use(self._store)
        if name not in spaces:
            raise InputError(
                f"Faces cannot be compared in the space “{name}” here",
                remedy=f"Choose {', '.join(spaces)}.",
            )
        return spaces[name]

    def _principal(
        self, where: VectorSpace, count: int, dimensions: int, reporter: Reporter
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
