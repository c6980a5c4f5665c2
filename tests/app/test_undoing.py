"""Undo and redo: a large step has its way back in a banner, and the sample is never left empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.operations import galleries
from gallery_app.recent import sample_gallery
from tests.app.test_correcting import select_people, trigger
from tests.app.test_window import ask


def faces_of(app: App) -> int:
    return app.context.gallery.people.counts()[1]


def test_undoing_an_import_offers_redo_until_something_else_is_done(app: App, qtbot: QtBot) -> None:
    message = app.window.message
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(message.isVisible)
    assert message.words.text().startswith("Undone: ")
    assert "54 faces" in message.words.text()
    assert faces_of(app) == 0
    qtbot.mouseClick(message.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: faces_of(app) == 54)
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 6)
    assert not message.isVisible()
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(message.isVisible)
    trigger(app, qtbot, "redo")
    qtbot.waitUntil(lambda: not message.isVisible())


def test_undoing_a_small_step_says_so_in_the_status_line_alone(app: App, qtbot: QtBot) -> None:
    select_people(app, "Tom Ridge")
    trigger(app, qtbot, "delete")
    qtbot.waitUntil(lambda: faces_of(app) < 54)
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(lambda: faces_of(app) == 54)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert not app.window.message.isVisible()
    assert app.window.statusBar().currentMessage().startswith("Undone: ")


def test_a_face_that_is_enrolled_is_not_offered_to_be_confirmed(
    app: App, qtbot: QtBot, small_tree: Path
) -> None:
    ask(app, qtbot, sorted((small_tree / "Tiger_Woods").glob("*.npy"))[0])
    actions = app.window.query.actions
    qtbot.waitUntil(lambda: "Tiger Woods already has this face" in actions.message.text())
    assert not actions.confirm.isVisible()
    assert not app.window.menus.actions["confirm"].isEnabled()


def test_confirming_faces_twice_says_that_nothing_was_changed(app: App, qtbot: QtBot) -> None:
    app.window.faces.grid.selectAll()
    trigger(app, qtbot, "confirm_faces")
    qtbot.waitUntil(lambda: "confirmed" in app.window.statusBar().currentMessage())
    before = len(app.context.gallery.history.changes())
    trigger(app, qtbot, "confirm_faces")
    qtbot.waitUntil(lambda: "Nothing to change" in app.window.statusBar().currentMessage())
    assert len(app.context.gallery.history.changes()) == before


@pytest.fixture
def small_sample(small_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(galleries, "sample_faces", lambda: small_tree)
    return small_tree


def test_a_sample_whose_import_was_undone_is_filled_when_it_is_opened(
    start: Callable[..., App], small_sample: Path, qtbot: QtBot
) -> None:
    gallery, _ = Gallery.create_from(sample_gallery(), [small_sample])
    with gallery:
        gallery.corrections.rename("Tom Ridge", "Thomas Ridge")
        gallery.history.undo()
        gallery.history.undo()
    app = start(sample=True)
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 6)
    qtbot.waitUntil(lambda: "been restored" in app.window.message.words.text())
    redo = app.window.menus.actions["redo"]
    qtbot.waitUntil(lambda: "Thomas Ridge" in redo.text())  # what was done since is not cut off
    assert len(app.context.gallery.history.changes()) == 2


def test_a_sample_whose_people_were_deleted_is_filled_and_that_can_be_undone(
    start: Callable[..., App], small_sample: Path, qtbot: QtBot
) -> None:
    gallery, _ = Gallery.create_from(sample_gallery(), [small_sample])
    with gallery:
        gallery.corrections.delete([one.name for one in gallery.people.all()])
    app = start(sample=True)
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 6)
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 0)
    app.window.menus.actions["sample"].trigger()  # also where it is open
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 6)


def test_a_sample_with_anybody_in_it_stays_as_it_is(
    start: Callable[..., App], small_sample: Path, qtbot: QtBot
) -> None:
    gallery, _ = Gallery.create_from(sample_gallery(), [small_sample])
    with gallery:
        gallery.corrections.delete(["Tom Ridge", "Tom Hanks"])
        gallery.corrections.delete(["Tiger Woods"])
        gallery.history.undo()
    app = start(sample=True)
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 4)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert app.window.identities.model.rowCount() == 4


def test_another_gallery_opens_on_its_faces(
    app: App, qtbot: QtBot, gallery_folder: Path, tmp_path: Path
) -> None:
    app.window.middle.setCurrentWidget(app.window.unknown)
    galleries.close_gallery(app.context)
    galleries.open_gallery(app.context, gallery_folder)
    qtbot.waitUntil(lambda: app.state.gallery is not None)
    assert app.window.middle.shows(app.window.unknown)  # the same one: as it was left
    galleries.new_gallery(app.context, tmp_path / "other.gallery")
    qtbot.waitUntil(lambda: app.context.gallery.folder.name == "other.gallery")
    assert app.window.middle.shows(app.window.faces)
    qtbot.waitUntil(app.window.faces.empty_gallery.isVisible)
