"""Scenes of erasing a person, in the manner of ``tests.scenes``."""

from __future__ import annotations

from engine.gallery import Gallery
from tests.handmade import put_to_use
from tests.screens import DATA, SMALL, WIDE, Stage

SHOTS = [
    ("erase", "light", WIDE, 1), ("erase", "dark", WIDE, 1), ("erase", "light", SMALL, 2),
    ("erase_search", "light", WIDE, 1), ("erase_search", "dark", SMALL, 1),
    ("erase_little", "light", WIDE, 1), ("erase_menu", "light", WIDE, 1),
    ("erased", "light", WIDE, 1), ("erased", "dark", WIDE, 1), ("erased", "light", SMALL, 1),
    ("erased_history", "light", WIDE, 1),
]  # fmt: skip


def _rich(stage: Stage) -> str:
    """A gallery with a model, backups, and a person who is in all of it."""
    people = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir()]
    folder = stage.make("friends", people[:20])
    put_to_use(folder, "triplet")
    with Gallery.open(folder) as gallery:
        name = gallery.people.all()[3].name
        gallery.import_(people[20:40])
        gallery.corrections.set_note(name, "met at the choir")
        gallery.corrections.confirm([face.id for face in gallery.faces.of(name)[:3]])
        gallery.backups.write(stage.home / "friends 2026-11-20.zip")
        beside = folder.parent / "friends 2026-11-21.zip"
        gallery.backups.write(beside)
    stage.open(folder)
    return name


def _choose(stage: Stage, name: str) -> None:
    identity = stage.app.context.gallery.people.find(name)
    assert identity is not None
    stage.app.people_controller.go_to_identity(identity.id)


def _ask(stage: Stage, name: str) -> None:
    _choose(stage, name)
    stage.window.menus.actions["erase"].trigger()
    stage.dialog()


def erase(stage: Stage) -> None:
    name = _rich(stage)
    _ask(stage, name)
    stage.dialog().name.setText(name)
    stage.settle()


def erase_search(stage: Stage) -> None:
    erase(stage)
    stage.dialog().search.click()
    stage.settle()


def erase_little(stage: Stage) -> None:
    stage.open(stage.make("few", [DATA / "Tiger_Woods", DATA / "Tim_Henman"]))
    _ask(stage, "Tim Henman")


def erase_menu(stage: Stage) -> None:
    from PySide6.QtCore import QPoint

    stage.open(stage.make("few", [DATA / "Tiger_Woods", DATA / "Tim_Henman"]))
    bar = stage.window.menuBar()
    entry = bar.actions()[1]
    at = bar.actionGeometry(entry).bottomLeft() + QPoint(0, 2)
    entry.menu().popup(stage.window.mapToGlobal(at))  # type: ignore[attr-defined]


def erased(stage: Stage) -> None:
    name = _rich(stage)
    _ask(stage, name)
    dialog = stage.dialog()
    dialog.name.setText(name)
    dialog.erase.click()
    stage.wait(lambda: stage.dialog() is not dialog)
    stage.settle()


def erased_history(stage: Stage) -> None:
    erased(stage)
    stage.dialog().accept()
    stage.settle()
    stage.window.menus.actions["history"].trigger()
    dialog = stage.dialog()
    stage.wait(lambda: dialog.model.rowCount() > 0)
