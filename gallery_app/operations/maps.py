"""Draw the map of all faces, and put on it what is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.gallery import Gallery
from engine.maps.face_maps import FaceMap
from engine.maps.layout import METHODS, MapMethod
from engine.progress import Reporter
from engine.records.types import Face, Ids, Vectors
from gallery_app.map.drawn import DrawnMap, largest
from gallery_app.operations.context import Context
from gallery_app.operations.operation import Query
from gallery_app.tasks import Task

_SHOWN = 200
"""Faces of a selection that are read to say whose they are."""
MOST_READ = 2_000
"""Faces of a selection that are looked at side by side, at most."""


@dataclass(frozen=True)
class WantedMap:
    """One map, or two with the figures to compare them by."""

    spaces: tuple[str, ...]
    method: MapMethod
    dimensions: int
    seed: int


def load_choices(
    context: Context, done: Callable[[tuple[Sequence[str], Mapping[str, str]]], None]
) -> None:
    """What faces can be compared by, and why a method cannot be used."""

    def work(gallery: Gallery, _: Reporter) -> tuple[Sequence[str], Mapping[str, str]]:
        maps = gallery.maps
        return maps.spaces(), {method: maps.obstacle(method) for method in METHODS}

    Query("Reading models", work, "map-choices", "review").run(context, done)


def draw_meanwhile(
    context: Context, wanted: WantedMap, done: Callable[[list[DrawnMap]], None]
) -> None:
    """Principal components, where what is wanted takes long; nothing where it does not."""

    def work(gallery: Gallery, reporter: Reporter) -> list[DrawnMap]:
        maps, asked = gallery.maps, (wanted.method, wanted.dimensions, wanted.seed)
        spaces = _there(gallery, wanted)
        if all(maps.is_at_hand(space, *asked) for space in spaces):
            return []
        return [_drawn(gallery, space, "pca", wanted.dimensions, 0, reporter) for space in spaces]

    Query("Drawing map", work, "map-meanwhile", "review").run(
        context, lambda maps: maps and done(maps)
    )


def draw(
    context: Context,
    wanted: WantedMap,
    done: Callable[[list[DrawnMap]], None],
    failed: Callable[[BaseException], None],
    *,
    anew: bool = False,
) -> Task:
    """The map as it was kept, or laid out now."""
    asked = wanted.method, wanted.dimensions, wanted.seed

    def work(gallery: Gallery, reporter: Reporter) -> list[DrawnMap]:
        spaces = _there(gallery, wanted)
        compared = len(spaces) > 1
        return [
            _drawn(gallery, space, *asked, reporter, compared=compared, anew=anew)
            for space in spaces
        ]

    return Query("Drawing map", work, "map", "review", shown=True).run(context, done, failed=failed)


def _there(gallery: Gallery, wanted: WantedMap) -> list[str]:
    """The spaces of a wish that there are: a model may have been put out of use since."""
    spaces = gallery.maps.spaces()
    return [space for space in wanted.spaces if space in spaces] or [spaces[0]]


def _drawn(
    gallery: Gallery,
    space: str,
    method: MapMethod,
    dimensions: int,
    seed: int,
    reporter: Reporter,
    *,
    compared: bool = False,
    anew: bool = False,
) -> DrawnMap:
    made = gallery.maps.draw(
        space, method, dimensions=dimensions, seed=seed, anew=anew, reporter=reporter
    )
    separation = gallery.maps.separation(space, reporter) if compared else None
    return DrawnMap.of(made, _names(gallery, made), separation)


def _names(gallery: Gallery, made: FaceMap) -> dict[int, str]:
    """Of the people with most faces, each by one of them."""
    identities, first = np.unique(made.owners, return_index=True)
    face_of = dict(zip(identities.tolist(), made.layout.faces[first].tolist(), strict=True))
    people = largest(made.owners)
    faces = gallery.faces.by_ids([face_of[identity] for identity in people])
    found = {face.identity_id: face.name for face in faces}
    return {identity: found[identity] for identity in people if identity in found}


def place_query(
    context: Context,
    maps: Sequence[DrawnMap],
    vector: Vectors,
    done: Callable[[list[Vectors]], None],
) -> None:
    """Where a query ``(d,)`` would lie on each map, ``(1, dimensions)``."""
    Query(
        "Placing query on the map",
        lambda gallery, _: _placed(maps, lambda drawn: gallery.maps.place(drawn, vector[None])),
        "map-query",
        "review",
    ).run(context, done)


def place_unknowns(
    context: Context, maps: Sequence[DrawnMap], done: Callable[[list[Vectors]], None]
) -> None:
    """Where the unknown faces that are kept would lie on each map."""
    Query(
        "Placing unknown queries",
        lambda gallery, _: _placed(maps, gallery.maps.place_unknowns),
        "map-unknowns",
        "review",
    ).run(context, done)


def _placed(maps: Sequence[DrawnMap], place: Callable[[FaceMap], Vectors]) -> list[Vectors]:
    """On each map; on none where the model of one is not in use any more: it is drawn anew."""
    try:
        return [place(drawn.map) for drawn in maps]
    except InputError:
        return []


def load_pointed(context: Context, face: int, done: Callable[[Face], None]) -> None:
    """Whose face the mouse points at; nothing where it is gone."""
    Query("Reading a face", lambda gallery, _: gallery.faces.by_ids([face]), "map-pointed").run(
        context, lambda faces: [done(found) for found in faces]
    )


def load_selected(context: Context, faces: Ids, done: Callable[[list[Face]], None]) -> None:
    """The first faces of a selection."""
    _load_faces(context, faces[:_SHOWN], "map-selected", done)


def load_reviewed(context: Context, faces: Ids, done: Callable[[list[Face]], None]) -> None:
    """The first faces of a selection, for a dialog that shows more of them."""
    _load_faces(context, faces[:MOST_READ], "map-reviewed", done)


def _load_faces(context: Context, faces: Ids, key: str, done: Callable[[list[Face]], None]) -> None:
    Query("Reading faces", lambda gallery, _: gallery.faces.by_ids(faces.tolist()), key).run(
        context, done
    )
