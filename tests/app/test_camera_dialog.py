"""The camera's dialog: a live picture with names, a picture taken as the query, and its end."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from engine.photos import frame_source
from engine.photos.camera import Camera
from gallery_app import settings
from gallery_app.app import App
from gallery_app.dialogs.camera_dialog import CameraDialog
from gallery_app.operations.enrolment import confirm

pytest.importorskip("dlib")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow
Show = Callable[[Path | str], CameraDialog]


@pytest.fixture(scope="session")
def people(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one picture: Tom Hanks, and a stranger beside him."""
    folder = tmp_path_factory.mktemp("camera")
    picture = Image.new("RGB", (640, 480), "grey")
    for at, person in enumerate(("Tom_Hanks", "Winona_Ryder")):
        photo = sorted((shared_data / "photos" / person).glob("*.jpg"))[0]
        with Image.open(photo) as portrait:
            picture.paste(portrait.resize((300, 300)), (10 + at * 320, 90))
    picture.save(folder / "frame.png")
    return folder


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the processes that look at the camera."""
    started: list[int] = []
    begin = Gallery.camera

    def noted(gallery: Gallery, source: str = "0") -> Camera:
        camera = begin(gallery, source)
        started.append(camera.process_id)
        return camera

    monkeypatch.setattr(Gallery, "camera", noted)
    return started


@pytest.fixture
def show(app: App, qtbot: QtBot, processes: list[int]) -> Show:
    def begin(source: Path | str) -> CameraDialog:
        app.settings.set(settings.CAMERA, str(source))
        app.window.menus.actions["camera"].trigger()
        dialog = app.camera_controller.dialog
        assert dialog is not None
        return dialog

    return begin


@pytest.fixture
def dialog(show: Show, people: Path, qtbot: QtBot) -> CameraDialog:
    """The live picture of two people."""
    shown = show(people)
    qtbot.waitUntil(lambda: len(shown.view.marks) == 2)
    return shown


def has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def click(dialog: CameraDialog, place: int, qtbot: QtBot) -> None:
    at = dialog.view.box_rect(place).center().toPoint()
    qtbot.mouseClick(dialog.view, Qt.MouseButton.LeftButton, pos=at)


def test_the_live_picture_has_a_box_and_a_name_on_each_face(
    dialog: CameraDialog, app: App, qtbot: QtBot
) -> None:
    assert [mark.label for mark in dialog.view.marks] == ["Tom Hanks", "unknown"]
    assert "2 faces" in dialog.status.text()
    assert len(app.state.queries) == 0
    shown: list[object] = []
    take = dialog.show_frame
    dialog.show_frame = lambda *frame: (shown.append(frame), take(*frame))  # type: ignore[assignment]
    qtbot.waitUntil(lambda: len(shown) >= 3)


def test_a_click_on_a_face_holds_the_picture_and_asks_about_its_faces(
    dialog: CameraDialog, app: App, qtbot: QtBot
) -> None:
    click(dialog, 1, qtbot)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    assert [app.state.queries[at].answer.name for at in range(2)] == ["Tom Hanks", None]
    assert app.state.position == 1
    assert app.window.query.name.text() == "Not recognised"
    assert app.window.query.stepper.label.text().startswith("camera 20")
    assert dialog.still
    assert dialog.take.text() == "&Live picture"
    image = dialog.view._image.cacheKey()
    qtbot.wait(300)
    assert dialog.view._image.cacheKey() == image
    click(dialog, 0, qtbot)
    assert app.state.position == 0
    assert dialog.view.current == 0
    assert app.window.query.name.text() == "Tom Hanks"


def test_the_live_picture_goes_on_after_one_was_taken(
    dialog: CameraDialog, app: App, qtbot: QtBot
) -> None:
    for _ in range(2):
        dialog.take.click()
        qtbot.waitUntil(lambda: app.state.queries.table is not None)
        assert app.state.position == 0
        held = dialog.view._image.cacheKey()
        dialog.take.click()
        qtbot.waitUntil(lambda held=held: dialog.view._image.cacheKey() != held)
        assert not dialog.still
        assert len(dialog.view.marks) == 2
    assert len(app.state.queries) == 2


def test_a_face_is_enrolled_with_its_picture_and_no_path(
    dialog: CameraDialog, app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    click(dialog, 0, qtbot)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    confirm(app.context, "Tom Hanks")
    qtbot.waitUntil(lambda: app.state.query is not None and bool(app.state.query.added_faces))
    qtbot.waitUntil(lambda: dialog.view.marks[0].words.startswith("Tom Hanks, enrolled"))
    gallery, (face,) = app.context.gallery, app.state.query.added_faces
    (kept,) = gallery.faces.by_ids([face])
    assert kept.file.startswith("camera 20")
    assert gallery.faces.thumbnail(face)
    (of_person,) = gallery.photographs.of(gallery.people.find("Tom Hanks").id)
    assert of_person.photograph.file == kept.file
    assert of_person.photograph.taken == kept.file.removeprefix("camera ").replace(" ", "T")


def test_the_photograph_of_such_a_face_cannot_be_opened_and_says_why(
    dialog: CameraDialog, app: App, qtbot: QtBot
) -> None:
    click(dialog, 0, qtbot)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    confirm(app.context, "Tom Hanks")
    qtbot.waitUntil(lambda: app.state.query is not None and bool(app.state.query.added_faces))
    dialog.reject()
    (face,) = app.state.query.added_faces
    app.people_controller.show_face(app.context.gallery.faces.by_ids([face])[0])
    faces = app.window.faces
    qtbot.waitUntil(lambda: faces.selected_ids() == [face])
    app.preview_controller._look_for_files()
    qtbot.waitUntil(lambda: "(" in faces.open_photo.text())
    assert "(the camera's picture was not kept)" in faces.open_photo.text()
    assert not faces.open_photo.isEnabled()
    assert not faces.folder.isEnabled()
    app.window.query.photograph.preview_requested.emit()
    qtbot.waitUntil(lambda: app.preview_controller.dialog is not None)
    preview = app.preview_controller.dialog
    qtbot.waitUntil(lambda: bool(preview.missing.text()))
    assert preview.missing.text() == "The camera's picture was not kept"
    assert preview.place.text().startswith("camera 20")
    assert not preview.open_photo.isEnabled()
    assert not preview.picture.image.isNull()
    preview.reject()


def test_closing_ends_the_process(
    dialog: CameraDialog, app: App, qtbot: QtBot, processes: list[int]
) -> None:
    dialog.close_button.click()
    assert app.camera_controller.dialog is None
    qtbot.waitUntil(lambda: not app.tasks.is_running("camera"))
    assert len(processes) == 1
    assert has_ended(processes[0])


def test_closing_the_gallery_closes_the_camera(
    dialog: CameraDialog, app: App, qtbot: QtBot, processes: list[int]
) -> None:
    app.window.menus.actions["close"].trigger()
    qtbot.waitUntil(lambda: app.state.gallery is None)
    assert app.camera_controller.dialog is None
    qtbot.waitUntil(lambda: has_ended(processes[0]))


def test_closing_the_window_ends_the_process(
    dialog: CameraDialog, app: App, processes: list[int]
) -> None:
    app.window.close()
    assert has_ended(processes[0])


def test_another_camera_takes_the_place_of_the_first(
    dialog: CameraDialog, app: App, qtbot: QtBot, processes: list[int], tmp_path: Path, people: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(people, other)
    with Image.open(people / "frame.png") as both:
        both.crop((0, 0, 320, 480)).save(other / "frame.png")
    dialog.source_chosen.emit(str(other))
    assert not dialog.take.isEnabled()
    qtbot.waitUntil(lambda: len(dialog.view.marks) == 1)
    assert has_ended(processes[0])
    assert app.settings.get(settings.CAMERA) == str(other)


def test_a_process_that_is_killed_is_told_in_place_of_the_picture(
    dialog: CameraDialog, app: App, qtbot: QtBot, processes: list[int]
) -> None:
    os.kill(processes[0], signal.SIGKILL)
    qtbot.waitUntil(lambda: "was killed" in dialog.waiting.sentence.text())
    assert dialog.view.marks == ()
    assert not dialog.take.isEnabled()
    assert not app.tasks.is_running("camera")


def test_a_killed_process_does_not_take_a_picture_away_that_is_asked_about(
    dialog: CameraDialog, app: App, qtbot: QtBot, processes: list[int]
) -> None:
    dialog.take.click()
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    qtbot.wait(300)
    os.kill(processes[0], signal.SIGKILL)
    assert len(dialog.view.marks) == 2
    dialog.take.click()
    qtbot.waitUntil(lambda: "was killed" in dialog.waiting.sentence.text())


@pytest.mark.parametrize("source", ["/dev/video99", "0"])
def test_without_camera_or_opencv_one_sentence_says_so(
    show: Show, qtbot: QtBot, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = frame_source.importlib.util.find_spec
    monkeypatch.setattr(
        frame_source.importlib.util,
        "find_spec",
        lambda name: None if name == "cv2" else found(name),
    )
    dialog = show(source)
    expected = "There is no camera" if source != "0" else "pip install opencv-python-headless"
    qtbot.waitUntil(lambda: expected in dialog.waiting.sentence.text())
    assert not dialog.take.isEnabled()


def test_a_picture_without_faces_is_taken_and_says_so(
    show: Show, app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    Image.fromarray(np.full((240, 320, 3), 90, np.uint8)).save(tmp_path / "wall.png")
    dialog = show(tmp_path)
    qtbot.waitUntil(dialog.take.isEnabled)
    assert "No face" in dialog.status.text()
    dialog.take.click()
    assert dialog.status.text() == "No face was found in this picture."
    assert len(app.state.queries) == 0
