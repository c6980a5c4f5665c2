"""The Unknown tab: what is kept, who looks alike, and a name for all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from tests.app.conftest import DATA
from tests.app.test_correcting import trigger
from tests.app.test_window import ask

pytestmark = pytest.mark.slow

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
            gallery.unknowns.add(gallery.read_queries(file))
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    open_tab(app, qtbot, 5)
    return app


@pytest.fixture
def keeping(app: App) -> App:
    """The window at a gallery whose person wants unknown queries kept."""
    app.window.menus.actions["keep_unknown"].trigger()
    return app


def test_the_first_unknown_query_of_a_gallery_asks_whether_to_keep_it(
    app: App, qtbot: QtBot, query_file: Path, start: Callable[..., App], gallery_folder: Path
) -> None:
    notice, gallery = app.window.query.keep_notice, app.context.gallery
    ask(app, qtbot, query_file)
    assert not notice.isVisible()
    ask(app, qtbot, *RYDER[:3], query_file)
    qtbot.waitUntil(notice.isVisible)
    assert "3 of these queries" in notice.words.text()
    assert gallery.unknowns.count() == 0
    click(qtbot, notice.keep)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 3")
    assert "are kept in this gallery" in notice.words.text()
    assert not notice.keep.isVisible()
    click(qtbot, notice.show_them)
    assert app.window.middle.currentWidget() is app.window.unknown
    app.window.close()
    again = start(gallery_folder)
    qtbot.waitUntil(again.window.menus.actions["keep_unknown"].isChecked)
    ask(again, qtbot, *BLIX)
    qtbot.waitUntil(lambda: tab(again) == "Unknown · 4")


def test_a_person_who_does_not_want_them_kept_is_not_asked_again(
    app: App, qtbot: QtBot, start: Callable[..., App], gallery_folder: Path
) -> None:
    notice = app.window.query.keep_notice
    ask(app, qtbot, *BLIX)
    qtbot.waitUntil(notice.isVisible)
    assert "this query. Keep it" in notice.words.text()
    click(qtbot, notice.leave)
    assert not notice.isVisible()
    ask(app, qtbot, *RYDER)
    assert not notice.isVisible()
    app.window.close()
    again = start(gallery_folder)
    qtbot.waitUntil(lambda: "are not kept" in again.window.unknown.empty.sentence.text())
    ask(again, qtbot, *RYDER)
    assert not again.window.query.keep_notice.isVisible()
    assert again.context.gallery.unknowns.count() == 0


def test_unknown_queries_are_kept_and_counted(keeping: App, qtbot: QtBot, query_file: Path) -> None:
    app = keeping
    assert tab(app) == "Unknown"
    ask(app, qtbot, *RYDER[:2], query_file)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 2")
    open_tab(app, qtbot, 2)
    ask(app, qtbot, *RYDER)  # while it is in front; two of them are there
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 4")
    assert app.window.unknown.card.question.text() == "These 4 look like one person"


def test_an_enrolled_face_that_is_asked_about_is_not_kept(keeping: App, qtbot: QtBot) -> None:
    app = keeping
    gallery = app.context.gallery
    face = gallery.faces.of("Tiger Woods")[0]
    gallery.corrections.reject(gallery.faces.vector(face.id), face.identity_id)
    app.window.faces.who_is_this.emit(face.id)
    qtbot.waitUntil(lambda: bool(app.state.query and app.state.query.answer))
    assert app.state.query.answer.verdict == "unknown"  # type: ignore[union-attr]
    ask(app, qtbot, *BLIX)  # kept after it, had it been kept
    qtbot.waitUntil(lambda: gallery.unknowns.count() > 0)
    assert [one.file for one in gallery.unknowns.all()] == [str(BLIX[0])]


def test_nothing_is_kept_where_the_person_does_not_want_it(keeping: App, qtbot: QtBot) -> None:
    app = keeping
    entry = app.window.menus.actions["keep_unknown"]
    assert entry.isChecked()
    entry.trigger()
    assert not entry.isChecked()
    assert "not kept" in app.window.unknown.empty.sentence.text()
    ask(app, qtbot, *RYDER[:2])
    assert app.context.gallery.unknowns.count() == 0
    entry.trigger()  # what is shown is kept then
    qtbot.waitUntil(lambda: app.context.gallery.unknowns.count() == 2)


def test_a_whole_cluster_is_named_and_the_next_one_comes_forward(
    shelved: App, qtbot: QtBot
) -> None:
    panel, gallery = shelved.window.unknown, shelved.context.gallery
    assert [len(panel.model.cluster_at(row)) for row in range(2)] == [4, 1]  # type: ignore[arg-type]
    assert not panel.card.ok.isEnabled()
    qtbot.keyClicks(panel.card.name, "Winona Ryder")
    assert panel.card.message.text() == "A new person"
    assert panel.card.ok.text() == "Name them"
    click(qtbot, panel.card.ok)
    assert panel.card.question.text() == "This face looks like no other unknown face"
    assert panel.card.name.text() == ""
    qtbot.waitUntil(lambda: gallery.people.find("Winona Ryder") is not None)
    assert gallery.people.find("Winona Ryder").faces == 4  # type: ignore[union-attr]
    assert tab(shelved) == "Unknown · 1"
    assert shelved.window.middle.currentWidget() is panel
    trigger(shelved, qtbot, "undo")
    qtbot.waitUntil(lambda: panel.model.count() == 5)
    assert gallery.people.find("Winona Ryder") is None


def test_a_name_that_looks_like_somebodys_is_remarked_on(shelved: App, qtbot: QtBot) -> None:
    card = shelved.window.unknown.card
    card.name.setText("T\u043em Hanks")  # Cyrillic o
    qtbot.waitUntil(lambda: "looks like “Tom Hanks”" in card.message.text())
    assert card.ok.isEnabled()


def test_only_the_selected_ones_get_the_name_and_the_others_look_like_it(
    shelved: App, qtbot: QtBot
) -> None:
    panel, gallery = shelved.window.unknown, shelved.context.gallery
    card = panel.card
    for row in (0, 1, 2):
        selection = card.grid.selectionModel()
        selection.select(card.model.index(row), selection.SelectionFlag.Select)
    assert card.ok.text() == "Name the 3 selected"
    assert "3 of 4 selected" in card.message.text()
    qtbot.keyClicks(card.name, "Winona Ryder")
    qtbot.keyClick(card.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: gallery.people.find("Winona Ryder") is not None)
    assert gallery.people.find("Winona Ryder").faces == 3  # type: ignore[union-attr]
    assert panel.model.count() == 2

    def told() -> bool:
        likeness = panel.shown.likeness if panel.shown else None
        return likeness is not None and likeness.name == "Winona Ryder"

    qtbot.waitUntil(told)
    assert card.likeness.text().startswith("Looks like Winona Ryder · ")
    assert card.add.isVisible()
    click(qtbot, card.add)
    qtbot.waitUntil(lambda: gallery.people.find("Winona Ryder").faces == 4)  # type: ignore[union-attr]


def test_dismissed_faces_go_and_are_not_kept_again_for_another_strictness(
    keeping: App, qtbot: QtBot
) -> None:
    app = keeping
    ask(app, qtbot, *BLIX)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 1")
    open_tab(app, qtbot, 1)
    click(qtbot, app.window.unknown.card.dismiss)
    assert app.window.unknown.empty.isVisible()
    qtbot.waitUntil(lambda: app.context.gallery.unknowns.count() == 0)
    before = app.state.query.answer  # type: ignore[union-attr]
    app.window.query.strictness.changed.emit(0.001)
    qtbot.waitUntil(lambda: app.state.query.answer is not before)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not app.tasks.is_running("clusters"))
    assert app.context.gallery.unknowns.count() == 0
    trigger(app, qtbot, "undo")
    qtbot.waitUntil(lambda: app.window.unknown.model.count() == 1)


def test_a_group_is_kept_as_one_stranger_by_keyboard_and_comes_back_with_undo(
    shelved: App, qtbot: QtBot
) -> None:
    panel, gallery = shelved.window.unknown, shelved.context.gallery
    button = panel.card.stranger
    assert button.toolTip().startswith("Dismiss them and never ask again")
    panel.card.dismiss.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(panel.card.dismiss, Qt.Key.Key_Tab)
    assert button.hasFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: gallery.unknowns.count_strangers() == (4, 1))
    assert panel.model.count() == 1
    assert button.toolTip().startswith("Dismiss it and")
    qtbot.waitUntil(lambda: tab(shelved) == "Unknown · 1")
    assert gallery.history.changes(1)[0].action == "keep-strangers"
    trigger(shelved, qtbot, "undo")
    qtbot.waitUntil(lambda: panel.model.count() == 5)
    assert gallery.unknowns.count_strangers() == (0, 0)


def test_only_the_selected_ones_are_kept_as_strangers(shelved: App, qtbot: QtBot) -> None:
    panel, gallery = shelved.window.unknown, shelved.context.gallery
    selection = panel.card.grid.selectionModel()
    selection.select(panel.card.model.index(1), selection.SelectionFlag.Select)
    assert panel.card.stranger.toolTip().startswith("Dismiss the one selected and")
    click(qtbot, panel.card.stranger)
    qtbot.waitUntil(lambda: gallery.unknowns.count_strangers() == (1, 1))
    assert panel.model.count() == 4


def test_what_is_typed_and_selected_stays_when_the_shelf_is_looked_at_anew(
    shelved: App, qtbot: QtBot
) -> None:
    card = shelved.window.unknown.card
    qtbot.keyClicks(card.name, "Winona")
    selection = card.grid.selectionModel()
    selection.select(card.model.index(2), selection.SelectionFlag.Select)
    chosen = card.selected()
    shelved.window.menus.actions["keep_unknown"].trigger()
    ask(shelved, qtbot, sorted((DATA / "Ariel_Sharon").glob("*.npy"))[0])
    qtbot.waitUntil(lambda: shelved.window.unknown.model.count() == 6)
    assert card.name.text() == "Winona"
    assert card.selected() == chosen


def test_a_query_that_is_enrolled_from_its_panel_leaves_the_shelf(
    keeping: App, qtbot: QtBot
) -> None:
    app = keeping
    ask(app, qtbot, *BLIX)
    qtbot.waitUntil(lambda: tab(app) == "Unknown · 1")
    app.window.query.actions.confirmed.emit("Tom Ridge")
    qtbot.waitUntil(lambda: tab(app) == "Unknown")


def test_an_open_gallery_for_reading_only_keeps_and_names_nothing(
    start: Callable[..., App], gallery_folder: Path, qtbot: QtBot
) -> None:
    with Gallery.open(gallery_folder) as writer:
        writer.unknowns.add(writer.read_queries(BLIX[0]))
        writer.unknowns.set_collecting(True)
        app = start(gallery_folder)
        qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
        open_tab(app, qtbot, 1)
        assert not app.window.unknown.card.name.isEnabled()
        assert not app.window.unknown.card.dismiss.isEnabled()
        assert not app.window.unknown.card.stranger.isEnabled()
        assert not app.window.unknown.dismiss_all.isEnabled()
        assert not app.window.menus.actions["keep_unknown"].isEnabled()
        ask(app, qtbot, RYDER[0])
        assert writer.unknowns.count() == 1


@pytest.fixture
def crowded(start: Callable[..., App], gallery_folder: Path, qtbot: QtBot) -> App:
    """The window at kept faces of eight people."""
    people = [folder for folder in sorted(DATA.glob("[A-C]*"))[:8] if folder.is_dir()]
    with Gallery.open(gallery_folder) as gallery:
        for number, person in enumerate(people):
            for file in sorted(person.glob("*.npy"))[: 3 + number % 3]:
                gallery.unknowns.add(gallery.read_queries(file))
        count = gallery.unknowns.count()
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    open_tab(app, qtbot, count)
    return app


def settled(app: App, qtbot: QtBot) -> None:
    """Waits until the shelf was put together anew after a change."""
    pauses = app.unknowns_controller.findChildren(QTimer)
    qtbot.waitUntil(
        lambda: not app.tasks.is_busy() and not any(pause.isActive() for pause in pauses)
    )


def select(app: App, rows: list[int]) -> None:
    selection = app.window.unknown.list.selectionModel()
    selection.clearSelection()
    for row in rows:
        selection.select(app.window.unknown.model.index(row), selection.SelectionFlag.Select)


def test_naming_one_leaves_all_others_where_they_are(crowded: App, qtbot: QtBot) -> None:
    panel = crowded.window.unknown
    before = panel.groups()
    named = before[1]
    crowded.window.resize(1024, 620)
    panel.list.setCurrentIndex(panel.model.index(1))
    bar = panel.list.verticalScrollBar()
    bar.setValue(120)  # the one that is named is out of sight
    assert bar.value() == 120
    panel.card.name.setText("Somebody")
    click(qtbot, panel.card.ok)
    rest = [group for group in before if group != named]
    assert panel.groups() == rest
    settled(crowded, qtbot)
    assert [set(group) for group in panel.groups()] == [set(group) for group in rest]
    assert bar.value() == 120
    assert panel.shown is not None
    assert set(panel.shown.ids) == set(rest[1])


def test_several_groups_are_named_at_once(crowded: App, qtbot: QtBot) -> None:
    panel, gallery = crowded.window.unknown, crowded.context.gallery
    before = panel.groups()
    select(crowded, [0, 2])
    count = len(before[0]) + len(before[2])
    assert panel.card.question.text() == f"2 groups with {count} faces: one person?"
    assert panel.card.model.rowCount() == count
    panel.card.name.setText("Somebody")
    click(qtbot, panel.card.ok)
    qtbot.waitUntil(lambda: gallery.people.find("Somebody") is not None)
    assert gallery.people.find("Somebody").faces == count  # type: ignore[union-attr]
    assert panel.groups() == [before[1], *before[3:]]


def test_groups_that_are_put_together_stay_so(crowded: App, qtbot: QtBot) -> None:
    panel = crowded.window.unknown
    before = panel.groups()
    select(crowded, [1, 4])
    click(qtbot, panel.card.merge)
    joined = {*before[1], *before[4]}
    assert set(panel.groups()[1]) == joined
    assert not panel.card.merge.isVisible()
    settled(crowded, qtbot)
    assert set(panel.groups()[1]) == joined
    assert len(panel.groups()) == len(before) - 1


def test_all_are_dismissed_at_once_and_come_back_with_undo(crowded: App, qtbot: QtBot) -> None:
    panel, gallery = crowded.window.unknown, crowded.context.gallery
    count = panel.model.count()
    click(qtbot, panel.dismiss_all)
    assert panel.empty.isVisible()
    qtbot.waitUntil(lambda: gallery.unknowns.count() == 0)
    assert tab(crowded) == "Unknown"
    trigger(crowded, qtbot, "undo")
    qtbot.waitUntil(lambda: panel.model.count() == count)
