"""How the pictures of comparisons and of the charts come about."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QPoint
from PySide6.QtTest import QTest

from gallery_app.state import EVERYTHING
from tests.screens import PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("compare_people", "light", WIDE, 1), ("compare_people", "dark", WIDE, 1),
    ("compare_people", "light", WIDE, 2), ("compare_photos", "light", WIDE, 1),
    ("compare_faces", "light", WIDE, 1), ("compare_faces", "dark", WIDE, 1),
    ("compare_too_little", "light", WIDE, 1), ("charts", "light", WIDE, 1),
    ("charts", "dark", WIDE, 1), ("charts", "light", SMALL, 1), ("charts", "light", WIDE, 2),
]  # fmt: skip


def _select(stage: Stage, *names: str) -> None:
    people = stage.window.identities
    people.list.clearSelection()
    for name in names:
        row = people.model.row_of(people.model.roster.named(name).id)
        flag = QItemSelectionModel.SelectionFlag.Select
        people.list.selectionModel().select(people.model.index(row), flag)


def compare_people(stage: Stage) -> None:
    stage.open()
    _select(stage, "Tony Blair", "Tiger Woods")
    stage.window.menus.actions["compare"].trigger()
    heat = stage.dialog().heat
    stage.settle()
    QTest.mouseMove(heat, QPoint(60, 60))


def compare_photos(stage: Stage) -> None:
    stage.open(stage.make("photos", sorted(PHOTOS.glob("[A-J]*"))))
    names = [stage.window.identities.model.identity_at(row).name for row in (0, 1)]
    _select(stage, *names)
    stage.window.menus.actions["compare"].trigger()
    stage.dialog()


def compare_faces(stage: Stage) -> None:
    stage.open()
    stage.choose("Tony Blair")
    stage.window.faces.grid.select_rows(np.array([0, 1]))
    stage.window.menus.actions["compare_faces"].trigger()
    stage.dialog()


def compare_too_little(stage: Stage) -> None:
    from tests.screens import DATA

    stage.open(stage.make("two", [DATA / "Winona_Ryder", DATA / "Tom_Ridge"]))
    gallery = stage.app.context.gallery
    for name in ("Winona Ryder", "Tom Ridge"):
        faces = [face.id for face in gallery.faces.of(gallery.people.find(name).id)]
        gallery.corrections.remove(faces[1:])
    stage.app.state.contents_changed.emit(EVERYTHING)
    stage.settle()
    _select(stage, "Winona Ryder", "Tom Ridge")
    stage.window.menus.actions["compare"].trigger()
    stage.dialog()


def charts(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["charts"].trigger()
    stage.dialog()
    stage.settle()
