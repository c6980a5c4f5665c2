"""A map of the engine made ready to be shown: within the unit circle, coloured, with names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.maps.face_maps import FaceMap
from engine.maps.separation import SeparationEstimate
from engine.records.types import Ids, Vectors
from gallery_app.map.camera import Floats, within_unit
from gallery_app.map.picture import Points
from gallery_app.map.raster import Flags, Pixels, Rows
from gallery_app.theme.oklab import to_pixels

LABELLED = 24
"""People, those with most faces, whose names are written where there is room."""
_GOLDEN = 2.399963  # radians: each next colour as far from those before as can be
_CHROMA = 0.14
_LIGHTNESS = {True: (0.78, 0.66), False: (0.62, 0.50)}


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """
    Attributes:
        map: as the engine has it.
        places: of its faces, within the unit circle or ball.
        middle, factor: how they came there.
        labels: names of some people with the middle of their faces, by identity id; who has most
            faces first.
        colours: of each face, on a light and on a dark ground.
        separation: of its space; None where it was not asked for, or there is none.
    """

    map: FaceMap
    places: Floats
    middle: Floats
    factor: float
    labels: Mapping[int, tuple[str, Floats]]
    colours: tuple[Pixels, Pixels]
    separation: SeparationEstimate | None = None

    @classmethod
    def of(
        cls,
        face_map: FaceMap,
        names: Mapping[int, str],
        separation: SeparationEstimate | None = None,
    ) -> DrawnMap:
        """Args:
        names: of some people, by identity id.
        """
        owners = face_map.owners
        places, middle, factor = within_unit(face_map.layout.points)
        colours = colours_of(owners, dark=False), colours_of(owners, dark=True)
        labels = _labels(places, owners, names)
        return cls(face_map, places, middle, factor, labels, colours, separation)

    def placed(self, points: Vectors) -> Floats:
        """Points of the engine's map, such as a query's, among these places."""
        return np.asarray((points - self.middle) * np.float32(self.factor), dtype=np.float32)

    def points(self, *, dark: bool, chosen: Flags | None = None) -> Points:
        return Points(self.places, self.colours[dark], chosen)

    def rows_of(self, faces: Ids) -> Rows:
        """Rows of those faces that are on the map."""
        rows = self.map.layout.rows_of(np.asarray(faces, dtype=np.int64))
        return rows[rows >= 0]

    def names(self, chosen: Flags | None) -> list[tuple[str, Floats]]:
        """The labels of those who have a face that stands out; of all where nobody is dimmed."""
        if chosen is None:
            return list(self.labels.values())
        seen = set(np.unique(self.map.owners[chosen]).tolist())
        return [label for identity, label in self.labels.items() if identity in seen]

    def faces_of(self, identities: Ids) -> Ids:
        """The faces of some people."""
        return self.map.layout.faces[np.isin(self.map.owners, identities)]


def _labels(places: Floats, owners: Ids, names: Mapping[int, str]) -> dict[int, tuple[str, Floats]]:
    made = {}
    for identity, name in names.items():
        own = places[owners == identity]
        if len(own):
            made[identity] = name, np.median(own, axis=0, keepdims=True).astype(np.float32)
    return made


def largest(owners: Ids, most: int = LABELLED) -> list[int]:
    """Ids of the identities with most faces, those first."""
    identities, counts = np.unique(owners, return_counts=True)
    return [int(identity) for identity in identities[np.argsort(-counts, kind="stable")[:most]]]


def colours_of(owners: Ids, *, dark: bool) -> Pixels:
    """A colour for each face, the same for all of a person, 0xffRRGGBB ``(n,)``.

    Colours repeat where there are more people than the eye can tell apart; names say who it is.
    """
    identities, which = np.unique(owners, return_inverse=True)
    hues = identities * _GOLDEN
    light, deep = _LIGHTNESS[dark]
    lightness = np.where(identities % 2 == 0, light, deep)
    lab = np.stack([lightness, _CHROMA * np.cos(hues), _CHROMA * np.sin(hues)], axis=1)
    return to_pixels(lab)[which]
