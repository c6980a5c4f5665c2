"""The window, driven as a person would: mouse, keyboard, drag and drop."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QClipboard, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from gallery_app.app import App
from gallery_app.dialogs.enroll_dialog import EnrollDialog
from gallery_app.dialogs.import_preview import ImportPreview
from gallery_app.dialogs.report_dialog import ReportDialog
from gallery_app.item_models.roles import WordsRole

pytestmark = pytest.mark.slow


def dialog(kind: type, qtbot: QtBot):  # type: ignore[no-untyped-def]
    """The dialog of this kind, once it is open."""

    def shown() -> list:  # type: ignore[type-arg]
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def drop(app: App, paths: list[Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(200, 200), Qt.DropAction.CopyAction, mime,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    app.window.dropEvent(event)


def ask(app: App, qtbot: QtBot, *paths: Path) -> None:
    """Drops queries and waits for the answer."""
    app.state.set_queries([])
    drop(app, list(paths))
    qtbot.waitUntil(lambda: answered(app))


def answered(app: App) -> bool:
    return app.state.query is not None and app.state.query.answer is not None


def click_identity(app: App, qtbot: QtBot, name: str) -> None:
    people = app.window.identities
    row = people.model.row_of(
        next(i.id for i in app.context.gallery.people.all() if i.name == name)
    )
    at = people.list.visualRect(people.model.index(row)).center()
    qtbot.mouseClick(people.list.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_the_gallery_opens_with_its_people_and_the_first_ones_faces(app: App) -> None:
    assert app.window.identities.model.rowCount() == 6
    assert app.window.faces.title.text() == "Tiger Woods"
    assert app.window.faces.model.rowCount() == 9
    assert "6 people · 54 faces" in app.window.left_status.text()


def test_a_click_on_a_person_shows_their_faces(app: App, qtbot: QtBot) -> None:
    click_identity(app, qtbot, "Tom Hanks")
    qtbot.waitUntil(lambda: app.window.faces.title.text() == "Tom Hanks")
    assert app.window.faces.model.rowCount() == 9


def test_search_finds_any_part_of_a_name_whatever_the_case(app: App, qtbot: QtBot) -> None:
    qtbot.keyClicks(app.window.identities.search, "hAN")
    assert app.window.identities.model.rowCount() == 1
    qtbot.keyClick(app.window.identities.search, Qt.Key.Key_Escape)
    assert app.window.identities.model.rowCount() == 6


def test_down_goes_from_the_search_to_the_people(app: App, qtbot: QtBot) -> None:
    app.window.activateWindow()
    app.window.identities.search.setFocus()
    qtbot.keyClicks(app.window.identities.search, "tom r")
    qtbot.keyClick(app.window.identities.search, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: app.window.faces.title.text() == "Tom Ridge")
    assert app.window.identities.list.selectionModel().selectedIndexes()


def test_a_search_that_finds_nobody_says_so(app: App, qtbot: QtBot) -> None:
    qtbot.keyClicks(app.window.identities.search, "zzz")
    assert app.window.identities.nobody.isVisible()


def test_a_search_with_a_slip_shows_who_is_spelled_alike(app: App, qtbot: QtBot) -> None:
    people = app.window.identities
    for slip, meant in (("tigre wods", "Tiger Woods"), ("vinus wiliams", "Venus Williams")):
        people.search.setText(slip)
        assert people.model.identity_at(0).name == meant  # type: ignore[union-attr]
        assert people.spelled_alike.isVisible()
    people.search.setText("tom")
    assert not people.spelled_alike.isVisible()
    assert people.model.rowCount() == 2


def test_a_dropped_face_of_an_enrolled_person_gets_the_name_and_its_evidence(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    panel = app.window.query
    assert panel.name.text() == "Tiger Woods"
    assert panel.verdict.text().startswith("Known")
    assert app.state.query is not None
    assert app.state.query.answer is not None
    assert {face.name for face in app.state.query.answer.evidence} == {"Tiger Woods"}


def test_a_stranger_gets_no_name(app: App, qtbot: QtBot, stranger_file: Path) -> None:
    ask(app, qtbot, stranger_file)
    assert app.window.query.verdict.text().startswith("Unknown")
    assert "Tiger" not in app.window.query.name.text()


def test_several_queries_make_a_list_to_step_through(
    app: App, qtbot: QtBot, query_file: Path, stranger_file: Path
) -> None:
    ask(app, qtbot, query_file, stranger_file)
    assert app.window.query.stepper.place.text() == "1 of 2"
    qtbot.mouseClick(app.window.query.stepper.next, Qt.MouseButton.LeftButton)
    assert app.window.query.stepper.place.text() == "2 of 2"
    assert app.window.query.verdict.text().startswith("Unknown")
    assert app.window.query.stepper.summary.text() == "1 known, 1 unknown"


def test_a_pasted_path_is_a_query(app: App, qtbot: QtBot, query_file: Path) -> None:
    QGuiApplication.clipboard().setText(str(query_file))
    app.window.faces.grid.setFocus()
    app.window.menus.actions["paste"].trigger()
    qtbot.waitUntil(lambda: answered(app))
    assert app.window.query.name.text() == "Tiger Woods"


def test_pasting_from_an_empty_clipboard_says_so(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.window.faces.grid.setFocus()
    for nothing in (QMimeData(), None):  # some platforms have no object for it
        monkeypatch.setattr(QClipboard, "mimeData", lambda *_, held=nothing: held)
        with qtbot.waitSignal(app.state.notice) as told:
            app.window.menus.actions["paste"].trigger()
        assert told.args == [
            "The clipboard contains neither a picture nor the path of an existing file."
        ]


def test_confirming_adds_the_face_and_taking_back_removes_it(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    ask(app, qtbot, query_file)
    qtbot.mouseClick(app.window.query.actions.confirm, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "55 faces" in app.window.left_status.text())
    assert len(app.context.gallery.faces.of("Tiger Woods")) == 10
    qtbot.mouseClick(app.window.query.actions.undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "54 faces" in app.window.left_status.text())
    assert len(app.context.gallery.faces.of("Tiger Woods")) == 9


def test_a_person_enrolled_from_a_query_is_found_at_once_and_after_a_restart(
    app: App, qtbot: QtBot, stranger_file: Path, gallery_folder: Path
) -> None:
    ask(app, qtbot, stranger_file)
    qtbot.mouseClick(app.window.query.actions.enroll, Qt.MouseButton.LeftButton)
    enroll = dialog(EnrollDialog, qtbot)
    qtbot.keyClicks(enroll.name, "Winona Ryder")
    qtbot.mouseClick(enroll.ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "7 people · 55 faces" in app.window.left_status.text())
    ask(app, qtbot, stranger_file.with_name("Winona_Ryder_0002.npy"))
    assert app.state.query is not None
    assert app.state.query.answer is not None
    assert app.state.query.answer.candidates[0].name == "Winona Ryder"
    app.window.close()
    with Gallery.open(gallery_folder) as reopened:
        assert len(reopened.faces.of("Winona Ryder")) == 1


def test_the_enroll_dialog_warns_of_faces_that_look_like_somebody_else(
    app: App, qtbot: QtBot, query_file: Path
) -> None:
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    assert not enroll.ok.isEnabled()
    enroll.add_files([query_file])
    qtbot.keyClicks(enroll.name, "Venus Williams")
    qtbot.waitUntil(lambda: "Tiger Woods" in enroll.warnings.text())
    enroll.reject()
    assert len(app.context.gallery.faces.of("Venus Williams")) == 9


def test_the_enroll_dialog_lists_a_file_it_cannot_use(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    bad = tmp_path / "short.npy"
    np.save(bad, np.ones(64, dtype=np.float32))
    app.window.menus.actions["enroll"].trigger()
    enroll = dialog(EnrollDialog, qtbot)
    enroll.add_files([bad])
    qtbot.waitUntil(lambda: enroll.model.rowCount() == 1)
    listed = enroll.model.index(0)
    assert listed.data() == "short.npy"
    assert "64 numbers" in listed.data(WordsRole)
    assert not enroll.ok.isEnabled()
    enroll.reject()


def test_a_selected_face_shows_its_file_date_and_nearest_people(app: App, qtbot: QtBot) -> None:
    grid = app.window.faces.grid
    at = grid.visualRect(app.window.faces.model.index(2)).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
    details = app.window.faces.details
    qtbot.waitUntil(lambda: details.nearest[0].isVisible())
    assert "Tiger_Woods_0003.npy" in details.file.text()
    assert "Tiger Woods" in details.nearest[0].text()


def test_enter_on_a_face_asks_who_it_is_with_itself_left_out(app: App, qtbot: QtBot) -> None:
    grid = app.window.faces.grid
    app.window.activateWindow()
    grid.setFocus()
    grid.setCurrentIndex(app.window.faces.model.index(0))
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: answered(app))
    query = app.state.query
    assert query is not None
    assert query.answer is not None
    assert query.face not in {face.face for face in query.answer.evidence}


def test_a_bad_query_is_told_in_one_message_that_names_the_file(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    bad = tmp_path / "notes.npy"
    bad.write_text("not a vector at all")
    drop(app, [bad])
    box = dialog(QMessageBox, qtbot)
    assert "notes.npy" in box.text() + box.informativeText()
    box.close()


def test_a_stricter_setting_is_remembered(
    app: App, qtbot: QtBot, start: Callable[..., App]
) -> None:
    slider = app.window.query.strictness.slider
    slider.setValue(slider.maximum())
    assert app.state.fpir == pytest.approx(0.001)
    app.window.close()
    again = start(None)
    assert again.state.fpir == pytest.approx(0.001)


def test_a_second_window_reads_and_says_so(
    app: App, qtbot: QtBot, start: Callable[..., App], gallery_folder: Path
) -> None:
    second = start(gallery_folder)
    qtbot.waitUntil(lambda: second.window.faces.model.rowCount() > 0)
    assert "read-only" in second.window.left_status.text()
    assert second.window.message.isVisible()
    assert not second.window.menus.actions["enroll"].isEnabled()


def test_the_welcome_page_offers_recent_galleries(
    app: App, qtbot: QtBot, gallery_folder: Path
) -> None:
    app.window.menus.actions["close"].trigger()
    qtbot.waitUntil(lambda: app.window.welcome.isVisible())
    app.window.welcome.recent_requested.emit(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)


def test_a_folder_of_faces_is_imported_into_a_gallery_of_its_own(
    start: Callable[..., App], qtbot: QtBot, small_tree: Path, home: Path
) -> None:
    app = start(small_tree)
    offer = dialog(QMessageBox, qtbot)
    qtbot.mouseClick(offer.defaultButton(), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: app.window.identities.model.rowCount() == 6)
    assert (home / "people.gallery" / "gallery.db").is_file()


def test_an_import_with_a_bad_file_lists_it_and_takes_the_rest(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    person = tmp_path / "more" / "Serena_Williams"
    person.mkdir(parents=True)
    np.save(person / "good.npy", np.load(DATA_FACE))
    (person / "bad.npy").write_bytes(b"\x93NUMPY\x01\x00")
    app.menu_controller.preview([tmp_path / "more"])
    qtbot.mouseClick(dialog(ImportPreview, qtbot).ok, Qt.MouseButton.LeftButton)
    report = dialog(ReportDialog, qtbot)
    assert "1 face added" in report.windowTitle() + _texts(report)
    assert "bad.npy" in _texts(report)
    report.close()


def _texts(report: ReportDialog) -> str:
    from PySide6.QtWidgets import QLabel, QTableWidget

    labels = [label.text() for label in report.findChildren(QLabel)]
    cells = [
        table.item(row, 0).text()
        for table in report.findChildren(QTableWidget)
        for row in range(table.rowCount())
    ]
    return "\n".join(labels + cells)


DATA_FACE = Path(__file__).resolve().parents[2] / "data/Serena_Williams/Serena_Williams_0001.npy"


def test_nothing_runs_and_no_thread_is_left_after_the_window_closes(app: App, qtbot: QtBot) -> None:
    import threading

    app.window.close()
    left = {thread.name for thread in threading.enumerate()}
    assert not left & {"pictures", "index-builder"}
    assert not any(name.startswith(("question", "change")) for name in left)


def test_a_gallery_that_lost_its_index_says_once_that_it_was_rebuilt(
    start: Callable[..., App], qtbot: QtBot, gallery_folder: Path, query_file: Path
) -> None:
    shutil.rmtree(gallery_folder / "index")
    app = start(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    ask(app, qtbot, query_file)
    assert app.window.query.name.text() == "Tiger Woods"
    qtbot.waitUntil(lambda: app.window.message.isVisible())
    app.window.close()
    again = start(gallery_folder)
    qtbot.waitUntil(lambda: again.window.faces.model.rowCount() > 0)
    ask(again, qtbot, query_file)
    assert not again.window.message.isVisible()


def test_asking_twice_to_open_a_gallery_opens_it_once_for_writing(
    start: Callable[..., App], qtbot: QtBot, gallery_folder: Path
) -> None:
    app = start(gallery_folder)
    app.open(gallery_folder)
    qtbot.waitUntil(lambda: app.window.faces.model.rowCount() > 0)
    app.open(gallery_folder)
    qtbot.wait(100)
    assert app.context.gallery.writable


def test_the_menu_only_offers_what_can_be_done(app: App, qtbot: QtBot, query_file: Path) -> None:
    actions = app.window.menus.actions
    assert not actions["confirm"].isEnabled()
    ask(app, qtbot, query_file)
    assert actions["confirm"].isEnabled()
    assert app.window.mapToGlobal(QPoint(0, 0)) is not None


def test_a_face_is_added_to_the_query_that_was_confirmed_whatever_is_shown_meanwhile(
    app: App, qtbot: QtBot, query_file: Path, stranger_file: Path
) -> None:
    ask(app, qtbot, query_file)
    confirmed = app.state.query
    app.window.query.actions.confirmed.emit("Tiger Woods")
    ask(app, qtbot, stranger_file)
    qtbot.waitUntil(lambda: "55 faces" in app.window.left_status.text())
    assert app.state.query is not confirmed
    assert app.state.query is not None
    assert app.state.query.added_to == ""


def test_a_folder_without_vectors_is_told(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    drop(app, [tmp_path / "nothing"])
    box = dialog(QMessageBox, qtbot)
    assert "neither photographs nor embeddings" in box.text()
    box.close()


def test_an_unknown_theme_in_the_settings_does_not_keep_the_window_from_opening(
    start: Callable[..., App], home: Path
) -> None:
    (home / "window.ini").write_text("[look]\ntheme=blue\n[identify]\nfpir=5\n")
    app = start(None)
    assert app.window.isVisible()
    assert app.state.fpir == pytest.approx(0.1)
