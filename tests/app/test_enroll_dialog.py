"""The enrolment dialog: what it tells of each face, and what the person does about it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from gallery_app.app import App
from gallery_app.dialogs.enroll_dialog import AdviceLine, EnrollDialog
from gallery_app.item_models.roles import PictureRole, WordsRole
from tests.app.test_window import dialog

pytestmark = pytest.mark.slow

DATA = Path(__file__).resolve().parents[2] / "data"


def opened(app: App, qtbot: QtBot, name: str, files: list[Path]) -> EnrollDialog:
    """The dialog with this name and these files, checked."""
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files(files)
    qtbot.keyClicks(enroll.name, name)
    qtbot.waitUntil(lambda: enroll.model.rowCount() == len(files))
    checked(app, enroll, qtbot)
    return enroll


def checked(app: App, enroll: EnrollDialog, qtbot: QtBot) -> None:
    """Waits for the check of what is there now."""
    (pause,) = (timer for timer in enroll.findChildren(QTimer) if timer.isSingleShot())
    running = app.tasks.is_running
    qtbot.waitUntil(lambda: not pause.isActive() and not running("check-enrolment"))


def line(enroll: EnrollDialog, words: str) -> AdviceLine:
    return next(one for one in enroll.warnings.lines if words in one.sentence.text())


def words(enroll: EnrollDialog, row: int) -> str:
    return str(enroll.model.index(row).data(WordsRole))


def click(button: QPushButton, qtbot: QtBot) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def box_of(enroll: EnrollDialog, row: int) -> QPoint:
    """Where the tick of a face is."""
    cell: QRect = enroll.files.visualRect(enroll.model.index(row))
    return QPoint(cell.left() + 20, cell.center().y())


@pytest.fixture
def new_person() -> list[Path]:
    """Faces of somebody who is not in the small gallery."""
    return sorted((DATA / "Winona_Ryder").glob("*.npy"))[:4]


def test_each_face_has_its_portrait_and_its_advice_beside_it(
    app: App, qtbot: QtBot, new_person: list[Path], query_file: Path
) -> None:
    enrolled = DATA / "Tom_Hanks" / "Tom_Hanks_0001.npy"
    enroll = opened(app, qtbot, "Winona Ryder", [*new_person, query_file, enrolled])
    assert [words(enroll, row) for row in range(3)] == ["No objections"] * 3
    assert words(enroll, 4).startswith("Looks like Tiger Woods")
    assert words(enroll, 5).startswith("Already enrolled as Tom Hanks")
    qtbot.waitUntil(lambda: enroll.model.index(5).data(PictureRole) is not None)
    enroll.reject()


def test_one_click_adds_all_faces_to_whom_they_look_like(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    files = [query_file, query_file.with_name("Tiger_Woods_0011.npy")]
    enroll = opened(app, qtbot, "Eldrick", files)
    click(line(enroll, "All faces look like Tiger Woods").button, qtbot)
    assert enroll.name.text() == "Tiger Woods"
    assert enroll.ok.text() == "Add faces"
    checked(app, enroll, qtbot)
    assert enroll.warnings.text() == ""
    click(enroll.ok, qtbot)
    qtbot.waitUntil(lambda: "6 people · 56 faces" in app.window.left_status.text())


def test_one_click_sends_some_faces_to_somebody_else_in_the_same_change(
    app: App, qtbot: QtBot, new_person: list[Path], query_file: Path
) -> None:
    enroll = opened(app, qtbot, "Winona Ryder", [*new_person, query_file])
    click(line(enroll, "looks like Tiger Woods").button, qtbot)
    assert words(enroll, 4).startswith("Will be added to Tiger Woods")
    checked(app, enroll, qtbot)
    assert enroll.warnings.text() == "1 face will be added to Tiger Woods instead"
    click(enroll.ok, qtbot)
    qtbot.waitUntil(lambda: "7 people · 59 faces" in app.window.left_status.text())
    gallery = app.context.gallery
    assert (len(gallery.faces.of("Winona Ryder")), len(gallery.faces.of("Tiger Woods"))) == (4, 10)


def test_sending_faces_elsewhere_can_be_taken_back(
    app: App, qtbot: QtBot, new_person: list[Path], query_file: Path
) -> None:
    enroll = opened(app, qtbot, "Winona Ryder", [*new_person, query_file])
    click(line(enroll, "looks like Tiger Woods").button, qtbot)
    click(line(enroll, "will be added to").button, qtbot)
    checked(app, enroll, qtbot)
    assert line(enroll, "looks like Tiger Woods").button.text() == "Add to Tiger Woods instead"
    enroll.reject()


def test_a_face_is_left_out_by_its_box_and_by_the_keyboard(
    app: App, qtbot: QtBot, new_person: list[Path]
) -> None:
    enroll = opened(app, qtbot, "Winona Ryder", new_person)
    where = box_of(enroll, 1)
    qtbot.mouseClick(enroll.files.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert words(enroll, 1) == "Left out"
    assert enroll.count.text() == "3 faces, 1 left out"
    enroll.files.setCurrentIndex(enroll.model.index(2))
    qtbot.keyClick(enroll.files, Qt.Key.Key_Space)
    assert enroll.count.text() == "2 faces, 2 left out"
    qtbot.keyClick(enroll.files, Qt.Key.Key_Space)
    checked(app, enroll, qtbot)
    click(enroll.ok, qtbot)
    qtbot.waitUntil(lambda: "7 people · 57 faces" in app.window.left_status.text())
    files = [Path(face.file).name for face in app.context.gallery.faces.of("Winona Ryder")]
    assert files == [path.name for path in new_person if path != new_person[1]]


def test_several_faces_are_left_out_by_delete_and_sent_by_the_context_menu(
    app: App, qtbot: QtBot, new_person: list[Path], query_file: Path
) -> None:
    enroll = opened(app, qtbot, "Winona Ryder", [*new_person, query_file])
    enroll.files.selectAll()
    menu = enroll.files.menu_for(enroll.files.selected_rows())
    assert [entry.text() for entry in menu.actions()] == [
        "Leave out", "Add to Tiger Woods instead"
    ]  # fmt: skip
    menu.actions()[1].trigger()
    assert words(enroll, 4).startswith("Will be added to Tiger Woods")
    qtbot.keyClick(enroll.files, Qt.Key.Key_Delete)
    assert enroll.model.draft.taken() == []
    entries = enroll.files.menu_for([0, 1]).actions()
    assert [entry.text() for entry in entries] == ["Include again"]
    entries[0].trigger()
    assert enroll.model.draft.taken() == [0, 1]
    enroll.reject()


def test_near_duplicates_are_left_out_by_one_click(
    app: App, qtbot: QtBot, new_person: list[Path], tmp_path: Path
) -> None:
    twin = tmp_path / "twin.npy"
    np.save(twin, np.load(new_person[0]) + np.float32(1e-5))
    enroll = opened(app, qtbot, "Winona Ryder", [*new_person, twin])
    assert words(enroll, 4) == "Almost the same photo as Winona_Ryder_0001.npy"
    click(line(enroll, "twin.npy is almost the same photo").button, qtbot)
    assert words(enroll, 4) == "Left out"
    assert enroll.warnings.text() == ""
    enroll.reject()


def test_with_every_face_left_out_nothing_can_be_enrolled(
    app: App, qtbot: QtBot, new_person: list[Path]
) -> None:
    enroll = opened(app, qtbot, "Winona Ryder", new_person[:2])
    enroll.model.leave_out([0, 1])
    assert not enroll.ok.isEnabled()
    enroll.reject()


def test_faces_of_another_network_are_listed_and_keep_the_others_not_out(
    app: App, qtbot: QtBot, query_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.npy"
    np.save(other, -np.load(query_file))
    enroll = opened(app, qtbot, "Tiger Woods", [other])
    assert "another embedding network" in words(enroll, 0)
    assert not enroll.ok.isEnabled()
    click(enroll.ok, qtbot)
    assert enroll.isVisible()
    enroll.add_files([query_file])
    qtbot.waitUntil(enroll.ok.isEnabled)
    enroll.reject()


def test_a_name_that_differs_in_case_adds_to_the_person_it_means(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    enroll = opened(app, qtbot, "tiger woods", [query_file])
    assert enroll.who.text() == "Adds to Tiger Woods"
    enroll.reject()


def test_rows_of_a_table_are_told_apart(
    app: App, qtbot: QtBot, new_person: list[Path], tmp_path: Path
) -> None:
    table = tmp_path / "rows.npy"
    np.save(table, np.stack([np.load(face) for face in new_person]))
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([table])
    qtbot.waitUntil(lambda: enroll.model.rowCount() == 4)
    labels = [enroll.model.index(row).data() for row in range(4)]
    assert labels == [f"rows.npy · row {row}" for row in (1, 2, 3, 4)]
    enroll.reject()


def test_no_thread_stays_when_the_dialog_is_closed_or_the_window(
    app: App, qtbot: QtBot, new_person: list[Path]
) -> None:
    def drawing() -> int:
        return sum(thread.name == "pictures" for thread in threading.enumerate())

    before = drawing()
    opened(app, qtbot, "Winona Ryder", new_person).reject()
    assert drawing() == before
    opened(app, qtbot, "Winona Ryder", new_person)
    app.window.close()
    qtbot.waitUntil(lambda: drawing() == 0)
    for left in QApplication.topLevelWidgets():
        if isinstance(left, EnrollDialog):
            left.reject()
