"""Scenes of exports, in the manner of ``tests.scenes``."""

from __future__ import annotations

from tests.screens import SMALL, WIDE, Stage

SHOTS = [
    ("export_menu", "light", WIDE, 1), ("export_menu", "dark", WIDE, 1),
    ("export_tensorboard", "light", WIDE, 1), ("export_tensorboard", "dark", WIDE, 1),
    ("export_selected", "light", SMALL, 1), ("export_report", "dark", WIDE, 1),
    ("export_done", "light", WIDE, 1), ("export_done", "dark", WIDE, 1),
]  # fmt: skip


def export_menu(stage: Stage) -> None:
    from PySide6.QtCore import QPoint

    stage.open()
    bar = stage.window.menuBar()
    gallery, export = bar.actions()[0].menu(), stage.window.menus.export
    at = stage.window.mapToGlobal(bar.actionGeometry(bar.actions()[0]).bottomLeft() + QPoint(0, 2))
    gallery.popup(at)  # type: ignore[attr-defined]
    entry = gallery.actionGeometry(export.menuAction())  # type: ignore[attr-defined]
    export.popup(at + entry.topRight())


def export_tensorboard(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["export_tensorboard"].trigger()
    stage.dialog().sample.setChecked(True)


def export_selected(stage: Stage) -> None:
    from PySide6.QtCore import QItemSelectionModel

    stage.open()
    people = stage.window.identities.list
    for row in (2, 3, 5):
        index = people.model().index(row, 0)
        people.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)
    stage.window.menus.actions["export_folder"].trigger()
    stage.dialog().selected.setChecked(True)


def export_report(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["export_report"].trigger()
    stage.dialog()


def export_done(stage: Stage) -> None:
    stage.open()
    stage.window.menus.actions["export_npz"].trigger()
    dialog = stage.dialog()
    dialog.set_place(stage.home / "sample.npz")
    dialog.ok.click()
    stage.wait(lambda: stage.window.message.isVisible())
