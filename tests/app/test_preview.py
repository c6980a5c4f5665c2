"""A face in full size from every list, its photograph opened, and shown in its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.dialogs.face_preview import FacePreview
from gallery_app.operations import photographs
from gallery_app.operations.queries import as_queries, identify_all, open_queries
from tests.app.conftest import DATA
from tests.detected import batch_of_faces, detected, photograph


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One person with three vectors; photographs of 300 by 200 pixels beside two of them."""
    folder = tmp_path / "people" / "Tiger_Woods"
    folder.mkdir(parents=True)
    for number, file in enumerate(sorted((DATA / "Tiger_Woods").glob("*.npy"))[:3]):
        shutil.copy(file, folder)
        if number < 2:
            color = (40, 90 + 60 * number, 160)
            Image.new("RGB", (300, 200), color).save(folder / f"{file.stem}.jpg")
    other = tmp_path / "people" / "Tim_Henman"
    other.mkdir()
    for file in sorted((DATA / "Tim_Henman").glob("*.npy"))[:3]:
        shutil.copy(file, other)
    return tmp_path / "people"


@pytest.fixture
def photographed(start: Callable[..., App], tree: Path, tmp_path: Path, qtbot: QtBot) -> App:
    """The window on them, Tiger Woods in front."""
    Gallery.create_from(tmp_path / "photos.gallery", [tree])[0].close()
    app = start(tmp_path / "photos.gallery")
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    person = app.context.gallery.people.find("Tiger Woods")
    assert person is not None
    app.people_controller.go_to_identity(person.id)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == "Tiger Woods")
    return app


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[QUrl]:
    """What the desktop was asked to open."""
    urls: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url) or True)
    return urls


def look(app: App, qtbot: QtBot, row: int) -> FacePreview:
    """Presses Space on a face of the grid."""
    faces = app.window.faces
    faces.grid.setFocus()
    faces.grid.setCurrentIndex(faces.model.index(row))
    with qtbot.waitActive(app.window):
        app.window.activateWindow()
    qtbot.keyClick(faces.grid, Qt.Key.Key_Space)
    return shown(app, qtbot)


def shown(app: App, qtbot: QtBot) -> FacePreview:
    qtbot.waitUntil(lambda: app.preview_controller.dialog is not None)
    dialog = app.preview_controller.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.picture.image.isNull())
    return dialog


def wait(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.tasks.is_busy())


def test_space_shows_the_photograph_as_large_as_it_is(photographed: App, qtbot: QtBot) -> None:
    dialog = look(photographed, qtbot, 0)
    assert dialog.picture.image.size().toTuple() == (300, 200)
    assert dialog.name.text() == "Tiger Woods"
    assert "photograph, 300 × 200 pixels" in dialog.place.text()
    assert dialog.count.text() == "1 of 3"
    assert dialog.picture.accessibleName()
    qtbot.keyClick(dialog, Qt.Key.Key_Space)
    assert not dialog.isVisible()
    assert dialog.picture.image.isNull()


def test_arrow_keys_go_through_the_list_and_stop_at_its_ends(
    photographed: App, qtbot: QtBot
) -> None:
    dialog = look(photographed, qtbot, 0)
    qtbot.keyClick(dialog, Qt.Key.Key_Left)
    assert dialog.count.text() == "1 of 3"
    qtbot.keyClick(dialog, Qt.Key.Key_Right)
    qtbot.keyClick(dialog, Qt.Key.Key_Down)
    assert dialog.count.text() == "3 of 3"
    qtbot.waitUntil(lambda: "drawn from the embedding" in dialog.place.text())
    assert photographed.window.faces.selected_ids() == [
        photographed.window.faces.model.faces()[2].id
    ]
    assert not dialog.open_photo.isEnabled()
    assert "no photograph" in dialog.missing.text()
    assert dialog.folder.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Right)
    assert dialog.count.text() == "3 of 3"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_without_the_file_the_gallery_shows_its_own_picture(
    photographed: App, tree: Path, qtbot: QtBot
) -> None:
    shutil.rmtree(tree)
    dialog = look(photographed, qtbot, 0)
    assert "the gallery's own picture, 192 × 128 pixels" in dialog.place.text()
    assert not dialog.open_photo.isEnabled()
    assert not dialog.folder.isEnabled()
    assert dialog.missing.text() == "The file is not where it was"


