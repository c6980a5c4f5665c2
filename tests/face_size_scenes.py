"""How the pictures of faces of another size come about."""

from __future__ import annotations

from tests.screens import PHOTOS, SMALL, WIDE, Stage
from tests.shelf_scenes import shelf

SHOTS = [
    ("large_faces", "light", WIDE, 1), ("large_faces", "dark", WIDE, 2),
    ("small_faces", "light", WIDE, 1), ("large_faces", "dark", SMALL, 1),
    ("large_faces_photos", "light", WIDE, 1), ("large_unknown", "light", WIDE, 1),
    ("large_unknown", "dark", SMALL, 1),
]  # fmt: skip


def large_faces(stage: Stage) -> None:
    stage.open()
    stage.choose("Tiger Woods")
    stage.window.faces.size.set_side(256)


def small_faces(stage: Stage) -> None:
    stage.open()
    stage.choose("Tiger Woods")
    stage.window.faces.size.set_side(64)


def large_faces_photos(stage: Stage) -> None:
    stage.open(stage.make("photos", sorted(PHOTOS.glob("T*"))))
    stage.choose("Tiger Woods")
    stage.window.faces.size.set_side(192)


def large_unknown(stage: Stage) -> None:
    shelf(stage)
    stage.window.unknown.size.set_side(256)
