"""The Unknown tab: what is kept, who looks alike, and a name for all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app import settings
from gallery_app.app import App
from tests.app.conftest import DATA
from tests.app.test_correcting import trigger
from tests.app.test_window import ask

RYDER = [sorted((DATA / "Winona_Ryder").glob("*.npy"))[number] for number in (7, 8, 10, 11)]
BLIX = sorted((DATA / "Hans_Blix").glob("*.npy"))[:1]


def open_tab(app: App, qtbot: QtBot, faces: int) -> None:
    app.window.middle.setCurrentWidget(app.window.unknown)
    qtbot.waitUntil(lambda: app.window.unknown.model.count() == faces)


def tab(app: App) -> str:
    return app.window.middle.tabText(app.window.middle.indexOf(app.window.unknown))


def click(qtbot: QtBot, button) -> None:  # type: ignore[no-untyped-def]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def shelved(start: Callable[..., App], gallery_folder: Path, qtbot: QtBot) -> App:
    """The window at five kept faces of two people."""
    with Gallery.open(gallery_folder) as gallery:
        for file in (*RYDER, *BLIX):
            gallery.shelf.keep(gallery.read_queries(file))
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    open_tab(app, qtbot, 5)
    return app


def test_unknown_queries_are_kept_and_counted(app: App, qtbot: QtBot, query_file: Path) -> None:
    assert tab(app) == "Unknown"
    ask(app, qtbot, *RYDER[:2], query_file)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 2")
    open_tab(app, qtbot, 2)
    ask(app, qtbot, *RYDER)  # while it is in front; two of them are there
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 4")
    assert app.window.unknown.card.question.text() == "These 4 look like one person"


def test_an_enrolled_face_that_is_asked_about_is_not_kept(app: App, qtbot: QtBot) -> None:
    gallery = app.context.gallery
    face = gallery.faces("Tiger Woods")[0]
    gallery.reject(gallery.vector(face.id), face.identity_id)
    app.window.faces.who_is_this.emit(face.id)
    qtbot.waitUntil(lambda: bool(app.state.query and app.state.query.answer))
    assert app.state.query.answer.verdict == "unknown"  # type: ignore[union-attr]
    ask(app, qtbot, *BLIX)  # kept after it, had it been kept
    qtbot.waitUntil(lambda: gallery.shelf.count() > 0)
    assert [one.file for one in gallery.shelf.unknowns()] == [str(BLIX[0])]


def test_nothing_is_kept_where_the_person_does_not_want_it(app: App, qtbot: QtBot) -> None:
    entry = app.window.menus.actions["keep_unknown"]
    assert entry.isChecked()
    entry.trigger()
    assert app.settings.get(settings.KEEP_UNKNOWN) == 0
    assert "not kept" in app.window.unknown.empty.sentence.text()
    ask(app, qtbot, *RYDER[:2])
    assert app.context.gallery.shelf.count() == 0
    entry.trigger()  # what is shown is kept then
    qtbot.waitUntil(lambda: app.context.gallery.shelf.count() == 2)


def test_a_whole_cluster_is_named_and_the_next_one_comes_forward(
    shelved: App, qtbot: QtBot
) -> None:
    panel, gallery = shelved.window.unknown, shelved.context.gallery
    assert [len(panel.model.cluster_at(row)) for row in range(2)] == [4, 1]  # type: ignore[arg-type]
    assert not panel.card.ok.isEnabled()
    qtbot.keyClicks(panel.card.name, "Winona Ryder")
    assert panel.card.told.text() == "A new person"
    assert panel.card.ok.text() == "Name them"
    click(qtbot, panel.card.ok)
    assert panel.card.question.text() == "This face looks like no other on the shelf"
    assert panel.card.name.text() == ""
    qtbot.waitUntil(lambda: gallery.identity("Winona Ryder") is not None)
    assert gallery.identity("Winona Ryder").faces == 4  # type: ignore[union-attr]
    assert tab(shelved) == "Unknown · 1"
    assert shelved.window.middle.currentWidget() is panel
    trigger(shelved, qtbot, "undo")
    qtbot.waitUntil(lambda: panel.model.count() == 5)
    assert gallery.identity("Winona Ryder") is None


def test_only_the_selected_ones_get_the_name_and_the_others_look_like_it(
    shelved: App, qtbot: QtBot
) -> None:
    panel, gallery = shelved.window.unknown, shelved.context.gallery
    card = panel.card
    for row in (0, 1, 2):
        selection = card.grid.selectionModel()
        selection.select(card.model.index(row), selection.SelectionFlag.Select)
    assert card.ok.text() == "Name the 3 selected"
    assert "3 of 4 selected" in card.told.text()
    qtbot.keyClicks(card.name, "Winona Ryder")
    qtbot.keyClick(card.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: gallery.identity("Winona Ryder") is not None)
    assert gallery.identity("Winona Ryder").faces == 3  # type: ignore[union-attr]
    assert panel.model.count() == 2

    def told() -> bool:
        likeness = panel.shown.likeness if panel.shown else None
        return likeness is not None and likeness.name == "Winona Ryder"

    qtbot.waitUntil(told)
    assert card.likeness.text().startswith("Looks like Winona Ryder · ")
    assert card.add.isVisible()
    click(qtbot, card.add)
    qtbot.waitUntil(lambda: gallery.identity("Winona Ryder").faces == 4)  # type: ignore[union-attr]


def test_dismissed_faces_go_and_are_not_kept_again_for_another_strictness(
    app: App, qtbot: QtBot
) -> None:
    ask(app, qtbot, *BLIX)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 1")
    open_tab(app, qtbot, 1)
    click(qtbot, app.window.unknown.card.dismiss)
    assert app.window.unknown.empty.isVisible()
    qtbot.waitUntil(lambda: app.context.gallery.shelf.count() == 0)
    before = app.state.query.answer  # type: ignore[union-attr]
    app.window.query.strictness.changed.emit(0.001)
    qtbot.waitUntil(lambda: app.state.query.answer is not before)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not app.tasks.is_running("clusters"))
    assert app.context.gallery.shelf.count() == 0
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(lambda: app.window.unknown.model.count() == 1)


def test_what_is_typed_and_selected_stays_when_the_shelf_is_looked_at_anew(
    shelved: App, qtbot: QtBot
) -> None:
    card = shelved.window.unknown.card
    qtbot.keyClicks(card.name, "Winona")
    selection = card.grid.selectionModel()
    selection.select(card.model.index(2), selection.SelectionFlag.Select)
    chosen = card.selected()
    ask(shelved, qtbot, sorted((DATA / "Ariel_Sharon").glob("*.npy"))[0])
    qtbot.waitUntil(lambda: shelved.window.unknown.model.count() == 6)
    assert card.name.text() == "Winona"
    assert card.selected() == chosen


def test_a_query_that_is_enrolled_from_its_panel_leaves_the_shelf(app: App, qtbot: QtBot) -> None:
    ask(app, qtbot, *BLIX)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 1")
    app.window.query.actions.confirmed.emit("Tom Ridge")
    qtbot.waitUntil(lambda: tab(app) == "Unknown")


def test_an_open_gallery_for_reading_only_keeps_and_names_nothing(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    with Gallery.open(gallery_folder) as writer:
        writer.shelf.keep(writer.read_queries(BLIX[0]))
        app = start(gallery_folder)
        qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
        open_tab(app, qtbot, 1)
        assert not app.window.unknown.card.name.isEnabled()
        assert not app.window.unknown.card.dismiss.isEnabled()
        ask(app, qtbot, RYDER[0])
        assert writer.shelf.count() == 1
