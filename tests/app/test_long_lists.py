"""The window on more people than a screen has rows: search, keys, and what stays in its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from engine.records.names import search_key
from gallery_app import pictures
from gallery_app.app import App
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.item_models.roles import PictureRole
from gallery_app.operations import corrections
from tests.app.test_window import dialog

pytestmark = pytest.mark.slow

MANY = 1_500
SELECT = QItemSelectionModel.SelectionFlag.Select


def name_of(number: int) -> str:
    """Four families, so that many names begin alike; one of them with accents."""
    return f"{('Ábel', 'Bo', 'Cé', 'Dora')[number % 4]} {number // 4:04d}"


@pytest.fixture(scope="module")
def made_crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd")
    vectors = np.random.default_rng(5).standard_normal((MANY + 700, 16)).astype(np.float32)
    names = [name_of(number) for number in range(MANY)] + [name_of(0)] * 700
    np.savez(folder / "crowd.npz", embeddings=vectors, names=names)
    gallery, _ = Gallery.create_from(folder / "crowd.gallery", [folder / "crowd.npz"])
    gallery.close()
    return folder / "crowd.gallery"


@pytest.fixture
def crowd(made_crowd: Path, tmp_path: Path, start: Callable[..., App], qtbot: QtBot) -> App:
    folder = tmp_path / "crowd.gallery"
    shutil.copytree(made_crowd, folder)
    running = start(folder)
    qtbot.waitUntil(lambda: running.window.faces.model.rowCount() > 0)
    return running


def shown(app: App) -> list[str]:
    model = app.window.identities.model
    return [model.index(row).data() for row in range(model.rowCount())]


def current(app: App) -> str:
    return str(app.window.identities.list.currentIndex().data())


def plainly(text: str) -> list[str]:
    """Whom a search finds, in order, said as simply as it can be."""
    names = sorted(map(name_of, range(MANY)), key=lambda name: (search_key(name), name))
    words = search_key(text).split()
    return [name for name in names if all(word in search_key(name) for word in words)]


def test_the_scroll_bar_knows_at_once_how_many_there_are(crowd: App) -> None:
    view = crowd.window.identities.list
    bar, row = view.verticalScrollBar(), view.visualRect(view.model().index(0, 0)).height()
    assert view.model().rowCount() == MANY
    assert bar.maximum() == MANY * row - view.viewport().height()
    bar.setValue(bar.maximum())
    assert view.indexAt(view.viewport().rect().bottomLeft()).row() == MANY - 1
    assert crowd.window.identities.search.placeholderText() == "Search 1,500 people"
    assert "1,500 people · 2,200 faces" in crowd.window.left_status.text()


@pytest.mark.parametrize("text", ["abel", "ÁB 01", "37", "7 bo", "é", "o 1 d", "nobody", "  ", "B"])
def test_search_shows_whom_a_plain_search_finds(crowd: App, qtbot: QtBot, text: str) -> None:
    field = crowd.window.identities.search
    for letter in text:
        field.insert(letter)
    assert shown(crowd) == plainly(text)
    crowd.window.identities.sort_by("faces")
    most = name_of(0)
    expected = plainly(text)
    if most in expected:
        expected.remove(most)
        expected.insert(0, most)
    assert shown(crowd) == expected


def test_home_end_and_page_keys_go_where_they_should(crowd: App, qtbot: QtBot) -> None:
    view = crowd.window.identities.list
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.currentIndex().row() == MANY - 1
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.currentIndex().row() == 0
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    page = view.currentIndex().row()
    rect = view.visualRect(view.currentIndex())
    assert page == view.viewport().height() // rect.height()
    assert view.viewport().rect().contains(rect)
    qtbot.keyClick(view, Qt.Key.Key_PageUp)
    assert view.currentIndex().row() == 0
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.currentIndex().row() == 0


def test_typing_in_the_list_goes_to_the_next_name_that_begins_so(crowd: App, qtbot: QtBot) -> None:
    view = crowd.window.identities.list
    qtbot.keyClick(view, "d")
    assert current(crowd) == "Dora 0000"
    view.keyboardSearch("o")
    view.keyboardSearch("r")
    assert current(crowd) == "Dora 0000"
    view.typed.emit("ce")
    assert current(crowd) == "Cé 0000"
    view.typed.emit("c")
    assert current(crowd) == "Cé 0001"
    view.typed.emit("nobody")
    assert current(crowd) == "Cé 0001"


def test_shift_and_end_selects_the_rest_in_one_stroke(crowd: App, qtbot: QtBot) -> None:
    view = crowd.window.identities.list
    row = crowd.window.identities.model.row_of(crowd.context.gallery.people.find("Bo 0001").id)  # type: ignore[union-attr]
    view.setCurrentIndex(view.model().index(row, 0))
    qtbot.keyClick(view, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_rows().tolist() == list(range(row, MANY))
    assert crowd.window.menus.actions["merge"].isEnabled()
    assert not crowd.window.menus.actions["rename"].isEnabled()
    crowd.window.menus.actions["merge"].trigger()
    assert "up to 100 people" in crowd.window.message.words.text()


def test_a_change_elsewhere_leaves_selection_and_place(crowd: App, qtbot: QtBot) -> None:
    panel = crowd.window.identities
    model, selection = panel.model, panel.list.selectionModel()
    wanted = ["Dora 0003", "Dora 0005", "Dora 0004"]
    rows = [model.row_of(crowd.context.gallery.people.find(name).id) for name in wanted]  # type: ignore[union-attr]
    panel.list.setCurrentIndex(model.index(rows[0]))
    for row in rows[1:]:
        selection.select(model.index(row), SELECT)
    place = panel.list.verticalScrollBar().value()
    for correct in (
        lambda gallery: gallery.corrections.delete(["Ábel 0001"]),
        lambda gallery: gallery.corrections.rename("Bo 0002", "Zed"),
        lambda gallery: gallery.history.undo(),
        lambda gallery: gallery.corrections.merge(["Dora 0005"], "Zora"),
    ):
        before = model.roster.change
        if "Zora" not in model.roster.names:
            crowd.context.gallery.corrections.rename("Cé 0009", "Zora")
        corrections.correct(crowd.context, "Correcting", correct)
        qtbot.waitUntil(lambda before=before: model.roster.change > before)
    assert [one.name for one in panel.selected()] == ["Dora 0003", "Dora 0004"]
    assert current(crowd) == "Dora 0003"
    assert panel.list.verticalScrollBar().value() == place
    assert shown(crowd) == sorted(
        (one.name for one in crowd.context.gallery.people.all()), key=search_key
    )


def test_of_two_people_chosen_the_last_is_shown(crowd: App, qtbot: QtBot) -> None:
    """The answer about the first one is late."""
    gallery = crowd.context.gallery
    for name in ("Ábel 0000", "Bo 0000", "Dora 0100"):
        crowd.people_controller.go_to_identity(gallery.people.find(name).id)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not crowd.tasks.is_busy())
    assert crowd.window.faces.title.text() == "Dora 0100"
    assert crowd.window.faces.model.rowCount() == 1


def test_many_faces_of_one_person_are_a_grid_without_an_end(crowd: App, qtbot: QtBot) -> None:
    grid, model = crowd.window.faces.grid, crowd.window.faces.model
    assert model.rowCount() == 701
    qtbot.keyClick(grid, Qt.Key.Key_Home)
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert crowd.window.faces.selected_ids() == [MANY + 700]
    qtbot.waitUntil(lambda: crowd.window.faces.details.isVisible())
    grid.selectAll()
    assert grid.selected_count() == 701
    faces = [face.id for face in crowd.window.faces.selected_faces()]
    assert faces == crowd.window.faces.selected_ids()


def test_names_are_offered_by_any_of_their_words(crowd: App, qtbot: QtBot) -> None:
    crowd.menu_controller.enroll()
    field = dialog(EnrollDialog, qtbot).name
    offered = field.completer().model()
    qtbot.keyClicks(field, "12 abel")
    assert offered.stringList() == plainly("12 abel")  # type: ignore[attr-defined]
    field.clear()
    qtbot.keyClicks(field, "bo")
    assert offered.stringList() == plainly("bo")[:50]  # type: ignore[attr-defined]
    field.clear()
    qtbot.keyClicks(field, " ")
    assert offered.stringList() == []  # type: ignore[attr-defined]


def test_pictures_are_kept_up_to_a_size_and_wished_for_up_to_a_number(
    made_crowd: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "_KEPT", 5 * 192 * 192 * 4)
    monkeypatch.setattr(pictures, "_WISHED", 20)
    source, came = pictures.Pictures(), list[int]()
    source.ready.connect(came.extend)
    with Gallery.open(made_crowd, write=False) as gallery:
        source.set_gallery(gallery)
        with source._making:  # as fast scrolling: nothing is made meanwhile
            for face in range(1, 201):
                source.get(face)
        qtbot.waitUntil(lambda: 181 in came)
        there = [face for face in range(1, 201) if source.get(face) is not None]
        source.close()
    assert set(came) <= {*range(175, 201)}  # some may be in the making when the others are wished
    assert len(there) == 5
    source.deleteLater()


def test_only_the_rows_whose_picture_came_are_painted_anew(crowd: App, qtbot: QtBot) -> None:
    model = crowd.window.identities.model
    changed: list[tuple[int, int]] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        if last.row() >= 1_000:  # those in view may still get theirs
            changed.append((first.row(), last.row()))

    model.dataChanged.connect(note)
    for row in (1_200, 1_300):
        assert model.index(row).data(PictureRole) is None
    qtbot.waitUntil(lambda: len(changed) == 2)
    assert sorted(changed) == [(1_200, 1_200), (1_300, 1_300)]
    assert model.index(1_200).data(PictureRole) is not None
