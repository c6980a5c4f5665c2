"""The first door: a folder of photographs becomes a gallery."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.errors import PhotoError
from engine.formats.photograph_folders import look_into_folder
from gallery_app.app import App
from gallery_app.dialogs.import_preview import ImportPreview
from tests.app.test_window import dialog


def a_photograph(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30)).save(path)


def press(box: QMessageBox, words: str, qtbot: QtBot) -> None:
    button = next(one for one in box.buttons() if words in one.text())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def begin(
    start: Callable[[], App], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], App]:
    """Goes through the door with a folder."""

    def choose(folder: Path) -> App:
        app = start()
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(folder))
        qtbot.mouseClick(app.window.welcome.photographs, Qt.MouseButton.LeftButton)
        return app

    return choose


def test_folders_with_photographs_are_found_and_hidden_ones_do_not_count(tmp_path: Path) -> None:
    for name in ("Anna/1.jpg", "Bea 10/2.JPG", "Bea 9/3.heic", ".trash/4.jpg", "Empty/.5.jpg"):
        a_photograph(tmp_path / (name if not name.endswith("heic") else "Bea 9/3.png"))
    (tmp_path / "Notes").mkdir()
    (tmp_path / "Notes" / "a.txt").write_text("")
    assert look_into_folder(tmp_path).subfolders == ("Anna", "Bea 9", "Bea 10")


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(PhotoError, match="no photographs in this folder"):
        look_into_folder(tmp_path)
    with pytest.raises(PhotoError, match="cannot be read"):
        look_into_folder(tmp_path / "gone")


def test_a_folder_without_photographs_makes_no_gallery(
    begin: Callable[[Path], App], qtbot: QtBot, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "texts").mkdir()
    begin(tmp_path / "texts")
    box = dialog(QMessageBox, qtbot)
    assert "no photographs" in box.text() + box.informativeText()
    box.close()
    assert not list(home.glob("*.gallery"))


def test_it_is_asked_whether_folders_are_named_after_people(
    begin: Callable[[Path], App], qtbot: QtBot, tmp_path: Path, home: Path
) -> None:
    for name in ("Anna", "Bea", "Cara", "Dora", "Eva"):
        a_photograph(tmp_path / "family" / name / "1.jpg")
    begin(tmp_path / "family")
    box = dialog(QMessageBox, qtbot)
    assert box.text() == "Are the folders in “family” named after people?"
    assert "“Anna”, “Bea”, “Cara” and 2 more" in box.informativeText()
    press(box, "Cancel", qtbot)
    assert not list(home.glob("*.gallery"))


def test_a_dropped_folder_of_photographs_goes_through_the_same_door(
    start: Callable[[], App], qtbot: QtBot, tmp_path: Path
) -> None:
    a_photograph(tmp_path / "family" / "Anna" / "1.jpg")
    app = start()
    app.window.dropped.emit([tmp_path / "family"])
    box = dialog(QMessageBox, qtbot)
    assert box.text() == "Are the folders in “family” named after people?"
    press(box, "Cancel", qtbot)


def test_people_of_folders_are_previewed_and_imported(
    begin: Callable[[Path], App], qtbot: QtBot, tmp_path: Path, home: Path, shared_data: Path
) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("onnxruntime")
    for name in ("Tom_Hanks", "Tony_Blair"):
        (tmp_path / "family" / name).mkdir(parents=True)
        for file in sorted((shared_data / "photos" / name).glob("*.jpg"))[:2]:
            shutil.copy(file, tmp_path / "family" / name)
    app = begin(tmp_path / "family")
    press(dialog(QMessageBox, qtbot), "Enroll these people", qtbot)
    preview = dialog(ImportPreview, qtbot)
    preview.accept()
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 2)
    assert (home / "family.gallery" / "gallery.db").is_file()


def test_photographs_of_nobody_in_particular_are_scanned_for_a_new_gallery(
    begin: Callable[[Path], App], qtbot: QtBot, tmp_path: Path, shared_data: Path
) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("onnxruntime")
    (tmp_path / "holiday").mkdir()
    for file in sorted((shared_data / "photos" / "Tom_Hanks").glob("*.jpg"))[:2]:
        shutil.copy(file, tmp_path / "holiday")
    app = begin(tmp_path / "holiday")
    qtbot.waitUntil(lambda: app.scan_controller.dialog is not None)
    qtbot.waitUntil(lambda: not app.tasks.is_busy())
    assert app.context.gallery.unknowns.count() >= 2
