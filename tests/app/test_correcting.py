"""Corrections from the window: each shows at once, can be undone, and stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.dialogs.history_dialog import HistoryDialog
from gallery_app.dialogs.merge_dialog import MergeDialog
from gallery_app.dialogs.prompts import NameDialog
from gallery_app.dialogs.split_dialog import SplitDialog
from gallery_app.item_models.roles import FACES, PEOPLE, packed
from gallery_app.state import EVERYTHING
from tests.app.test_window import click_identity, dialog

pytestmark = pytest.mark.slow


def action(app: App, name: str):  # type: ignore[no-untyped-def]
    return app.window.menus.actions[name]


def names(app: App) -> list[str]:
    return list(app.window.identities.model.roster.names)


def trigger(app: App, qtbot: QtBot, name: str) -> None:
    """Chooses a menu entry, once it is there to be chosen."""
    qtbot.waitUntil(action(app, name).isEnabled)
    action(app, name).trigger()


def select_people(app: App, *wanted: str) -> None:
    model, selection = app.window.identities.model, app.window.identities.list.selectionModel()
    rows = [model.row_of(app.context.gallery.people.find(name).id) for name in wanted]  # type: ignore[union-attr]
    selection.setCurrentIndex(model.index(rows[0]), selection.SelectionFlag.ClearAndSelect)
    for row in rows[1:]:
        selection.select(model.index(row), selection.SelectionFlag.Select)


def shows(app: App, qtbot: QtBot, name: str, faces: int) -> None:
    """Waits until the faces of a person are shown, so many."""
    panel = app.window.faces
    qtbot.waitUntil(lambda: (panel.title.text(), panel.model.rowCount()) == (name, faces))


def undo_text(app: App) -> str:
    return str(action(app, "undo").text())


def test_a_person_is_renamed_and_stays_so(app: App, qtbot: QtBot, gallery_folder: Path) -> None:
    click_identity(app, qtbot, "Tim Henman")
    trigger(app, qtbot, "rename")
    asked = dialog(NameDialog, qtbot)
    assert asked.name.text() == "Tim Henman"
    assert not asked.message.text()  # their own name is no warning
    assert not asked.ok.isEnabled()
    asked.name.setText("Timothy Henman")
    qtbot.mouseClick(asked.ok, Qt.MouseButton.LeftButton)
    shows(app, qtbot, "Timothy Henman", 9)
    assert app.window.identities.chosen_identity() == app.state.identity
    qtbot.waitUntil(lambda: "Timothy Henman" in undo_text(app))
    app.window.close()
    with Gallery.open(gallery_folder) as gallery:
        assert gallery.people.find("Tim Henman") is None
        assert len(gallery.faces.of("Timothy Henman")) == 9


def test_a_name_that_looks_like_somebodys_is_remarked_on_as_it_is_typed(
    app: App, qtbot: QtBot
) -> None:
    click_identity(app, qtbot, "Tim Henman")
    trigger(app, qtbot, "rename")
    asked = dialog(NameDialog, qtbot)
    asked.name.setText("Tiger W\u043e\u043eds")  # Cyrillic o
    qtbot.waitUntil(lambda: "looks like “Tiger Woods”" in asked.message.text())
    assert asked.ok.isEnabled()
    asked.name.setText("Tim H\u0435nman")  # what it looks like is what it is
    asked.name.setText("Somebody")
    qtbot.waitUntil(lambda: not app.tasks.is_running("lookalike"))
    assert "looks like" not in asked.message.text()
    asked.reject()


def test_a_merge_of_two_people_is_warned_of_and_is_not_what_enter_does(
    app: App, qtbot: QtBot
) -> None:
    select_people(app, "Tiger Woods", "Tim Henman")
    trigger(app, qtbot, "merge")
    merge = dialog(MergeDialog, qtbot)
    assert not merge.ok.isDefault()  # nor while nothing is known yet
    qtbot.waitUntil(merge.warned.isVisible)
    assert "Tim Henman and Tiger Woods look like two people" in merge.compared.text()
    assert merge.compared.property("textRole") == "bad"
    assert merge.ok.text() == "Merge anyway"
    assert merge.cancel.isDefault()
    qtbot.keyClick(merge, Qt.Key.Key_Return)
    assert not merge.isVisible()
    assert len(app.context.gallery.people.all()) == 6


def test_a_merge_of_one_person_under_two_names_is_what_enter_does(app: App, qtbot: QtBot) -> None:
    faces = [face.id for face in app.context.gallery.faces.of("Tiger Woods")[:4]]
    app.context.gallery.corrections.move(faces, "Eldrick")
    app.state.contents_changed.emit(EVERYTHING)
    qtbot.waitUntil(lambda: len(app.people_controller.roster) == 7)
    app.corrections_controller.merge_names("Eldrick", "Tiger Woods")
    merge = dialog(MergeDialog, qtbot)
    qtbot.waitUntil(lambda: "look like one person" in merge.compared.text())
    assert merge.ok.text() == "Merge"
    assert merge.ok.isDefault()
    assert not merge.warned.isVisible()
    qtbot.keyClick(merge, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(app.context.gallery.people.all()) == 6)


def test_a_name_that_somebody_has_leads_to_the_merge(app: App, qtbot: QtBot) -> None:
    click_identity(app, qtbot, "Tim Henman")
    trigger(app, qtbot, "rename")
    asked = dialog(NameDialog, qtbot)
    asked.name.setText("Tiger Woods")
    assert "merge" in asked.message.text()
    qtbot.mouseClick(asked.ok, Qt.MouseButton.LeftButton)
    merge = dialog(MergeDialog, qtbot)
    qtbot.waitUntil(lambda: "18 faces" in merge.outcome.text())
    qtbot.mouseClick(merge.ok, Qt.MouseButton.LeftButton)
    shows(app, qtbot, "Tiger Woods", 18)
    assert "Tim Henman" not in names(app)


def test_undo_and_redo_name_their_step_and_survive_a_restart(
    app: App, qtbot: QtBot, start: Callable[..., App], gallery_folder: Path
) -> None:
    select_people(app, "Tiger Woods", "Tim Henman")
    trigger(app, qtbot, "delete")
    qtbot.waitUntil(lambda: len(names(app)) == 4)
    app.window.close()
    again = start(gallery_folder)
    qtbot.waitUntil(lambda: len(names(again)) == 4)
    trigger(again, qtbot, "undo")
    qtbot.waitUntil(lambda: len(names(again)) == 6)
    qtbot.waitUntil(lambda: action(again, "redo").isEnabled())
    assert "“Tiger Woods” and “Tim Henman” deleted" in action(again, "redo").text()
    trigger(again, qtbot, "redo")
    qtbot.waitUntil(lambda: len(names(again)) == 4)


def test_the_merge_shows_what_it_would_do_and_another_name_can_stay(app: App, qtbot: QtBot) -> None:
    select_people(app, "Tiger Woods", "Tim Henman")
    trigger(app, qtbot, "merge")
    merge = dialog(MergeDialog, qtbot)
    qtbot.waitUntil(lambda: "18 faces" in merge.outcome.text())
    stays = next(b for b in merge.choice.buttons() if b.accessibleName() == "Keep Tim Henman")
    stays.click()
    qtbot.waitUntil(lambda: merge.outcome.text().startswith("Tim Henman will have 18"))
    qtbot.mouseClick(merge.ok, Qt.MouseButton.LeftButton)
    shows(app, qtbot, "Tim Henman", 18)


def test_faces_dropped_on_a_person_move_there_and_the_view_stays(app: App, qtbot: QtBot) -> None:
    click_identity(app, qtbot, "Tiger Woods")
    moved = [app.window.faces.model.face_at(row).id for row in (0, 1)]  # type: ignore[union-attr]
    drop_on(app, packed(FACES, moved), "Tim Henman")
    shows(app, qtbot, "Tiger Woods", 7)
    gallery = app.context.gallery
    assert {face.id for face in gallery.faces.of("Tim Henman")} >= set(moved)
    trigger(app, qtbot, "undo")
    shows(app, qtbot, "Tiger Woods", 9)


def test_faces_dropped_beside_the_people_get_a_new_name(app: App, qtbot: QtBot) -> None:
    click_identity(app, qtbot, "Tiger Woods")
    face = app.window.faces.model.face_at(0)
    assert face is not None
    model = app.window.identities.model
    data = packed(FACES, [face.id])
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, QModelIndex())
    asked = dialog(NameDialog, qtbot)
    asked.name.setText("Somebody Else")
    assert "a new person" in asked.message.text()
    asked.ok.click()
    qtbot.waitUntil(lambda: "Somebody Else" in names(app))


def test_a_person_dropped_on_another_asks_whether_to_merge(app: App, qtbot: QtBot) -> None:
    tim = app.context.gallery.people.find("Tim Henman")
    assert tim is not None
    drop_on(app, packed(PEOPLE, [tim.id]), "Tiger Woods")
    merge = dialog(MergeDialog, qtbot)
    assert merge.choice.checkedButton().accessibleName() == "Keep Tiger Woods"
    merge.reject()


def drop_on(app: App, data, name: str) -> None:  # type: ignore[no-untyped-def]
    model = app.window.identities.model
    identity = app.context.gallery.people.find(name)
    assert identity is not None
    at = model.index(model.row_of(identity.id))
    assert model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, -1, at)
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, at)


def test_delete_on_selected_faces_removes_them_and_undo_brings_them_back(
    app: App, qtbot: QtBot
) -> None:
    click_identity(app, qtbot, "Tiger Woods")
    grid = app.window.faces.grid
    app.window.faces.select([app.window.faces.model.face_at(0).id])  # type: ignore[union-attr]
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    shows(app, qtbot, "Tiger Woods", 8)
    trigger(app, qtbot, "undo")
    shows(app, qtbot, "Tiger Woods", 9)


def test_a_chosen_portrait_is_shown_in_the_list(app: App, qtbot: QtBot) -> None:
    click_identity(app, qtbot, "Tiger Woods")
    face = app.window.faces.model.face_at(4)
    assert face is not None
    app.window.faces.select([face.id])
    trigger(app, qtbot, "portrait")
    model = app.window.identities.model
    qtbot.waitUntil(lambda: model.roster.portrait_of[face.identity_id] == face.id)


def test_a_note_stands_above_the_faces(app: App, qtbot: QtBot) -> None:
    click_identity(app, qtbot, "Tiger Woods")
    trigger(app, qtbot, "note")
    asked = next(
        one for one in QApplication.topLevelWidgets() if one.windowTitle().startswith("Note")
    )
    asked.findChild(QPlainTextEdit).setPlainText("Plays golf")  # type: ignore[union-attr]
    asked.accept()  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: app.window.faces.note.isVisible())
    assert app.window.faces.note.text() == "Plays golf"


def test_a_split_moves_the_second_group_to_its_name(app: App, qtbot: QtBot) -> None:
    app.context.gallery.corrections.merge(["Tim Henman"], into="Tiger Woods")
    app.state.contents_changed.emit(EVERYTHING)
    qtbot.waitUntil(lambda: len(names(app)) == 5)
    click_identity(app, qtbot, "Tiger Woods")
    trigger(app, qtbot, "split")
    split = dialog(SplitDialog, qtbot)
    qtbot.waitUntil(split.count.isEnabled)
    split.count.setValue(2)  # so few people do not tell how far apart one person's faces are
    qtbot.waitUntil(lambda: split.groups[1].model.rowCount() == 9)
    assert [group.model.rowCount() for group in split.groups] == [9, 9]
    stays = split.groups[0].model.face_at(0)
    assert stays is not None
    split.groups[1].model.dropMimeData(
        packed(FACES, [stays.id]), Qt.DropAction.MoveAction, -1, -1, QModelIndex()
    )
    assert [group.model.rowCount() for group in split.groups] == [8, 10]
    split.groups[1].name.setText("Somebody Else")
    qtbot.mouseClick(split.ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Somebody Else" in names(app))
    assert len(app.context.gallery.faces.of("Somebody Else")) == 10
    trigger(app, qtbot, "undo")
    shows(app, qtbot, "Tiger Woods", 18)


def test_the_history_goes_back_to_any_point(app: App, qtbot: QtBot) -> None:
    gallery = app.context.gallery
    for name in ("Tiger Woods", "Tim Henman", "Tom Ridge"):
        gallery.corrections.rename(name, f"{name} II")
    app.state.contents_changed.emit(EVERYTHING)
    action(app, "history").trigger()
    history = dialog(HistoryDialog, qtbot)
    qtbot.waitUntil(lambda: history.model.rowCount() == 4)
    history.table.selectRow(2)
    qtbot.mouseClick(history.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: history.model.row_now() == 2)
    qtbot.waitUntil(lambda: {"Tiger Woods II", "Tim Henman", "Tom Ridge"} <= set(names(app)))
    assert history.go.text() == "Go back to this change"
    history.table.selectRow(0)
    qtbot.mouseClick(history.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Tom Ridge II" in names(app))
    history.close()


def test_a_reader_can_look_at_the_history_but_correct_nothing(
    app: App, qtbot: QtBot, start: Callable[..., App], gallery_folder: Path
) -> None:
    second = start(gallery_folder)
    qtbot.waitUntil(lambda: second.window.faces.model.rowCount() > 0)
    assert not any(
        action(second, name).isEnabled() for name in ("undo", "rename", "delete", "move", "remove")
    )
    assert action(second, "history").isEnabled()
    QApplication.processEvents()
