"""Scans of photographs from the window: asked for, stopped, watched, and what is done with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.photos.face_regions import FaceRegion
from engine.photos.region_area import Area
from engine.photos.sidecars import write_sidecar
from gallery_app import settings
from gallery_app.app import App
from gallery_app.dialogs.scan_dialog import ScanDialog
from gallery_app.operations import scanning

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow


@pytest.fixture
def pictures(shared_data: Path, tmp_path: Path) -> Path:
    """Four photographs of somebody who is enrolled, and of somebody who is not."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for person in ("Tiger_Woods", "Angelina_Jolie"):
        photos = sorted((shared_data / "photos" / person).glob("*.jpg"))
        if not photos:
            photos = sorted((shared_data / "photos").rglob("Tony_Blair*.jpg"))
        for photo in photos[:4]:
            shutil.copy(photo, folder)
    return folder


def opened(app: App, qtbot: QtBot) -> ScanDialog:
    app.window.menus.actions["scan"].trigger()
    qtbot.waitUntil(lambda: app.scan_controller.dialog is not None)
    dialog = app.scan_controller.dialog
    assert dialog is not None
    return dialog


def finish(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not scanning.is_scanning(app.context))
    qtbot.waitUntil(lambda: not app.tasks.is_running("waiting"))


def test_a_folder_is_scanned_and_its_known_faces_are_confirmed(
    app: App, qtbot: QtBot, pictures: Path
) -> None:
    dialog = opened(app, qtbot)
    assert not dialog.scan.isEnabled()
    dialog.add_folder(pictures)
    dialog.scan.click()
    finish(app, qtbot)
    qtbot.waitUntil(dialog.confirm.isVisible)
    assert "8 photographs looked at" in dialog.result.text()
    gallery = app.state.gallery
    assert gallery is not None
    waiting, faces = gallery.photographs.count_waiting(), gallery.people.counts()[1]
    assert waiting >= 4
    dialog.confirm.click()
    qtbot.waitUntil(lambda: app.answers_controller.dialog is not None)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: app.state.queries.known == waiting)
    answers = app.answers_controller.dialog
    assert answers is not None
    answers.view.selectAll()
    answers.confirm.click()
    qtbot.waitUntil(lambda: gallery.people.counts()[1] == faces + waiting)
    assert gallery.photographs.count_waiting() == 0


def test_what_was_chosen_is_remembered_for_the_user_and_not_in_the_gallery(
    app: App, qtbot: QtBot, pictures: Path
) -> None:
    dialog = opened(app, qtbot)
    dialog.add_folder(pictures)
    dialog.mode.setCurrentIndex(1)
    dialog.close()
    again = opened(app, qtbot)
    assert again.chosen_folders() == [pictures]
    assert again.chosen_mode() == "faithful"
    assert app.state.gallery is not None
    database = (app.state.gallery.folder / "gallery.db").read_bytes()
    assert str(pictures).encode() not in database
    for odd in ("[]", "no JSON", json.dumps({str(app.state.gallery.folder): {"folders": 3}})):
        app.settings.set(settings.SCANS, odd)
        app.scan_controller.show()
        assert again.chosen_folders() == []


def test_a_watched_folder_is_looked_at_when_a_photograph_comes(
    app: App, qtbot: QtBot, pictures: Path, shared_data: Path
) -> None:
    dialog = opened(app, qtbot)
    dialog.add_folder(pictures)
    dialog.watch.setChecked(True)
    dialog.scan.click()
    finish(app, qtbot)
    gallery = app.state.gallery
    assert gallery is not None
    before = len(gallery.photographs._store.photographs.scanned())
    new = sorted((shared_data / "photos").rglob("Ari_Fleischer*.jpg"))[0]
    shutil.copy(new, pictures)
    qtbot.waitUntil(lambda: len(gallery.photographs._store.photographs.scanned()) == before + 1)
    finish(app, qtbot)
    dialog.watch.setChecked(False)


def test_a_scan_that_is_stopped_keeps_what_it_found(
    app: App, qtbot: QtBot, pictures: Path, shared_data: Path
) -> None:
    for photo in sorted((shared_data / "photos").rglob("*.jpg"))[:60]:
        shutil.copy(photo, pictures)
    dialog = opened(app, qtbot)
    dialog.add_folder(pictures)
    dialog.scan.click()
    assert dialog.scan.text() == "&Stop"
    qtbot.waitUntil(lambda: "found" in dialog.result.text())
    dialog.scan.click()
    finish(app, qtbot)
    assert dialog.scan.text() == "&Scan"
    gallery = app.state.gallery
    assert gallery is not None
    kept = len(gallery.photographs._store.photographs.scanned())
    assert 0 < kept < 64


def test_names_in_the_files_are_listed_and_taken_over(
    app: App, qtbot: QtBot, pictures: Path
) -> None:
    for photo in pictures.glob("Angelina*.jpg"):
        area = Area(0.28, 0.25, 0.45, 0.5)
        write_sidecar(photo, [FaceRegion("Angelina Jolie", area)], (250, 250), 1)
    dialog = opened(app, qtbot)
    assert not dialog.names.isEnabled()
    dialog.add_folder(pictures)
    dialog.names.click()
    controller = app.scan_controller
    qtbot.waitUntil(lambda: bool(controller.names and controller.names.list.topLevelItemCount()))
    names = controller.names
    assert names is not None
    assert len(names.checked()) == 4
    assert "4 faces" in names.enroll.text()
    names.list.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert "3 faces" in names.enroll.text()
    names.enroll.click()
    gallery = app.state.gallery
    assert gallery is not None
    qtbot.waitUntil(lambda: gallery.people.find("Angelina Jolie") is not None)
    qtbot.waitUntil(lambda: len(names.checked()) == 1)
    names.write.click()
    with qtbot.waitSignal(app.state.notice):
        pass
    names.close()
