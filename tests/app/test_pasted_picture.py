"""Pixels without a file: pasted or dropped, read as a photograph, nothing left behind."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from engine.errors import PhotoError
from engine.queries import QueriesRead
from gallery_app.app import App
from gallery_app.dialogs.file_choosers import pixels
from gallery_app.operations import pasted_picture
from tests.app.conftest import DATA
from tests.detected import batch_of_faces, detected, photograph


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(pasted_picture, "_FOLDERS", (str(tmp_path / "no memory"), None))
    return folder


@pytest.fixture
def image() -> QImage:
    made = QImage(320, 240, QImage.Format.Format_RGB32)
    made.fill(Qt.GlobalColor.darkGreen)
    return made


def paste(app: App, image: QImage) -> None:
    QGuiApplication.clipboard().setImage(image)
    app.window.setFocus()
    app.window.menus.actions["paste"].trigger()


def test_a_pasted_picture_is_in_a_private_file_only_while_it_is_looked_at(
    app: App, image: QImage, temp: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, QImage]] = []
    vectors = np.stack([np.load(file) for file in sorted((DATA / "Tom_Hanks").glob("*"))[:2]])

    def read(paths: list[Path], **_: object) -> QueriesRead:
        seen.append((stat.S_IMODE(os.stat(paths[0]).st_mode), QImage(str(paths[0]))))
        faces = detected(photograph(str(paths[0])), list(vectors))
        return QueriesRead(batch_of_faces(faces, vectors), ())

    monkeypatch.setattr(app.context.gallery.queries, "read_all", read)
    paste(app, image)
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    mode, written = seen[0]
    if os.name == "posix":
        assert mode == 0o600
    assert written.size() == image.size()
    assert list(temp.iterdir()) == []
    assert app.window.query.stepper.label.text() == "pasted picture · face 1"
    assert len(app.window.query.photograph.marks) == 2
    assert "pasted picture" in app.window.query.photograph.accessibleName()


def test_in_memory_where_the_system_has_a_folder_for_that_and_what_was_left_goes(
    tmp_path: Path, image: QImage, temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(pasted_picture, "_FOLDERS", (str(memory), None))
    left, new = (memory / f"face-gallery-pasted-{name}.png" for name in ("old", "new"))
    left.touch()
    new.touch()
    os.utime(left, (0, 0))
    with pasted_picture._private_file(image) as path:
        assert path.parent == memory
        assert not left.exists()
    assert list(memory.iterdir()) == [new]


def test_a_picture_that_cannot_be_written_leaves_nothing(
    image: QImage, temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QImage, "save", lambda *_: False)
    with (
        pytest.raises(PhotoError, match="cannot be written"),
        pasted_picture._private_file(image),
    ):
        pass
    assert list(temp.iterdir()) == []


def test_a_picture_without_faces_is_refused_by_its_own_name_and_goes(
    app: App, image: QImage, temp: Path, qtbot: QtBot
) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("onnxruntime")
    paste(app, image)
    qtbot.waitUntil(lambda: bool(app.window.findChildren(QMessageBox)))
    (box,) = app.window.findChildren(QMessageBox)
    said = f"{box.text()} {box.informativeText()}"
    assert "No face found" in said
    assert "pasted picture" in said
    assert str(temp) not in said
    assert list(temp.iterdir()) == []
    box.close()


def test_the_faces_of_a_real_photograph_are_found_in_its_pixels(
    app: App, shared_data: Path, temp: Path, qtbot: QtBot
) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("onnxruntime")
    paste(app, QImage(str(sorted((shared_data / "photos" / "Tom_Hanks").glob("*.jpg"))[0])))
    qtbot.waitUntil(lambda: app.state.queries.table is not None)
    assert "Tom Hanks" in [mark.label for mark in app.window.query.photograph.marks]
    assert list(temp.iterdir()) == []


def test_a_picture_dragged_out_of_a_browser_is_taken_by_its_pixels(
    app: App, image: QImage, qtbot: QtBot
) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/picture.png")])
    data.setImageData(image)
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    taken: list[QImage] = []
    app.window.picture_dropped.disconnect()
    app.window.picture_dropped.connect(taken.append)
    app.window.dropEvent(event)
    assert [one.size() for one in taken] == [image.size()]


def test_without_a_gallery_a_picture_says_what_is_missing(
    start: Callable[[], App], image: QImage, qtbot: QtBot
) -> None:
    app = start()
    with qtbot.waitSignal(app.state.notice) as told:
        app.window.picture_dropped.emit(image)
    assert told.args == ["Open a gallery first, then drop the query again."]


def test_text_is_no_picture() -> None:
    data = QMimeData()
    data.setText("hello")
    assert pixels(data) is None
    assert pixels(None) is None
