"""What is closed is gone: dialogs, and what they were waiting for."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit
from pytestqt.qtbot import QtBot

from engine.faces import Faces
from engine.gallery import Gallery
from engine.index.hnsw import HnswIndex
from gallery_app.app import App
from gallery_app.dialogs import enroll_dialog as enrolling
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.pictures import Pictures
from tests.app.test_window import ask, dialog

pytestmark = pytest.mark.slow

Names = tuple[str, ...]


def dialogs() -> list[QDialog]:
    """All that exist, shown or not."""
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog)]


def shown() -> list[QDialog]:
    return [one for one in dialogs() if one.isVisible()]


@pytest.mark.parametrize(
    "entry",
    ["enroll", "shortcuts", "about", "history", "rename", "note", "split", "erase", "restore",
     "retrain"],
)  # fmt: skip
def test_a_dialog_that_is_closed_is_gone(entry: str, app: App, qtbot: QtBot) -> None:
    app.window.menus.actions[entry].trigger()
    qtbot.waitUntil(lambda: bool(shown()))
    before = {type(one) for one in QApplication.topLevelWidgets()}
    for one in shown():
        one.reject()
    qtbot.waitUntil(lambda: dialogs() == [])
    assert QLineEdit not in before | {type(one) for one in QApplication.topLevelWidgets()}


def test_faces_that_are_read_for_a_closed_dialog_trouble_nobody(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([query_file])
    enroll.reject()
    qtbot.waitUntil(lambda: dialogs() == [] and not app.tasks.is_busy())


def test_a_dialog_closed_while_it_enrolls_goes_when_that_is_done(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([query_file])
    qtbot.keyClicks(enroll.name, "Somebody New")
    qtbot.waitUntil(enroll.ok.isEnabled)
    enroll.ok.click()
    enroll.reject()
    people = app.window.identities.model
    qtbot.waitUntil(lambda: "Somebody New" in people.roster.names and dialogs() == [])


def test_a_person_who_is_gone_can_no_longer_be_corrected(app: App, qtbot: QtBot) -> None:
    actions, list_ = app.window.menus.actions, app.window.identities.list
    qtbot.waitUntil(lambda: actions["rename"].isEnabled())
    list_.selectAll()
    actions["delete"].trigger()
    qtbot.waitUntil(lambda: len(app.window.identities.model.roster) == 0)
    for name in ("rename", "note", "split", "delete", "merge", "erase"):
        assert not actions[name].isEnabled()


def test_a_file_chooser_that_outlives_its_dialog_adds_nothing(
    app: App, qtbot: QtBot, query_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)

    def chosen(*_: object) -> list[Path]:
        enroll.reject()
        return [query_file]

    monkeypatch.setattr(enrolling, "choose_faces", chosen)
    enroll.add.click()
    qtbot.waitUntil(lambda: dialogs() == [] and not app.tasks.is_busy())


def test_a_closed_gallery_is_gone_from_memory(app: App, qtbot: QtBot, query_file: Path) -> None:
    ask(app, qtbot, query_file)
    gc.collect()
    graphs = [weakref.ref(thing) for thing in gc.get_objects() if isinstance(thing, HnswIndex)]
    assert graphs
    gc.disable()  # a collection of garbage is far between, and its memory large
    try:
        app.window.menus.actions["close"].trigger()
        qtbot.waitUntil(lambda: not app.tasks.is_busy() and not any(graph() for graph in graphs))
    finally:
        gc.enable()


def test_the_portrait_of_a_query_is_drawn_off_the_ui_thread(
    app: App, qtbot: QtBot, query_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_by: list[threading.Thread] = []
    traits_of = Faces.traits_of

    def noted(self: Faces, vectors: object) -> object:
        drawn_by.append(threading.current_thread())
        return traits_of(self, vectors)  # type: ignore[arg-type]

    monkeypatch.setattr(Faces, "traits_of", noted)
    ask(app, qtbot, query_file)
    qtbot.waitUntil(lambda: app.query_controller.picture is not None)
    assert drawn_by
    assert threading.main_thread() not in drawn_by


def test_pictures_of_the_same_gallery_are_forgotten_without_a_wait(
    gallery_folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended, came = list[bool](), list[int]()

    def slowly(*_: object) -> None:
        begun.set()
        ended.append(go_on.wait())

    monkeypatch.setattr(Pictures, "_photo_of", slowly)
    pictures = Pictures()
    pictures.ready.connect(came.extend)
    with Gallery.open(gallery_folder, write=False) as gallery:
        pictures.set_gallery(gallery)
        pictures.get(1)
        assert begun.wait()
        pictures.set_gallery(gallery)
        assert ended == []
        go_on.set()
        pictures.get(2)
        qtbot.waitUntil(lambda: came == [2])
        pictures.close()
    pictures.deleteLater()
