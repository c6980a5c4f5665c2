"""How the pictures of a face in full size come about."""

from __future__ import annotations

from tests.answer_scenes import answers
from tests.photo_scenes import photos_five
from tests.scenes import known, known_photos
from tests.screens import PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("preview", "light", WIDE, 1), ("preview", "dark", WIDE, 2), ("preview", "light", SMALL, 1),
    ("preview_photos", "light", WIDE, 1), ("preview_photos", "dark", SMALL, 1),
    ("preview_thumbnail_photos", "dark", WIDE, 1), ("preview_answers", "dark", WIDE, 1),
    ("preview_query", "light", WIDE, 1), ("preview_menu_photos", "light", WIDE, 1),
    ("preview_menu", "dark", WIDE, 1), ("preview_group_photos", "light", WIDE, 1),
]  # fmt: skip


def _look(stage: Stage, row: int) -> None:
    """At one of the faces in the middle."""
    faces = stage.window.faces
    faces.grid.setCurrentIndex(faces.model.index(row))
    faces.preview.trigger()
    stage.wait(lambda: not stage.dialog().picture.image.isNull())


def preview(stage: Stage) -> None:
    stage.open()
    stage.choose("Tiger Woods")
    _look(stage, 3)


def preview_photos(stage: Stage) -> None:
    stage.open(stage.make("photos", sorted(PHOTOS.glob("T*"))))
    stage.choose("Tiger Woods")
    _look(stage, 3)


def preview_thumbnail_photos(stage: Stage) -> None:
    """The photographs are gone since."""
    from shutil import copytree, rmtree

    tree = stage.home / "people"
    for person in ("Tiger_Woods", "Tim_Henman"):
        copytree(PHOTOS / person, tree / person)
    stage.open(stage.make("photos", [tree]))
    rmtree(tree)
    stage.choose("Tiger Woods")
    _look(stage, 3)


def preview_answers(stage: Stage) -> None:
    answers(stage)
    stage.app.answers_controller.dialog.preview.trigger()
    stage.wait(lambda: stage.app.preview_controller.dialog is not None)
    stage.settle()


def preview_query(stage: Stage) -> None:
    known(stage)
    stage.window.query.comparison.query.clicked.emit()
    stage.wait(lambda: not stage.dialog().picture.image.isNull())


def preview_group_photos(stage: Stage) -> None:
    """One face of a photograph of five."""
    photos_five(stage)
    stage.window.query.comparison.query.clicked.emit()
    stage.wait(lambda: not stage.dialog().picture.image.isNull())


def _menu(stage: Stage) -> None:
    faces = stage.window.faces
    faces.grid.setCurrentIndex(faces.model.index(1))
    at = faces.grid.visualRect(faces.model.index(1)).center()
    faces.grid.customContextMenuRequested.emit(at)
    stage.settle()


def preview_menu(stage: Stage) -> None:
    known(stage)
    _menu(stage)


def preview_menu_photos(stage: Stage) -> None:
    known_photos(stage)
    _menu(stage)
