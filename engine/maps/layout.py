"""Where each face lies on a map, and the file that it is kept in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from engine.models.arrays import BROKEN, damaged, read_npz
from engine.records.types import Ids, Vectors
from engine.utils.files import write_atomically

MapMethod = Literal["pca", "umap", "tsne"]
METHODS: tuple[MapMethod, ...] = get_args(MapMethod)
DIMENSIONS = (2, 3)
_FORMAT = 1
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Layout:
    """Points of faces.

    Attributes:
        faces: face ids ``(n,)``, ascending.
        points: ``(n, dimensions)``, in no unit; only nearness means something, and of UMAP and
            t-SNE only among near ones.
        laid_out: ``(n,)``; False for a face that was put beside its nearest neighbours after the
            others had been laid out.
        method, seed: how it was made.
    """

    faces: Ids
    points: Vectors
    laid_out: Flags
    method: MapMethod
    seed: int

    @property
    def dimensions(self) -> int:
        return int(self.points.shape[1])

    def rows_of(self, faces: Ids) -> Ids:
        """Row of each face id ``(m,)``, -1 where it is not on the map."""
        if not len(self.faces):
            return np.full(len(faces), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.faces, faces), len(self.faces) - 1)
        return np.where(self.faces[places] == faces, places, -1).astype(np.int64)

    def kept(self, rows: Flags | Ids) -> Layout:
        """Some of the faces, by rows ``(m,)``, in their order."""
        return Layout(
            self.faces[rows], self.points[rows], self.laid_out[rows], self.method, self.seed
        )

    def with_faces(self, faces: Ids, points: Vectors) -> Layout:
        """With more faces ``(m,)`` at points ``(m, dimensions)``; none of them on it yet."""
        merged = np.concatenate([self.faces, faces])
        order = np.argsort(merged, kind="stable")
        laid_out = np.r_[self.laid_out, np.zeros(len(faces), dtype=bool)]
        both = np.concatenate([self.points, points.astype(np.float32)])
        return Layout(merged[order], both[order], laid_out[order], self.method, self.seed)

    def save(self, path: Path) -> None:
        """Write an ``.npz`` without pickled objects, whole or not at all. Raise OSError."""
        write_atomically(
            path,
            lambda stream: np.savez(
                stream,
                format=np.array(_FORMAT),
                faces=self.faces,
                points=self.points,
                laid_out=self.laid_out,
                method=np.array(self.method),
                seed=np.array(self.seed),
            ),
        )

    @classmethod
    def load(cls, path: Path) -> Layout:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: absent, damaged, or not written by :meth:`save` of this version.
        """
        try:
            return cls._of(read_npz(path))
        except BROKEN as error:
            raise damaged(path, "The map", error) from error

    @classmethod
    def _of(cls, arrays: Mapping[str, Any]) -> Layout:
        layout = cls(
            np.asarray(arrays["faces"]),
            np.asarray(arrays["points"]),
            np.asarray(arrays["laid_out"]),
            _METHODS[str(arrays["method"])],
            int(arrays["seed"]),
        )
        count = len(layout.faces)
        sound = (
            int(arrays["format"]) == _FORMAT
            and layout.faces.dtype == np.int64
            and layout.points.dtype == np.float32
            and layout.laid_out.dtype == np.bool_
            and layout.faces.shape == layout.laid_out.shape == (count,)
            and layout.points.shape in [(count, dimensions) for dimensions in DIMENSIONS]
            and bool((np.diff(layout.faces) > 0).all())
            and bool(np.isfinite(layout.points).all())
        )
        if not sound:
            raise ValueError("its parts do not fit one another")
        return layout


_METHODS: dict[str, MapMethod] = {method: method for method in METHODS}
