"""The Export menu: what is asked, what is written, what is offered then."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from engine.gallery import Gallery
from engine.records.exports import EXPORT_KINDS, Selection
from gallery_app.app import App
from gallery_app.dialogs.export_dialog import ExportDialog
from tests.sealed import PASSPHRASE, needs_sqlcipher

pytestmark = pytest.mark.slow


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch) -> list[QUrl]:
    """What would be opened outside of the window."""
    addresses: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: addresses.append(url) or True)
    return addresses


def ask(app: App, kind: str, qtbot: QtBot) -> ExportDialog:
    app.window.menus.actions[f"export_{kind}"].trigger()

    def shown() -> list[ExportDialog]:
        everything = QApplication.topLevelWidgets()
        return [one for one in everything if isinstance(one, ExportDialog) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(shown()))
    return shown()[0]


def confirm(dialog: ExportDialog, path: Path, qtbot: QtBot) -> None:
    dialog.place.setText(str(path))
    qtbot.mouseClick(dialog.ok, Qt.MouseButton.LeftButton)


def test_the_whole_gallery_is_written_and_its_folder_can_be_shown(
    app: App, qtbot: QtBot, tmp_path: Path, visited: list[QUrl]
) -> None:
    confirm(ask(app, "npz", qtbot), tmp_path / "mine", qtbot)
    bar = app.window.message
    qtbot.waitUntil(bar.isVisible)
    assert bar.words.text() == f"Exported 6 people, 54 faces to {tmp_path / 'mine.npz'}."
    with np.load(tmp_path / "mine.npz") as archive:
        assert archive["embeddings"].shape == (54, 128)
    assert bar.button.text() == "Show folder"
    qtbot.mouseClick(bar.button, Qt.MouseButton.LeftButton)
    assert visited == [QUrl.fromLocalFile(str(tmp_path))]


def test_only_the_people_selected_in_the_list(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    people = app.window.identities.list
    people.selectionModel().clear()
    for row in (0, 2):
        index = people.model().index(row, 0)
        people.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)
    dialog = ask(app, "folder", qtbot)
    assert dialog.whole.isChecked()
    assert dialog.selected.text().replace("&", "") == "The selected people, 2 people, 18 faces"
    dialog.selected.setChecked(True)
    confirm(dialog, tmp_path / "tree", qtbot)
    qtbot.waitUntil(app.window.message.isVisible)
    names = [one.name for one in app.window.identities.selected()]
    assert sorted(one.name for one in (tmp_path / "tree").iterdir()) == sorted(
        name.replace(" ", "_") for name in names
    )


def test_a_number_typed_chooses_the_draw_by_chance(app: App, qtbot: QtBot) -> None:
    dialog = ask(app, "tensorboard", qtbot)
    assert dialog.selection() == Selection()
    dialog.people.setValue(3)
    dialog.each.setValue(4)
    dialog.seed.setValue(7)
    assert dialog.selection() == Selection(people=3, each=4, seed=7)
    dialog.reject()


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed"
)
def test_tensorboard_opens_in_the_browser_and_ends_with_the_window(
    app: App, qtbot: QtBot, tmp_path: Path, visited: list[QUrl]
) -> None:
    dialog = ask(app, "tensorboard", qtbot)
    assert dialog.open_after.isChecked()
    confirm(dialog, tmp_path / "board", qtbot)
    qtbot.waitUntil(lambda: bool(visited))
    assert visited[0].host() == "127.0.0.1"
    ((board, _),) = app.export_controller.boards
    assert board.is_running
    app.window.close()
    assert not board.is_running


class Board:
    """In place of a TensorBoard."""

    def __init__(self) -> None:
        self.address, self.is_running = "http://127.0.0.1:1/", True

    def stop(self) -> None:
        self.is_running = False


@needs_sqlcipher
@pytest.mark.parametrize("moment", ["before", "while it starts"])
def test_tensorboard_ends_where_an_encrypted_gallery_locks(
    app: App, tmp_path: Path, visited: list[QUrl], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    plain, sealed, late = Board(), Board(), []
    monkeypatch.setattr(
        "gallery_app.controllers.export_controller.exports.start_projector",
        lambda context, folder, done: late.append(done),
    )
    app.export_controller.open_in_tensorboard(tmp_path)
    late.pop()(plain)
    app.context.gallery.encrypt(PASSPHRASE)
    app.export_controller.open_in_tensorboard(tmp_path)
    if moment == "before":
        late.pop()(sealed)
        assert sealed.is_running
    app.encryption_controller.lock()
    if moment != "before":
        late.pop()(sealed)
        assert len(visited) == 1
    assert not sealed.is_running
    assert not plain.is_running  # the gallery that it shows is encrypted now
    assert app.export_controller.boards == []


def test_a_projector_folder_can_be_opened_later(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gallery_app.controllers.export_controller.missing_library", lambda: "")
    wanted: list[Path] = []
    monkeypatch.setattr(app.export_controller, "open_in_tensorboard", wanted.append)
    dialog = ask(app, "tensorboard", qtbot)
    dialog.open_after.setChecked(False)
    confirm(dialog, tmp_path / "board", qtbot)
    qtbot.waitUntil(app.window.message.isVisible)
    assert not wanted
    assert app.window.message.button.text() == "Open in TensorBoard"
    qtbot.mouseClick(app.window.message.button, Qt.MouseButton.LeftButton)
    assert wanted == [tmp_path / "board"]


def test_where_tensorboard_is_not_installed_the_command_is_there(
    app: App, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    dialog = ask(app, "tensorboard", qtbot)
    assert not dialog.open_after.isEnabled()
    assert not dialog.open_after.isChecked()
    assert "-m pip install tensorboard" in dialog.message.text()
    dialog.reject()


def test_a_report_is_of_the_whole_gallery_and_can_be_opened(
    app: App, qtbot: QtBot, tmp_path: Path, visited: list[QUrl]
) -> None:
    dialog = ask(app, "report", qtbot)
    assert not dialog.whole.isVisible()
    confirm(dialog, tmp_path / "page", qtbot)
    qtbot.waitUntil(app.window.message.isVisible)
    qtbot.mouseClick(app.window.message.button, Qt.MouseButton.LeftButton)
    assert visited == [QUrl.fromLocalFile(str(tmp_path / "page.html"))]


def test_what_is_there_is_not_overwritten(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("mine")
    confirm(ask(app, "csv", qtbot), tmp_path / "mine.csv", qtbot)
    qtbot.waitUntil(lambda: any(isinstance(w, QMessageBox) for w in QApplication.topLevelWidgets()))
    (box,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox))
    assert "already exists" in box.text() + box.informativeText()
    box.close()
    assert (tmp_path / "mine.csv").read_text() == "mine"


def test_the_place_can_be_chosen(
    app: App, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = tmp_path / "elsewhere.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(chosen), ""))
    dialog = ask(app, "csv", qtbot)
    qtbot.mouseClick(dialog.choose, Qt.MouseButton.LeftButton)
    assert dialog.path == chosen
    dialog.place.clear()
    assert not dialog.ok.isEnabled()
    dialog.reject()


def test_without_a_gallery_there_is_nothing_to_export(start, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    menus = start().window.menus
    assert not menus.export.isEnabled()
    assert not any(menus.actions[f"export_{kind}"].isEnabled() for kind in EXPORT_KINDS)


def test_that_the_files_are_in_clear_is_said_before(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ExportDialog("csv", (2, 3), [], tmp_path / "x.csv", encrypted=True)
    qtbot.addWidget(dialog)
    assert "encrypted; the export is not" in dialog.message.text()


def test_a_large_gallery_is_better_sampled(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ExportDialog("tensorboard", (9_000, 100_000), [], tmp_path / "x")
    qtbot.addWidget(dialog)
    assert "With 100,000 faces the projector is slow" in dialog.message.text()
    dialog.sample.setChecked(True)
    assert dialog.message.text().strip() == ""


def test_the_import_of_an_export_is_the_same_gallery(
    app: App, qtbot: QtBot, tmp_path: Path
) -> None:
    confirm(ask(app, "csv", qtbot), tmp_path / "table", qtbot)
    qtbot.waitUntil(app.window.message.isVisible)
    with Gallery.create_from(tmp_path / "b.gallery", [tmp_path / "table.csv"])[0] as back:
        assert back.people.counts() == app.context.gallery.people.counts()
