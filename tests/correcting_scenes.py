"""Scenes of corrections, history and review, for ``tests.screens``."""

from __future__ import annotations

from pathlib import Path

from gallery_app.state import EVERYTHING
from tests.screens import DATA, PHOTOS, SMALL, WIDE, Stage

SHOTS = [
    ("review", "light", WIDE, 1), ("review", "dark", WIDE, 1), ("review", "light", SMALL, 1),
    ("review", "dark", WIDE, 2), ("review_photos", "light", WIDE, 1),
    ("review_merge", "light", WIDE, 1), ("review_duplicate", "dark", WIDE, 1),
    ("review_clean", "light", WIDE, 1), ("balance", "light", WIDE, 1), ("balance", "dark", WIDE, 1),
    ("edit_menu", "light", WIDE, 1), ("edit_menu", "dark", WIDE, 1),
    ("people_menu", "light", WIDE, 1), ("selected", "dark", WIDE, 1),
    ("rename", "light", WIDE, 1), ("move", "dark", WIDE, 1), ("note", "light", WIDE, 1),
    ("merge", "light", WIDE, 1), ("merge", "dark", WIDE, 1),
    ("merge_unlike", "light", WIDE, 1), ("merge_unlike", "dark", WIDE, 1),
    ("merge_photos", "light", WIDE, 1),
    ("split", "light", WIDE, 1), ("split", "dark", WIDE, 1), ("split_photos", "light", WIDE, 1),
    ("history", "light", WIDE, 1), ("history", "dark", WIDE, 1), ("history", "light", SMALL, 1),
]  # fmt: skip
_SOME = "T*"


def _mistaken(stage: Stage, source: Path = DATA) -> None:
    """A gallery with a wrong name, one person under two names, and a face twice."""
    from engine.gallery import Gallery

    folder = stage.make("people", sorted(source.glob(_SOME)))
    with Gallery.open(folder) as gallery:
        face = gallery.faces.of("Tiger Woods")[3].id
        gallery.corrections.move([face], "Tim Henman")
        half = [face.id for face in gallery.faces.of("Tony Blair")[::3]]
        gallery.corrections.move(half, "A C L Blair")
        twin = gallery.faces.vector(gallery.faces.of("Tom Ridge")[0].id)
        gallery.enroll("Tom Ridge", twin * 1.0001)
    stage.open(folder)


def _show_review(stage: Stage, kind: str | None = None) -> None:
    review = stage.window.review
    stage.window.middle.setCurrentWidget(review)
    stage.wait(lambda: review.asked is not None)
    if kind is not None:
        review.kinds.setCurrentIndex(review.kinds.findData(kind))
        review.kinds.activated.emit(review.kinds.currentIndex())


def review(stage: Stage) -> None:
    _mistaken(stage)
    _show_review(stage)


def review_photos(stage: Stage) -> None:
    _mistaken(stage, PHOTOS)
    _show_review(stage)


def review_merge(stage: Stage) -> None:
    _mistaken(stage)
    _show_review(stage, "merges")


def review_duplicate(stage: Stage) -> None:
    _mistaken(stage)
    _show_review(stage, "duplicates")


def review_clean(stage: Stage) -> None:
    folder = stage.make("people", [DATA / "Tiger_Woods"])
    stage.open(folder)
    stage.window.middle.setCurrentWidget(stage.window.review)
    stage.wait(lambda: stage.window.review.clean.isVisible())


def balance(stage: Stage) -> None:
    stage.open()
    _show_review(stage)
    stage.window.review.balance.click()
    stage.dialog()


def _pop_up(stage: Stage, entry: int) -> None:
    from PySide6.QtCore import QPoint

    bar = stage.window.menuBar()
    action = bar.actions()[entry]
    below = bar.actionGeometry(action).bottomLeft() + QPoint(0, 2)
    action.menu().popup(stage.window.mapToGlobal(below))


def edit_menu(stage: Stage) -> None:
    _mistaken(stage)
    stage.choose("Tiger Woods")
    stage.settle()
    _pop_up(stage, 1)


def people_menu(stage: Stage) -> None:
    _mistaken(stage)
    _select(stage, "Tiger Woods", "Tim Henman")
    panel = stage.window.identities
    panel.menu_requested.emit(panel.list.viewport().mapToGlobal(panel.list.rect().center()))


def _select(stage: Stage, *names: str) -> None:
    stage.choose(names[0])
    model, selection = stage.window.identities.model, stage.window.identities.list.selectionModel()
    for name in names[1:]:
        row = model.row_of(stage.app.context.gallery.people.find(name).id)
        selection.select(model.index(row), selection.SelectionFlag.Select)


def selected(stage: Stage) -> None:
    _mistaken(stage)
    _select(stage, "Tiger Woods", "Tim Henman", "Tom Ridge")
    panel = stage.window.faces
    panel.select([panel.model.face_at(row).id for row in (1, 2, 5)])


def rename(stage: Stage) -> None:
    _mistaken(stage)
    stage.choose("Tim Henman")
    stage.window.menus.actions["rename"].trigger()
    stage.dialog().name.setText("Tiger Woods")


def move(stage: Stage) -> None:
    _mistaken(stage)
    stage.choose("Tim Henman")
    panel = stage.window.faces
    panel.select([panel.model.face_at(row).id for row in (1, 2)])
    stage.window.menus.actions["move"].trigger()
    stage.dialog().name.setText("Tiger Woods")


def note(stage: Stage) -> None:
    _mistaken(stage)
    stage.choose("Tim Henman")
    stage.window.menus.actions["note"].trigger()
    stage.dialog()


def merge(stage: Stage, source: Path = DATA) -> None:
    _mistaken(stage, source)
    _select(stage, "Tony Blair", "A C L Blair")
    stage.window.menus.actions["merge"].trigger()
    dialog = stage.dialog()
    stage.wait(lambda: "will have" in dialog.outcome.text())


def merge_unlike(stage: Stage) -> None:
    """Two people, who should not be merged."""
    stage.open(stage.make("people", sorted(DATA.glob("T*"))))
    stage.app.corrections_controller.merge_names("Tim Henman", "Tony Blair")
    warned = stage.dialog()
    stage.wait(warned.warned.isVisible)  # type: ignore[attr-defined]


def merge_photos(stage: Stage) -> None:
    merge(stage, PHOTOS)


def split(stage: Stage, source: Path = DATA) -> None:
    folder = stage.make("people", sorted(source.glob(_SOME)))
    from engine.gallery import Gallery

    with Gallery.open(folder) as gallery:
        gallery.corrections.merge(["Tim Henman"], "Tiger Woods")
    stage.open(folder)
    stage.choose("Tiger Woods")
    stage.window.menus.actions["split"].trigger()
    dialog = stage.dialog()
    stage.wait(lambda: len(dialog.groups) > 1)


def split_photos(stage: Stage) -> None:
    split(stage, PHOTOS)


def history(stage: Stage) -> None:
    _mistaken(stage)
    corrections = stage.app.context.gallery.corrections
    corrections.rename("Tom Hanks", "Thomas Hanks")
    stage.app.context.gallery.history.undo()
    stage.app.state.contents_changed.emit(EVERYTHING)
    stage.window.menus.actions["history"].trigger()
    dialog = stage.dialog()
    stage.wait(lambda: dialog.model.rowCount() > 3)
