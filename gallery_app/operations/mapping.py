"""Draw the map of all faces, and put on it what is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.gallery import Gallery
from engine.maps import FaceMap
from engine.progress import Reporter
from engine.projection import MapMethod
from engine.types import Face, Ids, Vectors
from gallery_app.map.drawn import DrawnMap, largest
from gallery_app.operations.context import Context

_SHOWN = 200
"""Faces of a selection that are read to say whose they are."""


def load_spaces(context: Context, done: Callable[[Sequence[str]], None]) -> None:
    """What faces can be compared by."""
    gallery = context.gallery
    context.tasks.run(
        "Reading models", lambda _: gallery.maps.spaces(), done=done, failed=context.failed,
        lane="review", key="map-spaces", shown=False,
    )  # fmt: skip


def draw(
    context: Context,
    spaces: Sequence[str],
    method: MapMethod,
    dimensions: int,
    done: Callable[[list[DrawnMap]], None],
    failed: Callable[[BaseException], None],
) -> None:
    """One map, or two with the figures to compare them by."""
    gallery = context.gallery

    def work(reporter: Reporter) -> list[DrawnMap]:
        return [
            _drawn(gallery, space, method, dimensions, len(spaces) > 1, reporter)
            for space in spaces
        ]

    context.tasks.run("Drawing the map", work, done=done, failed=failed, lane="review", key="map")


def _drawn(
    gallery: Gallery,
    space: str,
    method: MapMethod,
    dimensions: int,
    compared: bool,
    reporter: Reporter,
) -> DrawnMap:
    made = gallery.maps.draw(space, method, dimensions=dimensions, reporter=reporter)
    separation = gallery.maps.separation(space, reporter) if compared else None
    return DrawnMap.of(made, _names(gallery, made), separation)


def _names(gallery: Gallery, made: FaceMap) -> dict[int, str]:
    """Of the people with most faces, each by one of them."""
    identities, first = np.unique(made.owners, return_index=True)
    face_of = dict(zip(identities.tolist(), made.layout.faces[first].tolist(), strict=True))
    people = largest(made.owners)
    faces = gallery.faces_by_id([face_of[identity] for identity in people])
    found = {face.identity_id: face.name for face in faces}
    return {identity: found[identity] for identity in people if identity in found}


def place_query(
    context: Context,
    maps: Sequence[DrawnMap],
    vector: Vectors,
    done: Callable[[list[Vectors]], None],
) -> None:
    """Where a query ``(d,)`` would lie on each map, ``(1, dimensions)``."""
    gallery = context.gallery
    context.tasks.run(
        "Placing the query",
        lambda _: [gallery.maps.place(drawn.map, vector[None]) for drawn in maps],
        done=done, failed=context.failed, lane="review", key="map-query", shown=False,
    )  # fmt: skip


def place_unknowns(
    context: Context, maps: Sequence[DrawnMap], done: Callable[[list[Vectors]], None]
) -> None:
    """Where the unknown queries on the shelf would lie on each map."""
    gallery = context.gallery
    context.tasks.run(
        "Placing unknown queries",
        lambda _: [gallery.maps.place_unknowns(drawn.map) for drawn in maps],
        done=done, failed=context.failed, lane="review", key="map-unknowns", shown=False,
    )  # fmt: skip


def load_pointed(context: Context, face: int, done: Callable[[Face], None]) -> None:
    """Whose face the mouse points at; nothing where it is gone."""
    gallery = context.gallery
    context.tasks.run(
        "Reading a face",
        lambda _: gallery.faces_by_id([face]),
        done=lambda faces: [done(one) for one in faces],
        failed=context.failed, key="map-pointed", shown=False,
    )  # fmt: skip


def load_selected(context: Context, faces: Ids, done: Callable[[list[Face]], None]) -> None:
    """The first faces of a selection."""
    gallery, some = context.gallery, faces[:_SHOWN].tolist()
    context.tasks.run(
        "Reading faces",
        lambda _: gallery.faces_by_id(some),
        done=done, failed=context.failed, key="map-selected", shown=False,
    )  # fmt: skip