def test_a_photograph_is_opened_and_shown_in_its_folder(
    photographed: App, tree: Path, opened: list[QUrl], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.setattr("sys.platform", "linux")
    dialog = look(photographed, qtbot, 0)
    dialog.open_photo.click()
    qtbot.waitUntil(lambda: bool(opened))
    photo = tree / "Tiger_Woods" / "Tiger_Woods_0001.jpg"
    assert Path(opened[0].toLocalFile()) == photo
    dialog.folder.click()
    qtbot.waitUntil(lambda: len(opened) == 2)
    assert Path(opened[1].toLocalFile()) == photo.parent


def test_what_only_calls_itself_a_photograph_is_not_opened(
    photographed: App, tree: Path, opened: list[QUrl], qtbot: QtBot
) -> None:
    dialog = look(photographed, qtbot, 0)
    told: list[BaseException] = []
    object.__setattr__(photographed.context, "failed", told.append)
    photo = tree / "Tiger_Woods" / "Tiger_Woods_0001.jpg"
    photo.write_text("#!/bin/sh\ntouch /tmp/run\n")
    photo.chmod(0o755)
    dialog.open_photo.click()
    qtbot.waitUntil(lambda: bool(told))
    assert "not a picture" in str(told[0])
    photographs.open_photograph(photographed.context, tree / "x.desktop")
    qtbot.waitUntil(lambda: len(told) == 2)
    assert opened == []


def test_the_menu_of_a_face_says_why_a_photograph_cannot_be_opened(
    photographed: App, opened: list[QUrl], qtbot: QtBot
) -> None:
    faces = photographed.window.faces
    faces.select_alone(faces.model.faces()[0].id)
    faces.menu_requested.emit(QPoint(0, 0))
    qtbot.waitUntil(faces.open_photo.isEnabled)
    assert faces.open_photo.text() == "Open photograph"
    faces.open_photo.trigger()
    qtbot.waitUntil(lambda: bool(opened))
    faces.select_alone(faces.model.faces()[2].id)
    faces.menu_requested.emit(QPoint(0, 0))
    qtbot.waitUntil(lambda: "no photograph" in faces.open_photo.text())
    assert not faces.open_photo.isEnabled()
    assert faces.folder.isEnabled()
    faces.grid.selectAll()
    faces.menu_requested.emit(QPoint(0, 0))
    assert faces.folder.text() == "Show in its folder (select one face)"
    wait(photographed, qtbot)
    for popup in photographed.window.findChildren(type(faces.window().menus.recent)):
        popup.close()


def test_the_query_the_evidence_and_candidates_are_shown_too(
    app: App, query_file: Path, qtbot: QtBot
) -> None:
    open_queries(app.context, [query_file])
    qtbot.waitUntil(lambda: bool(app.window.query.evidence.tiles))
    panel = app.window.query
    qtbot.mouseClick(panel.comparison.query, Qt.MouseButton.LeftButton)
    dialog = shown(app, qtbot)
    assert dialog.name.text() == "Tiger Woods"
    assert query_file.name in dialog.place.text()
    dialog.reject()
    tile = panel.evidence.tiles[1]
    tile.setFocus()
    qtbot.keyClick(tile, Qt.Key.Key_Space)
    dialog = shown(app, qtbot)
    assert dialog.count.text() == f"2 of {len(panel.evidence.tiles)}"
    qtbot.keyClick(dialog, Qt.Key.Key_Right)
    assert panel.comparison.face == panel.evidence.tiles[2].face_id
    dialog.reject()
    row = panel.candidates.rows[0]
    qtbot.keyClick(row, Qt.Key.Key_Space)
    dialog = shown(app, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Right)
    assert app.state.query is not None
    assert app.state.query.chosen == panel.candidates.rows[1].identity_id
    dialog.reject()


def test_answers_and_unknown_faces_are_shown_too(
    app: App, stranger_file: Path, query_file: Path, qtbot: QtBot
) -> None:
    open_queries(app.context, [query_file, stranger_file])
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    app.answers_controller.show()
    answers = app.answers_controller.dialog
    assert answers is not None

    def in_front() -> bool:
        answers.activateWindow()
        return answers.view.hasFocus()

    qtbot.waitUntil(in_front)
    qtbot.keyClick(answers.view, Qt.Key.Key_Space)
    dialog = shown(app, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: dialog.name.text() == "Not recognised")
    assert answers.view.currentIndex().row() == 1
    answers.keep.click()
    qtbot.waitUntil(lambda: app.context.gallery.unknowns.count() == 1)
    app.window.query.stepper.close_button.click()
    assert not dialog.isVisible()
    app.window.middle.setCurrentWidget(app.window.unknown)
    qtbot.waitUntil(lambda: app.window.unknown.card.model.rowCount() == 1)
    grid = app.window.unknown.card.grid
    grid.setCurrentIndex(grid.model().index(0, 0))
    app.window.unknown.card.preview.trigger()
    dialog = shown(app, qtbot)
    assert dialog.name.text() == "Unknown face"


def test_it_closes_when_its_face_is_gone(photographed: App, qtbot: QtBot) -> None:
    app = photographed
    dialog = look(app, qtbot, 2)
    app.window.menus.actions["remove"].trigger()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert dialog.name.text() == ""
    assert dialog.windowTitle() == "Face"


def test_it_closes_with_the_gallery(photographed: App, qtbot: QtBot) -> None:
    dialog = look(photographed, qtbot, 0)
    photographed.window.menus.actions["close"].trigger()
    assert not dialog.isVisible()
    wait(photographed, qtbot)


def test_a_face_of_a_photograph_is_cut_out_of_it(
    app: App, tmp_path: Path, query_file: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "friends.jpg"
    Image.new("RGB", (800, 600), "gray").save(file)
    vector = np.load(query_file)
    faces = detected(photograph(str(file)), [vector, vector + np.float32(0.001)])
    batch = batch_of_faces(faces, np.stack([face.vector for face in faces]))
    app.state.set_queries(as_queries(batch))
    identify_all(app.context)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    app.state.step(1)
    qtbot.keyClick(app.window.query.photograph, Qt.Key.Key_Space)
    dialog = shown(app, qtbot)
    assert "part of the photograph, 220 × 220 pixels" in dialog.place.text()
    assert "friends.jpg · no. 2" in dialog.place.text()
    assert dialog.open_photo.isEnabled()
    dialog.reject()
    file.unlink()
    app.window.query.comparison.query.clicked.emit()
    dialog = shown(app, qtbot)
    assert "the gallery's own picture" not in dialog.place.text()
    assert dialog.missing.text() == "The file is not where it was"
