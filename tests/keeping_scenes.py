"""Scenes of backups, restoring and damage, in the manner of ``tests.scenes``."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from engine.errors import GalleryDamagedError
from engine.gallery import Gallery
from tests.screens import DATA, SMALL, WIDE, Stage

SHOTS = [
    ("gallery_menu", "light", WIDE, 1), ("restore", "light", WIDE, 1), ("restore", "dark", WIDE, 1),
    ("restore", "light", SMALL, 2), ("restore_none", "light", WIDE, 1),
    ("restore_problem", "dark", WIDE, 1), ("restore_other", "light", WIDE, 1),
    ("damaged_database", "light", WIDE, 1), ("damaged_database", "dark", WIDE, 1),
    ("damaged_index", "light", WIDE, 1), ("salvaged", "light", WIDE, 1),
    ("restored", "light", WIDE, 1), ("taken_over", "light", WIDE, 1),
]  # fmt: skip


def _with_backups(stage: Stage) -> Path:
    people = [folder for folder in sorted(DATA.iterdir()) if folder.is_dir()]
    folder = stage.make("friends", people[:20])
    with Gallery.open(folder) as gallery:
        gallery.import_(people[20:30])
        gallery.import_(people[30:50])
        gallery.corrections.remove(
            [face.id for face in gallery.faces.of(gallery.people.all()[2].id)]
        )
        gallery.import_(people[50:90])
    return folder


def _open_dialog(stage: Stage) -> None:
    stage.window.menus.actions["restore"].trigger()
    dialog = stage.dialog()
    stage.wait(lambda: dialog.restore_button.isEnabled())


def gallery_menu(stage: Stage) -> None:
    from PySide6.QtCore import QPoint

    stage.open(_with_backups(stage))
    bar = stage.window.menuBar()
    entry = bar.actions()[0]
    at = bar.actionGeometry(entry).bottomLeft() + QPoint(0, 2)
    entry.menu().popup(stage.window.mapToGlobal(at))  # type: ignore[attr-defined]


def restore(stage: Stage) -> None:
    stage.open(_with_backups(stage))
    _open_dialog(stage)
    stage.dialog().table.selectRow(1)
    stage.wait(lambda: stage.dialog().restore_button.isEnabled())
    stage.settle()


def restore_none(stage: Stage) -> None:
    stage.window.menus.actions["restore"].trigger()
    stage.dialog()


def restore_problem(stage: Stage) -> None:
    stage.open(_with_backups(stage))
    _open_dialog(stage)
    broken = stage.home / "friends 2026-11-20.zip"
    broken.write_bytes(b"PK")
    stage.dialog().preview_requested.emit(broken)
    stage.wait(lambda: stage.dialog().problem.isVisible())


def restore_other(stage: Stage) -> None:
    other = stage.make("family", [DATA / "Tiger_Woods", DATA / "Tim_Henman"])
    with Gallery.open(other) as gallery:
        source = gallery.backups.write(stage.home).path
    stage.open(_with_backups(stage))
    _open_dialog(stage)
    stage.dialog().preview_requested.emit(source)
    stage.wait(lambda: stage.dialog().restore_button.isEnabled())


def damaged_database(stage: Stage) -> None:
    folder = _with_backups(stage)
    database = folder / "gallery.db"
    database.write_bytes(b"x" * 4096 + database.read_bytes()[4096:])
    stage.app.open(folder)
    stage.dialog()


def damaged_index(stage: Stage) -> None:
    folder = _with_backups(stage)
    stage.open(folder)
    stage.app.context.gallery.prepare()
    (graph,) = (folder / "index").glob("faces-*.bin")
    graph.write_bytes(b"x" * graph.stat().st_size)
    stage.window.menus.actions["check"].trigger()
    stage.dialog()


def salvaged(stage: Stage) -> None:
    folder = _with_backups(stage)
    database = folder / "gallery.db"
    data = database.read_bytes()
    half = len(data) // 2 // 4096 * 4096
    database.write_bytes(data[:half] + b"x" * 40_960 + data[half + 40_960 :])
    from gallery_app.dialogs import file_choosers

    stage.app.state.damage_found.emit(
        folder, GalleryDamagedError("The database is damaged", file=database)
    )
    with patch.object(
        file_choosers, "choose_new_gallery", return_value=stage.home / "saved.gallery"
    ):
        stage.dialog().salvage.click()
    stage.wait(lambda: stage.app.state.gallery is not None)
    stage.wait(lambda: stage.window.faces.model.rowCount() > 0)
    stage.dialog()


def taken_over(stage: Stage) -> None:
    folder = stage.make("busy", [DATA / "Tiger_Woods", DATA / "Tim_Henman"])
    with Gallery.open(folder):
        stage.open(folder)
    stage.wait(lambda: stage.app.context.gallery.writable)
    stage.settle()


def restored(stage: Stage) -> None:
    restore(stage)
    stage.dialog().restore_button.click()
    stage.wait(lambda: stage.app.state.gallery is not None)
    stage.wait(lambda: stage.window.faces.model.rowCount() > 0)
    stage.dialog()
